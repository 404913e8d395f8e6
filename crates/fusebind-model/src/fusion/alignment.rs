//! Alignment of what the modalities of one entity say: projected into one space, they are to be near for the same entity and
//! apart for different ones.
//!
//! With unit vectors `u_m = P_m x_m / |P_m x_m|` of the entities that have modality `m`, and a temperature `tau`:
//!
//! - **Between modalities, pairwise**: for each two modalities, over the `n` entities that have both, the symmetric InfoNCE (van den
//!   Oord et al. 2018, arXiv:1807.03748) of `s_ij = u_mi . u_kj / tau`: `mean_i [(lse_j s_ij + lse_j s_ji) / 2 - s_ii]`, averaged over
//!   the pairs of modalities.
//! - **Between modalities, by volume**: the structure of `i` against all that `j` has, by the volume of the parallelepiped that they
//!   span (Cicchetti et al. 2025, arXiv:2412.11959): `s_ij = -sqrt(det G_ij) / tau` with the Gram matrix `G`. With `v` the products of
//!   the structure with the side modalities and `H` the Gram matrix of these, `det G = det H - v' adj(H) v`; a modality that `j`
//!   lacks is orthogonal to everything and leaves the volume as it is.
//! - **Within a modality**: InfoNCE between two views of the entities under two dropout masks (Gao et al. 2021, arXiv:2104.08821).
//!
//! Entities take part only with what they have; the same entity in two rows, and values that belong to another entity, take no
//! part. Comes in: embeddings of the modalities of a side. Goes out: [`Aligned`].

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Int, Tensor, TensorData},
};
use fusebind_features::modality::{Modality, ModalitySet};
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    layer::{dense::dense, dropout::Dropout},
};

/// Share of the channels that a view is without.
const VIEW_DROPOUT: f64 = 0.2;
/// Fewer entities than this teach nothing.
const LEAST: usize = 4;
/// Keeps the root of a flat volume differentiable.
const FLAT: f64 = 1e-4;

/// How modalities are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlignmentForm {
    /// Two at a time, by cosine.
    #[default]
    Pairwise,
    /// All at once, by the volume that they span.
    Volume,
}

/// Configuration of [`Alignment`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlignmentConfig {
    /// Channels of the common space; 0 switches alignment off.
    pub dim: usize,
    /// Temperature `tau`.
    pub temperature: f64,
    /// How modalities are compared.
    pub form: AlignmentForm,
}

impl Default for AlignmentConfig {
    fn default() -> Self {
        Self {
            dim: 0,
            temperature: 0.1,
            form: AlignmentForm::default(),
        }
    }
}

impl AlignmentConfig {
    /// Refuses what makes no alignment.
    pub fn check(&self) -> Result<(), Error> {
        if self.temperature >= 0.02 && self.temperature.is_finite() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            "alignment: `temperature` must be a number from 0.02 on",
        ))
    }

    /// Projections of `modalities` embeddings of `width` channels; `None` where there is nothing to align.
    pub fn init(&self, modalities: usize, width: usize, device: &Device) -> Option<Alignment> {
        (self.dim > 0 && modalities > 1).then(|| Alignment {
            projections: (0..modalities)
                .map(|_| LinearConfig::new(width, self.dim).with_bias(false).init(device))
                .collect(),
            dropout: Dropout::new(VIEW_DROPOUT),
            temperature: self.temperature,
            volume: self.form == AlignmentForm::Volume,
        })
    }
}

/// Losses of alignment, each `[1]`.
#[derive(Clone, Debug)]
pub struct Aligned {
    /// Between the modalities of an entity.
    pub between: Tensor<1>,
    /// Between two views of one modality.
    pub within: Tensor<1>,
    /// Whether any entities were compared; without them both losses are constants, which have no gradients.
    pub compared: bool,
}

impl Aligned {
    /// Of drugs and targets together.
    pub fn and(self, other: Self) -> Self {
        Self {
            between: self.between + other.between,
            within: self.within + other.within,
            compared: self.compared || other.compared,
        }
    }
}

/// Projects modalities into one space, see the file's header.
#[derive(Module, Debug)]
pub struct Alignment {
    projections: Vec<Linear>,
    dropout: Dropout,
    #[module(skip)]
    temperature: f64,
    #[module(skip)]
    volume: bool,
}

fn unit(x: Tensor<2>) -> Tensor<2> {
    let norm = (x.clone() * x.clone()).sum_dim(1).add_scalar(1e-8).sqrt(); // [n, 1]
    x / norm
}

fn select(x: &Tensor<2>, rows: &[usize]) -> Tensor<2> {
    if rows.len() == x.dims()[0] {
        return x.clone();
    }
    let index: Vec<i64> = rows.iter().map(|r| *r as i64).collect();
    let count = index.len();
    x.clone().select(
        0,
        Tensor::<1, Int>::from_data(TensorData::new(index, [count]), &x.device()),
    )
}

/// Symmetric InfoNCE of scores `[n, n]` whose diagonal, `[n, 1]`, is given; scores must be of moderate size.
fn contrast(scores: Tensor<2>, diagonal: Tensor<2>) -> Tensor<1> {
    let weights = scores.exp();
    let rows = weights.clone().sum_dim(1).log(); // [n, 1]
    let columns = weights.sum_dim(0).log().transpose(); // [n, 1]
    ((rows + columns).mul_scalar(0.5) - diagonal).mean()
}

impl Alignment {
    /// Cosines between two sets of unit vectors as InfoNCE.
    fn cosine_contrast(&self, one: Tensor<2>, other: Tensor<2>) -> Tensor<1> {
        let scale = 1.0 / self.temperature;
        let diagonal = (one.clone() * other.clone()).sum_dim(1).mul_scalar(scale);
        contrast(one.matmul(other.transpose()).mul_scalar(scale), diagonal)
    }

    /// Losses over `modalities`, the structure first. `has` says which of them each entity has; entities that are not `aligned` take
    /// no part.
    pub fn forward(&self, modalities: &[(Modality, Tensor<2>)], has: &[ModalitySet], aligned: &[bool]) -> Aligned {
        let device = modalities[0].1.device();
        let rows_of = |set: &[Modality]| -> Vec<usize> {
            (0..has.len())
                .filter(|at| aligned[*at] && set.iter().all(|m| has[*at].contains(*m)))
                .collect()
        };
        let zero = || Tensor::<1>::zeros([1], &device);
        let mean = |terms: Vec<Tensor<1>>| {
            let count = terms.len().max(1) as f32;
            terms.into_iter().fold(zero(), |sum, term| sum + term) / count
        };
        let within = modalities.iter().zip(&self.projections).filter_map(|((m, x), p)| {
            let rows = rows_of(&[*m]);
            (rows.len() >= LEAST).then(|| {
                let x = select(x, &rows);
                let view = || unit(dense(self.dropout.forward(x.clone()), p));
                self.cosine_contrast(view(), view())
            })
        });
        let within: Vec<Tensor<1>> = within.collect();
        let mut compared = !within.is_empty();
        let within = mean(within);
        let units: Vec<(Modality, Tensor<2>)> = (modalities.iter().zip(&self.projections))
            .map(|((m, x), p)| (*m, unit(dense(x.clone(), p))))
            .collect();
        let between = if self.volume {
            let volumes = self.volumes(&units, has, aligned);
            compared |= volumes.is_some();
            volumes.unwrap_or_else(zero)
        } else {
            let mut terms = Vec::new();
            for (at, (one, u)) in units.iter().enumerate() {
                for (other, v) in &units[at + 1..] {
                    let rows = rows_of(&[*one, *other]);
                    if rows.len() >= LEAST {
                        terms.push(self.cosine_contrast(select(u, &rows), select(v, &rows)));
                    }
                }
            }
            compared |= !terms.is_empty();
            mean(terms)
        };
        Aligned {
            between,
            within,
            compared,
        }
    }

    /// InfoNCE by volume; `None` where too few entities have more than one modality.
    fn volumes(&self, units: &[(Modality, Tensor<2>)], has: &[ModalitySet], aligned: &[bool]) -> Option<Tensor<1>> {
        let (structure, anchors) = &units[0];
        let sides = &units[1..];
        let rows: Vec<usize> = (0..has.len())
            .filter(|at| aligned[*at] && has[*at].contains(*structure))
            .filter(|at| sides.iter().any(|(m, _)| has[*at].contains(*m)))
            .collect();
        if rows.len() < LEAST {
            return None;
        }
        let anchors = select(anchors, &rows);
        let device = anchors.device();
        // What an entity lacks becomes a vector of zeros, whose products are those of an orthogonal one.
        let sides: Vec<Tensor<2>> = (sides.iter())
            .map(|(m, u)| {
                let mask: Vec<f32> = rows.iter().map(|r| f32::from(u8::from(has[*r].contains(*m)))).collect();
                let count = mask.len();
                select(u, &rows) * Tensor::<2>::from_data(TensorData::new(mask, [count, 1]), &device)
            })
            .collect();
        let gram = |one: usize, other: usize| (sides[one].clone() * sides[other].clone()).sum_dim(1); // [n, 1]
        let (determinant, adjugate) = adjugate(sides.len(), &gram)?;
        let squared = |v: &dyn Fn(usize) -> Tensor<2>, row: bool| {
            let wide = |x: &Tensor<2>| if row { x.clone().transpose() } else { x.clone() };
            let mut total = wide(&determinant);
            for (one, other, factor) in &adjugate {
                let twice = if one == other { 1.0 } else { 2.0 };
                total = total - wide(factor) * v(*one) * v(*other) * twice;
            }
            total.clamp_min(FLAT).sqrt().mul_scalar(-1.0 / self.temperature)
        };
        let products: Vec<Tensor<2>> = sides
            .iter()
            .map(|u| anchors.clone().matmul(u.clone().transpose()))
            .collect();
        let own: Vec<Tensor<2>> = sides.iter().map(|u| (anchors.clone() * u.clone()).sum_dim(1)).collect();
        let scores = squared(&|at| products[at].clone(), true); // [n, n]
        Some(contrast(scores, squared(&|at| own[at].clone(), false)))
    }
}

/// An entry of an adjugate: row, column, values.
type Entry = (usize, usize, Tensor<2>);

/// Determinant and adjugate (upper half) of Gram matrices of up to three vectors of length 1 or 0, where a vector of length 0 counts
/// as one that is orthogonal to the others.
fn adjugate(size: usize, gram: &dyn Fn(usize, usize) -> Tensor<2>) -> Option<(Tensor<2>, Vec<Entry>)> {
    let one = || gram(0, 0).ones_like();
    let square = |x: &Tensor<2>| x.clone() * x.clone();
    match size {
        1 => Some((one(), vec![(0, 0, one())])),
        2 => {
            let p = gram(0, 1);
            Some((one() - square(&p), vec![(0, 0, one()), (1, 1, one()), (0, 1, p.neg())]))
        }
        3 => {
            let (p, q, r) = (gram(0, 1), gram(0, 2), gram(1, 2));
            let product = p.clone() * q.clone() * r.clone();
            let determinant = one() + product * 2.0 - square(&p) - square(&q) - square(&r);
            Some((
                determinant,
                vec![
                    (0, 0, one() - square(&r)),
                    (1, 1, one() - square(&q)),
                    (2, 2, one() - square(&p)),
                    (0, 1, q.clone() * r.clone() - p.clone()),
                    (0, 2, p.clone() * r.clone() - q.clone()),
                    (1, 2, p * q - r),
                ],
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    fn set(modalities: &[Modality]) -> ModalitySet {
        modalities.iter().copied().collect()
    }

    fn host(x: Tensor<1>) -> f32 {
        x.into_scalar::<f32>()
    }

    fn alignment(form: AlignmentForm, modalities: usize, device: &Device) -> Alignment {
        let config = AlignmentConfig {
            dim: 8,
            form,
            ..AlignmentConfig::default()
        };
        config.check().expect("is sound");
        let mut alignment = config.init(modalities, 8, device).expect("is on");
        // The identity: what comes in is what is compared.
        for projection in &mut alignment.projections {
            let eye = Tensor::<2>::eye(8, device);
            projection.weight = burn::module::Param::from_tensor(eye);
        }
        alignment
    }

    #[test]
    fn what_belongs_together_costs_less_than_what_does_not() {
        let device = Device::flex();
        let x = Tensor::<2>::random([12, 8], Distribution::Normal(0.0, 1.0), &device);
        let turned = Tensor::cat(vec![x.clone().slice([1..12, 0..8]), x.clone().slice([0..1, 0..8])], 0);
        let all = vec![set(&[Modality::Graph, Modality::Text]); 12];
        for form in [AlignmentForm::Pairwise, AlignmentForm::Volume] {
            let alignment = alignment(form, 2, &device);
            let of = |text: &Tensor<2>| {
                let modalities = [(Modality::Graph, x.clone()), (Modality::Text, text.clone())];
                host(alignment.forward(&modalities, &all, &[true; 12]).between)
            };
            assert!(of(&x) + 1.0 < of(&turned), "{form:?}: {} {}", of(&x), of(&turned));
        }
    }

    #[test]
    fn what_is_absent_or_foreign_has_no_effect() {
        let device = Device::flex();
        let random = || Tensor::<2>::random([10, 8], Distribution::Normal(0.0, 1.0), &device);
        let (graph, text, assays) = (random(), random(), random());
        let mut has = vec![set(&[Modality::Graph, Modality::Text, Modality::Bioassay]); 10];
        has[3] = set(&[Modality::Graph, Modality::Bioassay]);
        let mut aligned = [true; 10];
        aligned[7] = false;
        for form in [AlignmentForm::Pairwise, AlignmentForm::Volume] {
            let alignment = alignment(form, 3, &device);
            let of = |text: &Tensor<2>| {
                let modalities = [
                    (Modality::Graph, graph.clone()),
                    (Modality::Text, text.clone()),
                    (Modality::Bioassay, assays.clone()),
                ];
                host(alignment.forward(&modalities, &has, &aligned).between)
            };
            let changed = |row: usize| {
                let other = Tensor::<2>::ones([1, 8], &device);
                Tensor::cat(
                    vec![
                        text.clone().slice([0..row, 0..8]),
                        other,
                        text.clone().slice([row + 1..10, 0..8]),
                    ],
                    0,
                )
            };
            assert_eq!(of(&text), of(&changed(3)), "{form:?}: drug 3 has no text");
            assert_eq!(of(&text), of(&changed(7)), "{form:?}: drug 7 takes no part");
            assert_ne!(of(&text), of(&changed(5)), "{form:?}");
        }
    }

    #[test]
    fn volumes_are_those_of_the_full_gram_matrix() {
        let device = Device::flex();
        // Unit vectors with products p = 0.6, q = 0, r = 0.8 among the sides and v = (0.5, 0.3, 0.2) with the anchor.
        let values = [0.6f32, 0.0, 0.8];
        let gram = |a: usize, b: usize| {
            let value = match (a, b) {
                (0, 1) => values[0],
                (0, 2) => values[1],
                (1, 2) => values[2],
                _ => 1.0,
            };
            Tensor::<2>::full([1, 1], value, &device)
        };
        let (determinant, entries) = adjugate(3, &gram).expect("three sides");
        let v = [0.5f32, 0.3, 0.2];
        let number = |t: Tensor<2>| t.into_scalar::<f32>();
        let quadratic: f32 = entries
            .into_iter()
            .map(|(a, b, f)| number(f) * v[a] * v[b] * if a == b { 1.0 } else { 2.0 })
            .sum();
        let det = number(determinant) - quadratic;
        // numpy.linalg.det([[1, .5, .3, .2], [.5, 1, .6, 0], [.3, .6, 1, .8], [.2, 0, .8, 1]])
        assert!((det - -0.0256).abs() < 1e-5, "{det}");
    }
}
