//! Named tensors on disk: safetensors (no code in weights), with metadata, written whole or not at all.
//!
//! Comes in: a module, or named arrays. Goes out: a file whose tensors carry the paths of the module's parameters.

mod reference;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::Write,
    path::Path,
};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Tensor, TensorData},
};
use fusebind_features::atomic::write_atomically;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{Error, ErrorKind};

pub use reference::{save_reference, take_reference};

/// One named array.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Shape.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Vec<f32>,
}

/// Named arrays with string metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Archive {
    /// Arrays by name.
    pub arrays: BTreeMap<String, Array>,
    /// Whole numbers by name, each a list.
    pub indices: BTreeMap<String, Vec<u32>>,
    /// Metadata, for instance the model's configuration.
    pub metadata: BTreeMap<String, String>,
}

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
                    "{} arrays belong to no parameter of this model: the checkpoint is of another configuration",
                    self.arrays.len() - writer.used
                ),
            ));
        }
        Ok(module)
    }

    /// Writes the archive to `path`: a temporary file beside it, flushed, then renamed.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let floats = self.arrays.iter().map(|(name, array)| {
            let bytes: Vec<u8> = array.values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name, Dtype::F32, array.shape.clone(), bytes)
        });
        let integers = self.indices.iter().map(|(name, values)| {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name, Dtype::U32, vec![values.len()], bytes)
        });
        let all: Vec<(&String, Dtype, Vec<usize>, Vec<u8>)> = floats.chain(integers).collect();
        let views = all
            .iter()
            .map(|(name, dtype, shape, data)| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), data)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|e| Error::new(ErrorKind::Checkpoint, format!("cannot be serialised: {e}")).about(path))?;
        // One metadata key only: the format keeps metadata in a hash map, and files must not depend on its order.
        let metadata = serde_json::to_string(&self.metadata).expect("a map of strings is valid JSON");
        let metadata = HashMap::from([("fusebind".to_string(), metadata)]);
        let data = safetensors::serialize(views, Some(metadata))
            .map_err(|e| Error::new(ErrorKind::Checkpoint, format!("cannot be serialised: {e}")).about(path))?;
        write_whole(path, &data)
    }

    /// Reads an archive; a damaged file is refused with its reason.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let io = |e: std::io::Error| Error::new(ErrorKind::Io, format!("cannot be read: {e}")).about(path);
        let bytes = fs::read(path).map_err(io)?;
        let damaged = |reason: String| {
            Error::new(
                ErrorKind::Checkpoint,
                format!("is damaged or no safetensors file ({reason}): copy it again or train again"),
            )
            .about(path)
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(e.to_string()))?;
        let metadata = match header.metadata().as_ref().and_then(|m| m.get("fusebind")) {
            Some(text) => serde_json::from_str(text).map_err(|e| damaged(e.to_string()))?,
            None => BTreeMap::new(),
        };
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
        let (mut arrays, mut indices) = (BTreeMap::new(), BTreeMap::new());
        for (name, view) in tensors.iter() {
            let words = view.data().chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]]);
            if view.dtype() == Dtype::U32 {
                indices.insert(name.to_string(), words.map(u32::from_le_bytes).collect());
                continue;
            }
            if view.dtype() != Dtype::F32 {
                return Err(damaged(format!("array `{name}` is neither of type f32 nor u32")));
            }
            let values: Vec<f32> = words.map(f32::from_le_bytes).collect();
            if values.iter().any(|v| !v.is_finite()) {
                return Err(damaged(format!("array `{name}` holds values that are not finite")));
            }
            arrays.insert(
                name.to_string(),
                Array {
                    shape: view.shape().to_vec(),
                    values,
                },
            );
        }
        Ok(Self {
            arrays,
            indices,
            metadata,
        })
    }
}

/// Writes `bytes` to `path` whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_atomically(path, |file| file.write_all(bytes))
        .map_err(|e| Error::new(ErrorKind::Io, format!("cannot be written: {e}")).about(path))
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
        let expected = param.val().dims();
        match self.archive.arrays.get(&name) {
            Some(array) if array.shape == expected => {
                self.used += 1;
                param.map(|tensor| {
                    let device = tensor.device();
                    let tracked = tensor.is_require_grad();
                    let data = TensorData::new(array.values.clone(), array.shape.clone());
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
