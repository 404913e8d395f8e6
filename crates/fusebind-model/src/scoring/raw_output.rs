//! Raw outputs of a model for many pairs, and how they become one prediction (the equation stands in [`super`]).

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    fusion::fused::Columns,
    head::Output,
    model::Outputs,
    trust::{DomainFinding, Output as TrustedOutput, PairEvidence, Trust},
};

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().expect("model outputs are f32")
}

/// Raw outputs of many pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Standardised affinity, `[P, U]`, empty without an affinity head.
    pub affinity: Vec<f32>,
    /// Number of affinity columns `U`.
    pub scales: usize,
    /// Binding logit, `[P]`, empty without a binding head.
    pub binding: Vec<f32>,
    /// What is known of the logit without training data ([`crate::prior_shift`]) and not in it, `[P]`; empty where it is 0 for all.
    pub prior_shift: Vec<f32>,
    /// How far the encoders and the neighbour head are apart, `[P]`: on the first affinity, or on the logit where there is none. Empty
    /// where the model has no neighbour head.
    ///
    /// Of an ensemble: the root of the squares of their mean distance and of the spread of the members.
    pub disagreement: Vec<f32>,
    /// Spread of the members of an ensemble, empty for a single model.
    pub spread: Spread,
}

/// How far the members of an ensemble are apart: standard deviations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// Of the standardised affinities, `[P, U]`.
    pub affinity: Vec<f32>,
    /// Of the probabilities of binding, `[P]`.
    pub binding: Vec<f32>,
}

/// Which sides of a pair have side values that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sides {
    /// A bare pair.
    Neither,
    /// The drug or the target alone.
    One,
    Both,
}

/// How the raw outputs of a model become its prediction, see the file's header.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleWeights {
    /// Share of the encoders with neighbour features; the rest is the neighbour head.
    pub encoder_share: f32,
    /// Share of the output from graph and sequence alone.
    pub structure_only_share: f32,
    /// Share of the encoders in what a structure model says; none where there is none, or where it is that of the model itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure_encoder_share: Option<f32>,
    /// Least share of what a structure model says of a pair of which one side alone has side values.
    #[serde(default)]
    pub one_sided_share: f32,
}

impl EnsembleWeights {
    /// Share of the encoders in the output from graph and sequence alone.
    pub(super) fn of_structure(&self) -> f32 {
        self.structure_encoder_share.unwrap_or(self.encoder_share)
    }

    /// Share of the output from graph and sequence alone in the prediction of a pair of which these sides have side values, where there is a
    /// structure model.
    pub(crate) fn structure_share(&self, sides: Sides) -> f32 {
        match sides {
            Sides::Neither => 1.0,
            Sides::One => self.structure_only_share.max(self.one_sided_share),
            Sides::Both => self.structure_only_share,
        }
    }

    /// Whether all of them are shares.
    pub(crate) fn are_shares(&self) -> bool {
        let all = [
            self.encoder_share,
            self.structure_only_share,
            self.of_structure(),
            self.one_sided_share,
        ];
        all.iter().all(|share| (0.0..=1.0).contains(share))
    }
}

/// Means and standard deviations of `length` values over `members`, of which there are two at least.
fn moments(members: &[Scores], length: usize, value: impl Fn(&Scores, usize) -> f32) -> (Vec<f32>, Vec<f32>) {
    let count = members.len() as f64;
    let of = |at: usize| {
        let values = || members.iter().map(|member| f64::from(value(member, at)));
        let mean = values().sum::<f64>() / count;
        let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
        (mean as f32, (squares / (count - 1.0)).sqrt() as f32)
    };
    (0..length).map(of).unzip()
}

/// `share one + (1 - share) other`, value by value, with the share of its row of `width` values.
fn mixture(one: &[f32], other: &[f32], width: usize, share: &impl Fn(usize) -> f32) -> Vec<f32> {
    let mixed = |(at, (one, other)): (usize, (&f32, &f32))| {
        let share = share(at / width);
        share * one + (1.0 - share) * other
    };
    one.iter().zip(other).enumerate().map(mixed).collect()
}

impl Scores {
    /// `share self + (1 - share) other`, on standardised affinities and on logits. Both are of the same pairs.
    pub fn mixed(&self, other: &Self, share: f32) -> Self {
        self.mixed_by_row(other, |_| share)
    }

    /// [`Scores::mixed`], each pair with the share of its row.
    pub(super) fn mixed_by_row(&self, other: &Self, share: impl Fn(usize) -> f32) -> Self {
        let of = |one: &[f32], other: &[f32]| mixture(one, other, 1, &share);
        Self {
            affinity: mixture(&self.affinity, &other.affinity, self.scales.max(1), &share),
            scales: self.scales,
            binding: of(&self.binding, &other.binding),
            prior_shift: of(&self.prior_shift, &other.prior_shift),
            disagreement: of(&self.disagreement, &other.disagreement),
            spread: Spread::default(),
        }
    }

    /// What the members of an ensemble say of the same pairs, one [`Scores`] for each; that of a single one is taken as it is.
    pub fn mean(members: Vec<Self>) -> Self {
        if members.len() < 2 {
            return members.into_iter().next().unwrap_or_default();
        }
        let first = &members[0];
        let (pairs, columns) = (first.binding.len(), first.affinity.len());
        let probability = |one: &Self, at: usize| 1.0 / (1.0 + (-one.binding[at]).exp());
        let (affinity, affinity_spread) = moments(&members, columns, |one, at| one.affinity[at]);
        let (binding, _) = moments(&members, pairs, |one, at| one.binding[at]);
        let (_, binding_spread) = moments(&members, pairs, probability);
        let rows = columns.checked_div(first.scales).unwrap_or(pairs);
        let (_, apart) = moments(&members, rows, |one, at| match one.scales {
            0 => one.binding[at],
            scales => one.affinity[at * scales],
        });
        let (distance, _) = moments(&members, first.disagreement.len(), |one, at| one.disagreement[at]);
        // A model without a neighbour head has no distance: the spread alone is left.
        let distance = distance.into_iter().chain(std::iter::repeat(0.0));
        Self {
            affinity,
            scales: first.scales,
            binding,
            prior_shift: first.prior_shift.clone(),
            disagreement: apart.iter().zip(distance).map(|(a, d)| a.hypot(d)).collect(),
            spread: Spread {
                affinity: affinity_spread,
                binding: binding_spread,
            },
        }
    }

    /// Appends the scores of further pairs.
    pub(crate) fn append(&mut self, other: Self) {
        self.scales = other.scales;
        self.affinity.extend(other.affinity);
        self.binding.extend(other.binding);
        self.prior_shift.extend(other.prior_shift);
        self.disagreement.extend(other.disagreement);
        self.spread.affinity.extend(other.spread.affinity);
        self.spread.binding.extend(other.spread.binding);
    }

    /// The standardised affinity in `column` of a pair.
    pub fn affinity_output(&self, row: usize, column: usize) -> TrustedOutput {
        TrustedOutput {
            value: f64::from(self.affinity[row * self.scales + column]),
            prior_shift: 0.0,
            disagreement: self.disagreement_at(row),
        }
    }

    /// The logit of a pair, where there is one.
    pub fn binding_output(&self, row: usize) -> Option<TrustedOutput> {
        Some(TrustedOutput {
            value: f64::from(*self.binding.get(row)?),
            prior_shift: f64::from(self.prior_shift_at(row)),
            disagreement: self.disagreement_at(row),
        })
    }

    /// Where the pair in `row` lies, of which `evidence` is known.
    pub fn domain(&self, trust: &Trust, evidence: &PairEvidence, row: usize) -> DomainFinding {
        let affinity = (self.scales > 0).then(|| trust.affinity(0, evidence, self.affinity_output(row, 0)));
        let binding = self.binding_output(row).map(|output| trust.binding(evidence, output));
        trust.domain(evidence, affinity.flatten().as_ref(), binding.flatten().as_ref())
    }

    /// What is to be added to the logit of a pair for what is known without training data.
    pub fn prior_shift_at(&self, row: usize) -> f32 {
        self.prior_shift.get(row).copied().unwrap_or_default()
    }

    fn disagreement_at(&self, row: usize) -> f64 {
        self.disagreement.get(row).copied().map(f64::from).unwrap_or_default()
    }

    /// The first value that is said of each pair.
    fn first(&self) -> Vec<f32> {
        match self.scales {
            0 => self.binding.clone(),
            scales => self.affinity.iter().step_by(scales).copied().collect(),
        }
    }

    /// Takes these rows from `other`.
    pub(super) fn replace(&mut self, other: &Self, rows: impl Iterator<Item = usize>) {
        for row in rows {
            let columns = row * self.scales..(row + 1) * self.scales;
            self.affinity[columns.clone()].copy_from_slice(&other.affinity[columns]);
            if let Some(binding) = self.binding.get_mut(row) {
                *binding = other.binding[row];
            }
            if let Some(disagreement) = self.disagreement.get_mut(row) {
                *disagreement = other.disagreement[row];
            }
        }
    }

    /// Adds rows of affinity columns with the binding logit behind them.
    fn extend_columns(&mut self, values: &[f32], (scales, binding): (usize, bool)) {
        self.scales = scales;
        for row in values.chunks(scales + usize::from(binding)) {
            self.affinity.extend_from_slice(&row[..scales]);
            self.binding.extend_from_slice(&row[scales..]);
        }
    }

    fn extend(&mut self, output: Output) {
        if let Some(affinity) = output.affinity {
            self.scales = affinity.dims()[1];
            self.affinity.extend(host(affinity));
        }
        if let Some(binding) = output.binding {
            self.binding.extend(host(binding));
        }
    }
}

/// What the two readers of a model say of many pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawOutputs {
    /// Of the encoders with the neighbour features.
    pub joint: Scores,
    /// Of the neighbour head alone, where the model reads neighbour features.
    pub neighbours: Option<Scores>,
    /// Which sides of each pair have side values, where there is a structure model; else empty.
    pub(super) sides: Vec<Sides>,
}

impl RawOutputs {
    /// Appends the columns of the fused head; `shape` is the number of affinity columns, and whether a binding logit follows them.
    pub(super) fn extend_columns(&mut self, columns: &Columns, shape: (usize, bool)) {
        self.joint.extend_columns(&columns.joint, shape);
        if !columns.neighbours.is_empty() {
            let neighbours = self.neighbours.get_or_insert_default();
            neighbours.extend_columns(&columns.neighbours, shape);
        }
    }

    /// Appends outputs of the model.
    pub(super) fn extend(&mut self, outputs: Outputs) {
        self.joint.extend(outputs.joint);
        if let Some(neighbours) = outputs.neighbours {
            self.neighbours.get_or_insert_default().extend(neighbours);
        }
    }

    /// Adds to the binding logits, in all outputs alike.
    pub(super) fn add_logits(&mut self, added: &[f32]) {
        for scores in std::iter::once(&mut self.joint).chain(self.neighbours.as_mut()) {
            let logits = scores.binding.iter_mut();
            logits.zip(added).for_each(|(logit, added)| *logit += added);
        }
    }

    /// Appends the outputs of further pairs.
    pub(super) fn append(&mut self, other: Self) {
        self.joint.append(other.joint);
        if let Some(neighbours) = other.neighbours {
            self.neighbours.get_or_insert_default().append(neighbours);
        }
    }

    /// `(1 - share) neighbours + share joint`, on standardised affinities and on logits.
    pub fn mixed(&self, share: f32) -> Scores {
        let Some(neighbours) = &self.neighbours else {
            return self.joint.clone();
        };
        let apart = self.joint.first().into_iter().zip(neighbours.first());
        Scores {
            disagreement: apart.map(|(joint, neighbours)| (joint - neighbours).abs()).collect(),
            ..self.joint.mixed(neighbours, share)
        }
    }
}
