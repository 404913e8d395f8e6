//! Fusion of the modalities of one entity: masked attention, channel by channel, with a learned token for what is absent.
//!
//! For modality `m` with embedding `x_m`, and `p_m` its presence times its weight, from 0 to 1: `z_m = p_m norm(x_m) + (1 -
//! p_m) t_m` with a learned token `t_m`; scores `s_m = p_m (W_m norm(x_m) + b_m) + (1 - p_m) u_m` with a learned score `u_m`;
//! `e = sum exp(s_m) z_m / sum exp(s_m)`. A modality of weight 0 is missing, and the content of a missing modality has no
//! effect. With one modality `e = norm(x)`. Comes in: `M` embeddings `[B, D]`, what is present and its weight. Goes
//! out: `[B, D]`, and how much each modality weighs.
//!
//! Controls, for comparison: late concatenation `e = W [p_1 norm(x_1); ..; p_M norm(x_M)] + b`, and three ways to impute `z_m` and
//! attend to it as if it were there: zero, the mean of those of the batch that have `m`, or their mean weighted by `exp(cos / tau)` of
//! the normalised structures (soft nearest neighbours). They depend on the company in a batch; what is masked does not.

use burn::{
    module::{Initializer, Module, Param},
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};

use serde::{Deserialize, Serialize};

use crate::layer::{dense::dense, norm::LayerNorm, pool::SCORE_BOUND};

/// Score of an absent modality at the start: it weighs little until there is reason.
const ABSENT_SCORE: f64 = -2.0;

/// Temperature of the neighbours that impute.
const NEIGHBOUR_TEMPERATURE: f32 = 0.05;

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

/// Fuses modalities, see the file's header.
#[derive(Module, Debug)]
pub struct EntityFusion {
    norms: Vec<LayerNorm>,
    scores: Vec<Linear>,
    tokens: Vec<Param<Tensor<1>>>,
    absent_scores: Vec<Param<Tensor<1>>>,
    concatenation: Option<Linear>,
    #[module(skip)]
    absent: Absent,
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

    /// Late concatenation; every modality weighs the same.
    fn concatenate(&self, linear: &Linear, parts: Vec<Part>) -> Fused {
        let (rows, device) = (parts[0].embedding.dims()[0], parts[0].embedding.device());
        let count = parts.len();
        let masked = |(part, norm): (Part, &LayerNorm)| {
            let here: Vec<f32> = part
                .present
                .iter()
                .zip(&part.modality_weights)
                .map(|(p, w)| p * w)
                .collect();
            norm.forward(part.embedding) * Tensor::<2>::from_data(TensorData::new(here, [rows, 1]), &device)
        };
        let all = parts.into_iter().zip(&self.norms).map(masked).collect();
        Fused {
            embedding: dense(Tensor::cat(all, 1), linear), // [B, M D] to [B, D]
            weights: Tensor::full([rows, count], 1.0 / count as f32, &device),
        }
    }

    /// What replaces the modality where `here`, `[B, 1]`, is 0; `structure` are the normalised structures.
    fn impute(&self, normed: &Tensor<2>, here: &Tensor<2>, structure: &Tensor<2>) -> Tensor<2> {
        let mass = || here.clone().sum().clamp_min(1e-6).unsqueeze::<2>(); // [1, 1]
        match self.absent {
            Absent::Masked | Absent::Zero => normed.zeros_like(),
            Absent::Mean => (normed.clone() * here.clone()).sum_dim(0) / mass() + normed.zeros_like(), // [B, D]
            Absent::Knn => {
                let length = (structure.clone() * structure.clone())
                    .sum_dim(1)
                    .add_scalar(1e-8)
                    .sqrt();
                let unit = structure.clone().detach() / length.detach();
                let cosines = unit.clone().matmul(unit.transpose()).sub_scalar(1.0); // [B, B]
                let weights = (cosines / NEIGHBOUR_TEMPERATURE).exp() * here.clone().transpose();
                let mass = weights.clone().sum_dim(1).add_scalar(1e-6);
                weights.matmul(normed.clone()) / mass // [B, D]
            }
        }
    }

    /// Fuses `embeddings`.
    pub fn forward(&self, embeddings: Vec<Part>) -> Fused {
        let rows = embeddings[0].embedding.dims()[0];
        let device = embeddings[0].embedding.device();
        if let Some(linear) = &self.concatenation {
            return self.concatenate(linear, embeddings);
        }
        if self.scores.is_empty() {
            let part = embeddings.into_iter().next().expect("an entity has a modality");
            return Fused {
                embedding: self.norms[0].forward(part.embedding),
                weights: Tensor::ones([rows, 1], &device),
            };
        }
        let mut structure: Option<Tensor<2>> = None;
        let mut weighted: Option<Tensor<2>> = None;
        let mut total: Option<Tensor<2>> = None;
        let mut shares = Vec::with_capacity(embeddings.len());
        let mut add = |state: Tensor<2>, score: Tensor<2>| {
            let weight = score.clamp(-SCORE_BOUND, SCORE_BOUND).exp(); // [B, D]
            let part = weight.clone() * state;
            weighted = Some(weighted.take().map_or(part.clone(), |sum| sum + part));
            total = Some(total.take().map_or(weight.clone(), |sum| sum + weight.clone()));
            shares.push(weight);
        };
        for (m, part) in embeddings.into_iter().enumerate() {
            let Part {
                embedding,
                present,
                modality_weights,
            } = part;
            let normed = self.norms[m].forward(embedding);
            let structure = structure.get_or_insert_with(|| normed.clone());
            let score = dense(normed.clone(), &self.scores[m]);
            let presence: Vec<f32> = present.iter().zip(&modality_weights).map(|(p, w)| p * w).collect();
            let (state, score) = if presence.iter().all(|p| *p == 1.0) {
                (normed, score)
            } else {
                let here = Tensor::<2>::from_data(TensorData::new(presence, [rows, 1]), &device);
                let gone = here.clone().neg().add_scalar(1.0); // [B, 1]
                if self.absent != Absent::Masked {
                    let imputed = self.impute(&normed, &here, structure);
                    let state = normed * here + gone * imputed;
                    let score = dense(state.clone(), &self.scores[m]);
                    add(state, score);
                    continue;
                }
                let token = self.tokens[m].val().unsqueeze::<2>(); // [1, D]
                let silent = self.absent_scores[m].val().unsqueeze::<2>(); // [1, D]
                (
                    normed * here.clone() + gone.clone() * token,
                    score * here + gone * silent,
                )
            };
            add(state, score);
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
