//! A simulated multimodal universe with a known binding rule: for demonstrations, and to prove a method where truth is known.
//!
//! Comes in: a [`SimulateConfig`]. Goes out: a [`Universe`], in memory or as a data set folder. Every fragment of a molecule and
//! every family and motif of a protein carries a latent vector of [`RANK`] numbers. With drug latent `d`, target latent `t`:
//!
//! ```text
//! truth    = 6.2 + bias(drug) + bias(target) + 0.9 (sqrt(1 - h) <d, t>_visible / 2 + sqrt(h) <d, t>_hidden / sqrt(2))
//! affinity = truth + noise            pKd
//! ```
//!
//! The hidden part of `d`, a share `h` of the interaction, is not in the structure: only texts, expression and assays show it.
//! Changing the noise or the missing rate of one modality changes nothing else, since each thing has its own random stream.
//! All arithmetic is exact IEEE arithmetic, so a universe is the same on every machine.
//!
//! ```
//! use fusebind_data::simulate::{SimulateConfig, simulate};
//! let universe = simulate(&SimulateConfig { drugs: 30, targets: 10, pairs: 200, ..SimulateConfig::default() })?;
//! assert_eq!(universe.truth().len(), 200);
//! // No model can be expected to predict the noisy affinities better than this.
//! assert!((universe.ceiling().mse - 0.16).abs() < 1e-12);
//! # Ok::<(), fusebind_data::Error>(())
//! ```

mod config;
mod latent;
mod molecules;
mod proteins;
mod sides;
mod text;
mod write;

pub use config::{MissingRates, NoiseLevels, SimulateConfig};
pub use latent::{Latent, RANK, VISIBLE};

use rand::seq::index;
use serde::Serialize;

use crate::Error;
use latent::{Stream, interaction, normal, stream};

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

/// What no model can be expected to surpass.
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
    config: SimulateConfig,
    truth: Vec<f64>,
}

impl Universe {
    /// Noise-free affinities, aligned with the pairs: row `n` of the written pair table has truth `n - 1`.
    pub fn truth(&self) -> &[f64] {
        &self.truth
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
        Some(binding(drug, target, self.config.hidden))
    }
}

/// The binding rule.
fn binding(drug: &SimulatedDrug, target: &SimulatedTarget, hidden: f64) -> f64 {
    6.2 + drug.bias + target.bias + interaction(&drug.latent, &target.latent, hidden)
}

/// Simulates a universe: the same `config` always gives the same one.
pub fn simulate(config: &SimulateConfig) -> Result<Universe, Error> {
    config.check()?;
    let drugs = molecules::drugs(config)?;
    let targets = proteins::targets(config);
    let mut random = stream(config.seed, Stream::Pairs);
    let cells = index::sample(&mut random, config.drugs * config.targets, config.pairs);
    let mut noise = stream(config.seed, Stream::Noise);
    let (mut pairs, mut truth) = (Vec::with_capacity(cells.len()), Vec::with_capacity(cells.len()));
    for cell in cells {
        let (drug, target) = (cell / config.targets, cell % config.targets);
        let planted = binding(&drugs[drug], &targets[target], config.hidden);
        truth.push(planted);
        pairs.push(SimulatedPair {
            drug: drug as u32,
            target: target as u32,
            affinity: planted + config.noise.affinity * normal(&mut noise),
            binds: false,
        });
    }
    let mut sorted: Vec<f64> = pairs.iter().map(|pair| pair.affinity).collect();
    sorted.sort_by(f64::total_cmp);
    let above = ((1.0 - config.binders) * sorted.len() as f64) as usize;
    let threshold = sorted[above.min(sorted.len() - 1)];
    pairs
        .iter_mut()
        .for_each(|pair| pair.binds = pair.affinity >= threshold);
    Ok(Universe {
        drugs,
        targets,
        pairs,
        threshold,
        config: config.clone(),
        truth,
    })
}
