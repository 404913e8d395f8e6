//! A dot product beside the interaction: one unit vector per drug and per target. The contrastive loss aligns them; screening does not use them, since
//! the heads may learn either sign for the cosine ([`crate::retrieval`] ranks by codes that are fitted to the whole model).
//!
//! `r = V e / |V e|` for entity embeddings `e`; the heads read `8 r_d . r_t`. Trained beside the interaction with a loss of
//! its own. Comes in: `[Bd, D]`, `[Bt, D]` and index pairs. Goes out: [`Output`].

use std::sync::Arc;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::{
    head::{HeadConfig, Heads, Output},
    layer::{
        dense::dense,
        matmul::{Matrix, Onto, product},
        pair::{Pairs, pair_dot},
    },
};

/// Sharpens a cosine so that heads of ordinary size can read it.
const SHARPNESS: f64 = 8.0;

/// Configuration of [`Retrieval`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetrievalConfig {
    /// Channels of a retrieval vector; 0 switches it off.
    pub dim: usize,
}

impl Default for RetrievalConfig {
    fn default() -> Self {
        Self { dim: 64 }
    }
}

impl RetrievalConfig {
    /// Vectors over entity embeddings of `width` channels.
    pub fn init(&self, width: usize, heads: &HeadConfig, device: &Device) -> Option<Retrieval> {
        let entity = || LinearConfig::new(width, self.dim).init(device);
        (self.dim > 0).then(|| Retrieval {
            drug: entity(),
            target: entity(),
            heads: heads.init(1, device),
        })
    }
}

/// Retrieval vectors, see the file's header.
#[derive(Module, Debug)]
pub struct Retrieval {
    drug: Linear,
    target: Linear,
    heads: Heads,
}

fn unit(x: Tensor<2>) -> Tensor<2> {
    let norm = (x.clone() * x.clone()).sum_dim(1).add_scalar(1e-8).sqrt(); // [B, 1]
    x / norm
}

impl Retrieval {
    /// Unit vectors of drugs, `[Bd, R]`.
    pub fn drugs(&self, embeddings: Tensor<2>) -> Tensor<2> {
        unit(dense(embeddings, &self.drug))
    }

    /// Unit vectors of targets, `[Bt, R]`.
    pub fn targets(&self, embeddings: Tensor<2>) -> Tensor<2> {
        unit(dense(embeddings, &self.target))
    }

    /// Outputs of the dot products alone for index pairs.
    pub fn score(&self, drugs: Tensor<2>, targets: Tensor<2>, pairs: &Arc<Pairs>) -> Output {
        let cosine = pair_dot(self.drugs(drugs), self.targets(targets), pairs); // [P, 1]
        self.heads.forward(cosine.mul_scalar(SHARPNESS))
    }
}

/// Cosines of all drugs with all targets from their retrieval vectors, `[Bd, R]` and `[Bt, R]`: `[Bd, Bt]`.
pub fn cosines(drugs: &[f32], targets: &[f32], dim: usize) -> Vec<f32> {
    let mut out = vec![0.0; (drugs.len() / dim) * (targets.len() / dim)];
    let targets = Matrix::new(targets, dim).transposed();
    product(Matrix::new(drugs, dim), targets, &mut out, Onto::Nothing);
    out
}
