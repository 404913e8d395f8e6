//! AdamW with an exponential moving average of the weights, in one pass over each parameter.
//!
//! `m <- b1 m + (1 - b1) g`, `v <- b2 v + (1 - b2) g^2`,
//! `w <- w (1 - lr d) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)` (Loshchilov & Hutter 2019, arXiv:1711.05101),
//! then `a <- a + (1 - k) (w - a)` with `k = min(decay, (1 + t) / (10 + t))`, so that early averages are not held back by
//! the initial weights. Matrices decay; gains, shifts and biases do not. The framework's optimizer keeps its state under
//! identifiers that change between processes; this one keeps it under parameter paths, which is what makes a resumed run
//! bit-identical, and it touches each value once.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{Tensor, TensorData},
};
use fusebind_features::vectorised;
use fusebind_model::checkpoint::{Archive, Array};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// Configuration of [`AdamW`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWConfig {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Decoupled weight decay of matrices.
    pub weight_decay: f32,
    /// Decay of the averaged weights; 0 keeps the average equal to the weights.
    pub average: f32,
    /// Largest Euclidean norm of the whole gradient; 0 for no limit.
    pub clip: f32,
    /// Factor of the learning rate for the neighbour head, a small network that the rate of a large one would leave underfitted.
    pub neighbour_head: f32,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
            average: 0.99,
            clip: 5.0,
            neighbour_head: 5.0,
        }
    }
}

impl AdamWConfig {
    /// Refuses what makes no optimizer.
    pub fn check(&self) -> Result<(), Error> {
        let unit = [("beta1", self.beta1), ("beta2", self.beta2), ("average", self.average)];
        if let Some((name, value)) = unit.into_iter().find(|(_, v)| !(0.0..1.0).contains(v)) {
            return Err(Error::new(
                ErrorKind::Recipe,
                format!("optimizer: `{name}` = {value} must lie in [0, 1)"),
            ));
        }
        if !(self.epsilon > 0.0 && self.weight_decay >= 0.0 && self.clip >= 0.0 && self.neighbour_head > 0.0) {
            return Err(Error::new(
                ErrorKind::Recipe,
                "optimizer: `epsilon` and `neighbour_head` must be above 0, `weight_decay` and `clip` must not be negative",
            ));
        }
        Ok(())
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct State {
    shape: Vec<usize>,
    first: Vec<f32>,
    second: Vec<f32>,
    average: Vec<f32>,
}

/// Optimizer state of one run.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    step: u64,
    states: BTreeMap<String, State>,
}

impl AdamW {
    /// A fresh optimizer.
    pub fn new(config: AdamWConfig) -> Self {
        Self {
            config,
            step: 0,
            states: BTreeMap::new(),
        }
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Moves `model` against `grads` at learning rate `rate`.
    ///
    /// Weights are updated in place where `model` is their only owner.
    pub fn step<M: Module>(&mut self, model: M, grads: GradientsParams, rate: f64) -> M {
        self.step += 1;
        let grads = Gradients::of(&model, grads);
        let time = self.step as i32;
        let average = self
            .config
            .average
            .min((1.0 + self.step as f32) / (10.0 + self.step as f32));
        let clip = match self.config.clip {
            0.0 => 1.0,
            limit => (limit / grads.norm()).min(1.0),
        };
        let update = Update {
            rate: rate as f32,
            clip,
            correction1: 1.0 - self.config.beta1.powi(time),
            correction2: 1.0 - self.config.beta2.powi(time),
            average: if self.config.average == 0.0 { 0.0 } else { average },
        };
        model.map(&mut Stepper {
            optimizer: self,
            grads: grads.0.into_iter(),
            update,
            path: Vec::new(),
        })
    }

    /// Averaged weights under the paths of the parameters.
    pub fn averages(&self) -> Archive {
        let arrays = self
            .states
            .iter()
            .map(|(path, s)| {
                (
                    path.clone(),
                    Array {
                        shape: s.shape.clone(),
                        values: s.average.clone(),
                    },
                )
            })
            .collect();
        Archive {
            arrays,
            ..Archive::default()
        }
    }

    /// The whole state as named arrays; the step count travels beside it.
    pub fn save(&self) -> Archive {
        let mut archive = Archive::default();
        for (path, state) in &self.states {
            let parts = [
                ("first", &state.first),
                ("second", &state.second),
                ("average", &state.average),
            ];
            for (part, values) in parts {
                let array = Array {
                    shape: state.shape.clone(),
                    values: values.clone(),
                };
                archive.arrays.insert(format!("{part}/{path}"), array);
            }
        }
        archive.metadata.insert("step".into(), self.step.to_string());
        archive
    }

    /// Restores what [`AdamW::save`] wrote.
    pub fn restore(config: AdamWConfig, archive: &Archive) -> Result<Self, Error> {
        let damaged = || {
            Error::new(
                ErrorKind::Run,
                "the optimizer state is damaged: start the run anew without --resume",
            )
        };
        let step = archive
            .metadata
            .get("step")
            .and_then(|s| s.parse().ok())
            .ok_or_else(damaged)?;
        let mut states: BTreeMap<String, State> = BTreeMap::new();
        for (name, array) in &archive.arrays {
            let (part, path) = name.split_once('/').ok_or_else(damaged)?;
            let state = states.entry(path.to_string()).or_default();
            state.shape.clone_from(&array.shape);
            match part {
                "first" => state.first.clone_from(&array.values),
                "second" => state.second.clone_from(&array.values),
                "average" => state.average.clone_from(&array.values),
                _ => return Err(damaged()),
            }
        }
        let whole = |s: &State| s.first.len() == s.second.len() && s.second.len() == s.average.len();
        if states.values().all(whole) {
            Ok(Self { config, step, states })
        } else {
            Err(damaged())
        }
    }
}

/// The gradient of each parameter in the order of the model's parameters; `None` where none arrived.
struct Gradients(Vec<Option<Vec<f32>>>);

impl Gradients {
    fn of<M: Module>(model: &M, grads: GradientsParams) -> Self {
        struct Collector(GradientsParams, Vec<Option<Vec<f32>>>);
        impl ModuleVisitor for Collector {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let grad = self.0.remove::<D>(param.id);
                let values = grad.map(|g| g.into_data().try_into_vec::<f32>().expect("gradients are f32"));
                self.1.push(values);
            }
        }
        let mut collector = Collector(grads, Vec::new());
        model.visit(&mut collector);
        Self(collector.1)
    }

    /// Euclidean norm of all, summed over blocks of fixed size in fixed order, so that it does not depend on the number of threads.
    fn norm(&self) -> f32 {
        let blocks: Vec<f64> = (self.0.par_iter().flatten())
            .flat_map_iter(|values| values.chunks(BLOCK))
            .map(|block| {
                let mut lanes = [0.0f32; 16];
                for values in block.chunks(16) {
                    lanes.iter_mut().zip(values).for_each(|(lane, v)| *lane += v * v);
                }
                f64::from(lanes.iter().sum::<f32>())
            })
            .collect();
        blocks.iter().sum::<f64>().sqrt() as f32
    }
}

/// Path of the neighbour head.
const NEIGHBOUR_HEAD: &str = "neighbours.neighbour_head.";

const BLOCK: usize = 16 * 1024;

struct Update {
    rate: f32,
    clip: f32,
    correction1: f32,
    correction2: f32,
    average: f32,
}

struct Stepper<'a> {
    optimizer: &'a mut AdamW,
    grads: std::vec::IntoIter<Option<Vec<f32>>>,
    update: Update,
    path: Vec<String>,
}

impl ModuleMapper for Stepper<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(grad) = self.grads.next().flatten() else {
            return param;
        };
        let path = self.path.join(".");
        let AdamW { config, states, .. } = &mut *self.optimizer;
        let update = &self.update;
        let rate = update.rate
            * if path.starts_with(NEIGHBOUR_HEAD) {
                config.neighbour_head
            } else {
                1.0
            };
        param.map(|tensor| {
            let device = tensor.device();
            let shape = tensor.dims();
            let mut weights = tensor
                .inner()
                .into_data()
                .try_into_vec::<f32>()
                .expect("parameters are f32");
            let state = states.entry(path).or_insert_with(|| State {
                shape: shape.to_vec(),
                first: vec![0.0; weights.len()],
                second: vec![0.0; weights.len()],
                average: weights.clone(),
            });
            let decay = if D > 1 { 1.0 - rate * config.weight_decay } else { 1.0 };
            weights
                .par_chunks_mut(BLOCK)
                .zip(grad.par_chunks(BLOCK))
                .zip(state.first.par_chunks_mut(BLOCK))
                .zip(state.second.par_chunks_mut(BLOCK))
                .zip(state.average.par_chunks_mut(BLOCK))
                .for_each(|((((w, g), m), v), a)| {
                    let count = w.len();
                    let (g, m, v, a) = (&g[..count], &mut m[..count], &mut v[..count], &mut a[..count]);
                    vectorised!(|| {
                        for i in 0..count {
                            let g = g[i] * update.clip;
                            m[i] = config.beta1 * m[i] + (1.0 - config.beta1) * g;
                            v[i] = config.beta2 * v[i] + (1.0 - config.beta2) * g * g;
                            let root = (v[i] / update.correction2).sqrt() + config.epsilon;
                            w[i] = w[i] * decay - rate * (m[i] / update.correction1) / root;
                            a[i] += (1.0 - update.average) * (w[i] - a[i]);
                        }
                    });
                });
            Tensor::from_data(TensorData::new(weights, shape), &device).require_grad()
        })
    }
}
