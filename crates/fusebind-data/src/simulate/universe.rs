//! What a simulation returns: drugs, targets and measured pairs, and the truth that was planted in them.

use serde::Serialize;

use super::{
    config::{Rule, SimulateConfig},
    keys::{self, Places, PlantedKeys},
    latent::{Latent, interaction},
};

/// A simulated drug.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedDrug {
    /// `SD0001`, ..
    pub id: String,
    /// Canonical SMILES.
    pub smiles: String,
    /// Planted latent; the last numbers are hidden from the structure.
    pub latent: Latent,
    /// Planted bias.
    pub bias: f64,
    /// Atoms of keys, from 1, where keys make pairs bind.
    pub keys: Places,
    /// Description, where there is one.
    pub text: Option<String>,
    /// Expression signature `[G]`, where there is one.
    pub transcriptome: Option<Vec<f64>>,
    /// Assay outcomes `[A]`, where there is a profile.
    pub bioassay: Option<Vec<Option<bool>>>,
}

/// A simulated target.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedTarget {
    /// `ST0001`, ..
    pub id: String,
    /// Sequence.
    pub sequence: String,
    /// Family, from 0.
    pub family: usize,
    /// Planted latent.
    pub latent: Latent,
    /// Planted bias.
    pub bias: f64,
    /// Residues of keys, from 1, where keys make pairs bind.
    pub keys: Places,
    /// Description, where there is one.
    pub text: Option<String>,
}

/// A measured pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedPair {
    /// Index into the drugs.
    pub drug: u32,
    /// Index into the targets.
    pub target: u32,
    /// Noisy affinity, pKd.
    pub affinity: f64,
    /// Whether the noisy affinity is at or above [`Universe::threshold`].
    pub binds: bool,
}

/// The best expected score of any model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ceiling {
    /// Expected mean squared error of the truth: the variance of the noise.
    pub mse: f64,
    /// Mean squared error of the truth on the very pairs of this universe.
    pub observed_mse: f64,
}

/// A simulated universe.
#[derive(Clone, Debug, PartialEq)]
pub struct Universe {
    /// Drugs.
    pub drugs: Vec<SimulatedDrug>,
    /// Targets.
    pub targets: Vec<SimulatedTarget>,
    /// Measured pairs, in random order.
    pub pairs: Vec<SimulatedPair>,
    /// Least affinity that binds.
    pub threshold: f64,
    pub(super) config: SimulateConfig,
    pub(super) truth: Vec<f64>,
}

impl Universe {
    /// Noise-free affinities, aligned with the pairs: row `n` of the written pair table has truth `n - 1`.
    pub fn truth(&self) -> &[f64] {
        &self.truth
    }

    /// Where keys are; nothing where no keys make pairs bind.
    pub fn planted_keys(&self) -> Option<PlantedKeys> {
        (self.config.rule == Rule::Keys).then(|| PlantedKeys {
            drugs: self
                .drugs
                .iter()
                .map(|drug| (drug.id.clone(), drug.keys.clone()))
                .collect(),
            targets: (self
                .targets
                .iter()
                .map(|target| (target.id.clone(), target.keys.clone())))
            .collect(),
        })
    }

    /// What the truth itself scores against the noisy affinities.
    pub fn ceiling(&self) -> Ceiling {
        let squares = self
            .pairs
            .iter()
            .zip(&self.truth)
            .map(|(pair, truth)| (pair.affinity - truth) * (pair.affinity - truth));
        Ceiling {
            mse: self.config.noise.affinity * self.config.noise.affinity,
            observed_mse: squares.sum::<f64>() / self.pairs.len().max(1) as f64,
        }
    }

    /// The configuration it was made from.
    pub fn config(&self) -> &SimulateConfig {
        &self.config
    }

    /// The planted affinity of any drug and target, measured or not; `None` beyond their numbers.
    pub fn affinity(&self, drug: u32, target: u32) -> Option<f64> {
        let (drug, target) = (self.drugs.get(drug as usize)?, self.targets.get(target as usize)?);
        Some(binding(drug, target, &self.config))
    }
}

/// The binding rule.
pub(super) fn binding(drug: &SimulatedDrug, target: &SimulatedTarget, config: &SimulateConfig) -> f64 {
    match config.rule {
        Rule::Latent => 6.2 + drug.bias + target.bias + interaction(&drug.latent, &target.latent, config.hidden),
        Rule::Keys => keys::binding([&drug.keys, &target.keys], drug.bias + target.bias),
    }
}
