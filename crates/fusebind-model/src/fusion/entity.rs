//! Fusion of the modalities of one entity: masked attention, channel by channel, with a learned token for what is absent.
//!
//! For modality `m` with embedding `x_m`, and `p_m` its presence times its weight, from 0 to 1: `z_m = p_m norm(x_m) + (1 -
//! p_m) t_m` with a learned token `t_m`; scores `s_m = p_m (W_m norm(x_m) + b_m) + (1 - p_m) u_m` with a learned score `u_m`;
//! `e = sum exp(s_m) z_m / sum exp(s_m)`. A modality of weight 0 is missing, and the content of a missing modality has no
//! effect. With one modality `e = norm(x)`. Comes in: `M` embeddings `[B, D]`, what is present and its weight. Goes
//! out: `[B, D]`, and how much each modality weighs.
//!
//! What this is compared with is in [`super::control`].

use burn::{
    module::{Initializer, Module, Param},
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};

use serde::{Deserialize, Serialize};

use crate::layer::{composed::SCORE_BOUND, dense::dense, norm::LayerNorm};

/// Score of an absent modality at the start: it weighs little until there is reason.
const ABSENT_SCORE: f64 = -2.0;

/// How modalities become one embedding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FusionKind {
    /// Masked attention.
    #[default]
    Attention,
    /// Late concatenation, a control.
    Concatenation,
}

/// What replaces a missing modality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Absent {
    /// A learned token with a learned score.
    #[default]
    Masked,
    /// Zeros, a control.
    Zero,
    /// The mean of those that have it, a control.
    Mean,
    /// The mean of the neighbours in structure that have it, a control.
    Knn,
}

/// Configuration of [`EntityFusion`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FusionConfig {
    /// How modalities become one embedding.
    pub kind: FusionKind,
    /// What replaces a missing modality.
    pub absent: Absent,
}

/// One modality of the entities of a batch.
#[derive(Clone, Debug)]
pub struct Part {
    /// Embedding, `[B, D]`.
    pub embedding: Tensor<2>,
    /// 1 where the modality is present, else 0, `[B]`.
    pub present: Vec<f32>,
    /// Weight of the modality, `[B]`.
    pub modality_weights: Vec<f32>,
}

impl Part {
    /// Presence times weight of each entity, `[B]`.
    pub(super) fn shares(&self) -> Vec<f32> {
        let both = self.present.iter().zip(&self.modality_weights);
        both.map(|(present, weight)| present * weight).collect()
    }
}

/// Fuses modalities, see the file's header.
#[derive(Module, Debug)]
pub struct EntityFusion {
    pub(super) norms: Vec<LayerNorm>,
    pub(super) scores: Vec<Linear>,
    tokens: Vec<Param<Tensor<1>>>,
    absent_scores: Vec<Param<Tensor<1>>>,
    pub(super) concatenation: Option<Linear>,
    #[module(skip)]
    pub(super) absent: Absent,
}

/// An entity embedding and the weight of each modality in it.
#[derive(Clone, Debug)]
pub struct Fused {
    /// Embedding, `[B, D]`.
    pub embedding: Tensor<2>,
    /// Mean attention of each modality over the channels, `[B, M]`; rows add up to 1.
    pub weights: Tensor<2>,
}

/// Sums of the attention over modalities.
#[derive(Default)]
pub(super) struct Attention {
    weighted: Option<Tensor<2>>,
    total: Option<Tensor<2>>,
    shares: Vec<Tensor<2>>,
}

impl Attention {
    /// Adds a modality: states and scores, `[B, D]` each.
    pub fn add(&mut self, state: Tensor<2>, score: Tensor<2>) {
        let weight = score.clamp(-SCORE_BOUND, SCORE_BOUND).exp(); // [B, D]
        let part = weight.clone() * state;
        self.weighted = Some(self.weighted.take().map_or(part.clone(), |sum| sum + part));
        self.total = Some(self.total.take().map_or(weight.clone(), |sum| sum + weight.clone()));
        self.shares.push(weight);
    }

    /// The weighted mean of what was added.
    pub fn finish(self) -> Fused {
        let (weighted, total) = self.weighted.zip(self.total).expect("an entity has a modality");
        let shares = self.shares.into_iter();
        let weights = shares.map(|weight| (weight / total.clone()).mean_dim(1)).collect(); // [B, 1] each
        Fused {
            embedding: weighted / total,
            weights: Tensor::cat(weights, 1), // [B, M]
        }
    }
}

impl EntityFusion {
    /// Fusion of `modalities` embeddings of `width` channels.
    pub fn new(config: &FusionConfig, modalities: usize, width: usize, device: &Device) -> Self {
        let concatenated = modalities > 1 && config.kind == FusionKind::Concatenation;
        let many = if modalities > 1 && !concatenated { modalities } else { 0 };
        let token = |initializer: Initializer| (0..many).map(|_| initializer.init([width], device)).collect();
        Self {
            norms: (0..modalities).map(|_| LayerNorm::new(width, device)).collect(),
            scores: (0..many)
                .map(|_| LinearConfig::new(width, width).init(device))
                .collect(),
            tokens: token(Initializer::Normal { mean: 0.0, std: 0.1 }),
            absent_scores: token(Initializer::Constant { value: ABSENT_SCORE }),
            concatenation: concatenated.then(|| LinearConfig::new(modalities * width, width).init(device)),
            absent: config.absent,
        }
    }

    /// Fuses the modalities of entities, those of `parts` in the order of their weights.
    pub fn forward(&self, parts: Vec<Part>) -> Fused {
        if self.scores.is_empty() {
            let only = parts.into_iter().next().expect("an entity has a modality");
            let (rows, device) = (only.embedding.dims()[0], only.embedding.device());
            return Fused {
                embedding: self.norms[0].forward(only.embedding),
                weights: Tensor::ones([rows, 1], &device),
            };
        }
        let mut attention = Attention::default();
        for (m, part) in parts.into_iter().enumerate() {
            let (state, score) = self.masked(m, part);
            attention.add(state, score);
        }
        attention.finish()
    }

    /// States and scores of modality `m`, `[B, D]` each, with the learned token and score to the share to which it is missing.
    fn masked(&self, m: usize, part: Part) -> (Tensor<2>, Tensor<2>) {
        let shares = part.shares();
        let normed = self.norms[m].forward(part.embedding);
        let score = dense(normed.clone(), &self.scores[m]);
        if shares.iter().all(|share| *share == 1.0) {
            return (normed, score);
        }
        let (rows, device) = (normed.dims()[0], normed.device());
        let here = Tensor::<2>::from_data(TensorData::new(shares, [rows, 1]), &device);
        let gone = here.clone().neg().add_scalar(1.0); // [B, 1]
        let token = self.tokens[m].val().unsqueeze::<2>(); // [1, D]
        let silent = self.absent_scores[m].val().unsqueeze::<2>(); // [1, D]
        (
            normed * here.clone() + gone.clone() * token,
            score * here + gone * silent,
        )
    }
}
