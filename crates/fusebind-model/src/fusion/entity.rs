//! Fusion of the modalities of one entity: masked attention, channel by channel, with a learned token for what is absent.
//!
//! For modality `m` with embedding `x_m` and presence `p_m`: `z_m = p_m norm(x_m) + (1 - p_m) t_m` with a learned token
//! `t_m`; scores `s_m = p_m (W_m z_m + b_m) + (1 - p_m) u_m` with a learned score `u_m`; `e = sum exp(s_m) z_m / sum
//! exp(s_m)`. A present modality that is trusted by `w_m <= 1` has `ln w_m` added to its scores. The content of an absent
//! modality has no effect at all. With one modality `e = norm(x)`. Comes in: `M` embeddings `[B, D]`, what is present and how
//! much it is trusted. Goes out: `[B, D]`, and how much each modality weighs.

use burn::{
    module::{Initializer, Module, Param},
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};

use crate::layer::{norm::LayerNorm, pool::SCORE_BOUND};

/// Score of an absent modality at the start: it weighs little until there is reason.
const ABSENT_SCORE: f64 = -2.0;

/// Trust below this is no less: what is present keeps a gradient.
const LEAST_TRUST: f32 = 1e-2;

/// One modality of the entities of a batch.
#[derive(Clone, Debug)]
pub struct Part {
    /// Embedding, `[B, D]`.
    pub embedding: Tensor<2>,
    /// 1 where the modality is present, else 0, `[B]`.
    pub present: Vec<f32>,
    /// Trust in it, `[B]`.
    pub trust: Vec<f32>,
}

/// Fuses modalities, see the file's header.
#[derive(Module, Debug)]
pub struct EntityFusion {
    norms: Vec<LayerNorm>,
    scores: Vec<Linear>,
    tokens: Vec<Param<Tensor<1>>>,
    absent_scores: Vec<Param<Tensor<1>>>,
}

/// An entity embedding and the weight of each modality in it.
#[derive(Clone, Debug)]
pub struct Fused {
    /// Embedding, `[B, D]`.
    pub embedding: Tensor<2>,
    /// Mean attention of each modality over the channels, `[B, M]`; rows add up to 1.
    pub weights: Tensor<2>,
}

impl EntityFusion {
    /// Fusion of `modalities` embeddings of `width` channels.
    pub fn new(modalities: usize, width: usize, device: &Device) -> Self {
        let many = if modalities > 1 { modalities } else { 0 };
        let token = |initializer: Initializer| (0..many).map(|_| initializer.init([width], device)).collect();
        Self {
            norms: (0..modalities).map(|_| LayerNorm::new(width, device)).collect(),
            scores: (0..many)
                .map(|_| LinearConfig::new(width, width).init(device))
                .collect(),
            tokens: token(Initializer::Normal { mean: 0.0, std: 0.1 }),
            absent_scores: token(Initializer::Constant { value: ABSENT_SCORE }),
        }
    }

    /// Fuses `embeddings`.
    pub fn forward(&self, embeddings: Vec<Part>) -> Fused {
        let rows = embeddings[0].embedding.dims()[0];
        let device = embeddings[0].embedding.device();
        if self.scores.is_empty() {
            let part = embeddings.into_iter().next().expect("an entity has a modality");
            return Fused {
                embedding: self.norms[0].forward(part.embedding),
                weights: Tensor::ones([rows, 1], &device),
            };
        }
        let mut weighted: Option<Tensor<2>> = None;
        let mut total: Option<Tensor<2>> = None;
        let mut shares = Vec::with_capacity(embeddings.len());
        for (m, part) in embeddings.into_iter().enumerate() {
            let Part {
                embedding,
                present,
                trust,
            } = part;
            let normed = self.norms[m].forward(embedding);
            let mut score = self.scores[m].forward(normed.clone());
            if trust.iter().any(|w| *w < 1.0) {
                let bias: Vec<f32> = trust.iter().map(|w| w.max(LEAST_TRUST).ln()).collect();
                score = score + Tensor::<2>::from_data(TensorData::new(bias, [rows, 1]), &device);
            }
            let (state, score) = if present.iter().all(|p| *p == 1.0) {
                (normed, score)
            } else {
                let here = Tensor::<2>::from_data(TensorData::new(present, [rows, 1]), &device);
                let gone = here.clone().neg().add_scalar(1.0); // [B, 1]
                let token = self.tokens[m].val().unsqueeze::<2>(); // [1, D]
                let silent = self.absent_scores[m].val().unsqueeze::<2>(); // [1, D]
                (
                    normed * here.clone() + gone.clone() * token,
                    score * here + gone * silent,
                )
            };
            let weight = score.clamp(-SCORE_BOUND, SCORE_BOUND).exp(); // [B, D]
            let part = weight.clone() * state;
            weighted = Some(weighted.map_or(part.clone(), |sum| sum + part));
            total = Some(total.map_or(weight.clone(), |sum| sum + weight.clone()));
            shares.push(weight);
        }
        let (weighted, total) = weighted.zip(total).expect("an entity has a modality");
        let weights = shares
            .into_iter()
            .map(|weight| (weight / total.clone()).mean_dim(1)) // [B, 1]
            .collect();
        Fused {
            embedding: weighted / total,
            weights: Tensor::cat(weights, 1), // [B, M]
        }
    }
}
