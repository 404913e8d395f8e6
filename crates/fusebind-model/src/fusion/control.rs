//! What masked attention is compared with: late concatenation, and values imputed for missing modalities.
//!
//! Late concatenation: `e = W [p_1 norm(x_1); ..; p_M norm(x_M)] + b`. Imputed: `z_m = p_m norm(x_m) + (1 - p_m) i_m` with `i_m` zero, the
//! mean of those of the batch that have `m`, or their mean weighted by `exp((cos - 1) / tau)` of the normalised structures (soft nearest
//! neighbours), attended to as if it were there. The last two depend on the company in a batch, unlike what predictions are made with.
//! Same input and output as [`super::entity`].

use burn::{
    nn::Linear,
    tensor::{Tensor, TensorData},
};

use super::entity::{Absent, Attention, EntityFusion, Fused, Part};
use crate::layer::dense::dense;

/// Temperature of the neighbours that impute.
const NEIGHBOUR_TEMPERATURE: f32 = 0.05;

/// Fuses the modalities of entities as the configuration of `fusion` says, by masked attention unless it is a control.
pub fn fuse(fusion: &EntityFusion, parts: Vec<Part>) -> Fused {
    match (&fusion.concatenation, fusion.absent) {
        (Some(linear), _) => concatenate(fusion, linear, parts),
        (None, Absent::Zero | Absent::Mean | Absent::Knn) if !fusion.scores.is_empty() => impute(fusion, parts),
        (None, _) => fusion.forward(parts),
    }
}

/// Late concatenation; every modality weighs the same.
fn concatenate(fusion: &EntityFusion, linear: &Linear, parts: Vec<Part>) -> Fused {
    let (rows, device) = (parts[0].embedding.dims()[0], parts[0].embedding.device());
    let count = parts.len();
    let masked = parts.into_iter().zip(&fusion.norms).map(|(part, norm)| {
        let here = TensorData::new(part.shares(), [rows, 1]);
        norm.forward(part.embedding) * Tensor::<2>::from_data(here, &device)
    });
    let all = masked.collect();
    Fused {
        embedding: dense(Tensor::cat(all, 1), linear), // [B, M D] to [B, D]
        weights: Tensor::full([rows, count], 1.0 / count as f32, &device),
    }
}

/// Attention over modalities of which the missing ones are imputed.
fn impute(fusion: &EntityFusion, parts: Vec<Part>) -> Fused {
    let mut structure: Option<Tensor<2>> = None;
    let mut attention = Attention::default();
    for (m, part) in parts.into_iter().enumerate() {
        let shares = part.shares();
        let normed = fusion.norms[m].forward(part.embedding);
        let structure = structure.get_or_insert_with(|| normed.clone());
        let state = if shares.iter().all(|share| *share == 1.0) {
            normed
        } else {
            let (rows, device) = (normed.dims()[0], normed.device());
            let here = Tensor::<2>::from_data(TensorData::new(shares, [rows, 1]), &device);
            let gone = here.clone().neg().add_scalar(1.0); // [B, 1]
            let imputed = imputed(fusion.absent, &normed, &here, structure);
            normed * here + gone * imputed
        };
        let score = dense(state.clone(), &fusion.scores[m]);
        attention.add(state, score);
    }
    attention.finish()
}

/// What replaces a modality where `here`, `[B, 1]`, is 0; `structure` are the normalised structures.
fn imputed(absent: Absent, normed: &Tensor<2>, here: &Tensor<2>, structure: &Tensor<2>) -> Tensor<2> {
    let mass = || here.clone().sum().clamp_min(1e-6).unsqueeze::<2>(); // [1, 1]
    match absent {
        Absent::Masked | Absent::Zero => normed.zeros_like(),
        Absent::Mean => (normed.clone() * here.clone()).sum_dim(0) / mass() + normed.zeros_like(), // [B, D]
        Absent::Knn => {
            let squares = structure.clone() * structure.clone();
            let length = squares.sum_dim(1).add_scalar(1e-8).sqrt();
            let unit = structure.clone().detach() / length.detach();
            let cosines = unit.clone().matmul(unit.transpose()).sub_scalar(1.0); // [B, B]
            let weights = (cosines / NEIGHBOUR_TEMPERATURE).exp() * here.clone().transpose();
            let mass = weights.clone().sum_dim(1).add_scalar(1e-6);
            weights.matmul(normed.clone()) / mass // [B, D]
        }
    }
}
