//! Heads: a pair embedding to an affinity (standardised, one column per scale) and a binding logit.
//!
//! Comes in: `[P, H]`. Goes out: [`Output`]. Label scaling belongs to the run, not to the model: the affinity columns are
//! in standardised units.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, layer::dense::dense};

/// Which heads a model has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeadConfig {
    /// Number of affinity scales, one column each; 0 for none.
    pub affinities: usize,
    /// Whether there is a binding head.
    pub binding: bool,
}

impl Default for HeadConfig {
    fn default() -> Self {
        Self {
            affinities: 1,
            binding: true,
        }
    }
}

impl HeadConfig {
    /// Refuses a model without a head.
    pub fn check(&self) -> Result<(), Error> {
        if self.affinities == 0 && !self.binding {
            return Err(Error::new(
                ErrorKind::Config,
                "heads: neither an affinity nor a binding head is asked for",
            ));
        }
        Ok(())
    }

    /// Heads over pair embeddings of `channels` channels.
    pub fn init(&self, dim: usize, device: &Device) -> Heads {
        Heads {
            affinity: (self.affinities > 0).then(|| LinearConfig::new(dim, self.affinities).init(device)),
            binding: self.binding.then(|| LinearConfig::new(dim, 1).init(device)),
        }
    }
}

/// The heads of a model.
#[derive(Module, Debug)]
pub struct Heads {
    affinity: Option<Linear>,
    binding: Option<Linear>,
}

/// Outputs of a model for the pairs of a batch.
#[derive(Clone, Debug)]
pub struct Output {
    /// Standardised affinity per scale, `[P, scales]`.
    pub affinity: Option<Tensor<2>>,
    /// Binding logit, `[P]`.
    pub binding: Option<Tensor<1>>,
}

impl Heads {
    /// The affinity head and the binding head, those that exist.
    pub(crate) fn layers(&self) -> impl Iterator<Item = &Linear> {
        self.affinity.iter().chain(&self.binding)
    }

    /// Number of affinity columns, and whether there is a binding logit.
    pub(crate) fn shape(&self) -> (usize, bool) {
        let columns = self.affinity.as_ref().map_or(0, |head| head.weight.val().dims()[1]);
        (columns, self.binding.is_some())
    }

    /// Reads pair embeddings `[P, H]`.
    pub fn forward(&self, pairs: Tensor<2>) -> Output {
        Output {
            affinity: self.affinity.as_ref().map(|head| dense(pairs.clone(), head)),
            binding: self
                .binding
                .as_ref()
                .map(|head| dense(pairs.clone(), head).squeeze_dim::<1>(1)),
        }
    }
}
