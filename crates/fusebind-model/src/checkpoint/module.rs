//! The parameters of a module as named arrays, and back.
//!
//! Comes in: a module, or an [`Archive`] and a module. Goes out: an archive whose arrays carry the paths of the parameters, or the
//! module with these values. A parameter that is not drawn yet is never drawn for this.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Tensor, TensorData},
};

use super::archive::{Archive, Array};
use crate::{Error, ErrorKind};

impl Archive {
    /// Copies every parameter of `module`, named by its path.
    pub fn of<M: Module>(module: &M) -> Self {
        let mut reader = Reader::default();
        module.visit(&mut reader);
        Self {
            arrays: reader.arrays,
            ..Self::default()
        }
    }

    /// Writes every parameter of `module`; each must be here under its path and with its shape.
    pub fn load_into<M: Module>(&self, module: M) -> Result<M, Error> {
        let mut writer = Writer {
            archive: self,
            path: Vec::new(),
            problem: None,
            used: 0,
        };
        let module = module.map(&mut writer);
        if let Some(problem) = writer.problem {
            return Err(Error::new(ErrorKind::Checkpoint, problem));
        }
        if writer.used != self.arrays.len() {
            return Err(Error::new(
                ErrorKind::Checkpoint,
                format!(
                    "{} arrays of section `weights` belong to no parameter of this model: the checkpoint is of another configuration",
                    self.arrays.len() - writer.used
                ),
            ));
        }
        Ok(module)
    }
}

#[derive(Default)]
struct Reader {
    path: Vec<String>,
    arrays: BTreeMap<String, Array>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.arrays.insert(self.path.join("."), array(param.val()));
    }
}

/// Copies a tensor to the host.
pub fn array<const D: usize>(tensor: Tensor<D>) -> Array {
    let data = tensor.into_data();
    let shape = data.shape().to_vec();
    let values = data.try_into_vec::<f32>().expect("parameters are f32");
    Array { shape, values }
}

struct Writer<'a> {
    archive: &'a Archive,
    path: Vec<String>,
    problem: Option<String>,
    used: usize,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        // The shape is known before the parameter is drawn: what does not fit is refused before memory is taken for it.
        let expected = param.lazy_shape().to_vec();
        match self.archive.arrays.get(&name) {
            Some(array) if array.shape == expected => {
                self.used += 1;
                let data = TensorData::new(array.values.clone(), array.shape.clone());
                if !param.is_initialized() {
                    let tensor = Tensor::from_data(data, &param.lazy_device());
                    let id = param.id;
                    return param.transform_for_load(tensor, id);
                }
                param.map(|tensor| {
                    let device = tensor.device();
                    let tracked = tensor.is_require_grad();
                    Tensor::from_data(data, &device).set_require_grad(tracked)
                })
            }
            found => {
                let reason = match found {
                    Some(array) => format!("parameter `{name}` has shape {:?}, not {expected:?}", array.shape),
                    None => format!("parameter `{name}` is missing"),
                };
                self.problem.get_or_insert(format!(
                    "{reason}: the checkpoint is of another configuration or version"
                ));
                param
            }
        }
    }
}
