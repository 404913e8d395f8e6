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

mod latent;
mod molecules;
mod proteins;
mod sides;
mod text;
mod write;

pub use latent::{Latent, RANK, VISIBLE};

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};
use latent::{Stream, interaction, normal, stream};

/// Share of the drugs (or targets) about which a modality says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MissingRates {
    /// Descriptions of drugs.
    pub text_drug: f64,
    /// Descriptions of targets.
    pub text_target: f64,
    /// Expression signatures.
    pub transcriptome_drug: f64,
    /// Assay profiles.
    pub bioassay_drug: f64,
    /// Single outcomes within the assay profiles that exist.
    pub assay_outcome: f64,
}

impl Default for MissingRates {
    fn default() -> Self {
        Self {
            text_drug: 0.2,
            text_target: 0.1,
            transcriptome_drug: 0.4,
            bioassay_drug: 0.3,
            assay_outcome: 0.25,
        }
    }
}

/// How unreliable each thing is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseLevels {
    /// Standard deviation of the affinities about the truth, in pKd.
    pub affinity: f64,
    /// Probability that a statement of a text says the opposite.
    pub text: f64,
    /// Standard deviation of an expression value about its signal, which has standard deviation 1.
    pub transcriptome: f64,
    /// Standard deviation on the liability of an assay outcome, whose signal has standard deviation 1.
    pub bioassay: f64,
}

impl Default for NoiseLevels {
    fn default() -> Self {
        Self {
            affinity: 0.4,
            text: 0.1,
            transcriptome: 1.0,
            bioassay: 0.5,
        }
    }
}

/// Configuration of [`simulate`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulateConfig {
    /// Distinct drugs.
    pub drugs: usize,
    /// Distinct targets.
    pub targets: usize,
    /// Distinct measured pairs.
    pub pairs: usize,
    /// Seed.
    pub seed: u64,
    /// Share `h` of the interaction's variance that the structure of the drug does not show.
    pub hidden: f64,
    /// Share of the pairs that bind.
    pub binders: f64,
    /// Genes of an expression signature.
    pub genes: usize,
    /// Assays of a profile.
    pub assays: usize,
    /// Noise.
    pub noise: NoiseLevels,
    /// Missing side data.
    pub missing: MissingRates,
}

impl Default for SimulateConfig {
    fn default() -> Self {
        Self {
            drugs: 400,
            targets: 120,
            pairs: 8000,
            seed: 0,
            hidden: 0.25,
            binders: 0.3,
            genes: 100,
            assays: 24,
            noise: NoiseLevels::default(),
            missing: MissingRates::default(),
        }
    }
}

impl SimulateConfig {
    /// Refuses universes that cannot be made.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |reason: String| Err(Error::new(ErrorKind::Infeasible, format!("simulation: {reason}")));
        if self.drugs == 0 || self.targets == 0 || self.pairs == 0 || self.genes == 0 || self.assays == 0 {
            return refuse("the numbers of drugs, targets, pairs, genes and assays must be above 0".into());
        }
        let (most_drugs, most_targets) = (molecules::MOST, 100_000);
        if self.drugs > most_drugs || self.targets > most_targets {
            return refuse(format!(
                "at most {most_drugs} drugs and {most_targets} targets can be made"
            ));
        }
        if self.pairs > self.drugs * self.targets {
            let known = self.drugs * self.targets;
            return refuse(format!("{} pairs are asked for, but only {known} exist", self.pairs));
        }
        let (missing, noise) = (self.missing, self.noise);
        let shares = [
            ("hidden", self.hidden),
            ("binders", self.binders),
            ("noise.text", noise.text),
            ("missing.text_drug", missing.text_drug),
            ("missing.text_target", missing.text_target),
            ("missing.transcriptome_drug", missing.transcriptome_drug),
            ("missing.bioassay_drug", missing.bioassay_drug),
            ("missing.assay_outcome", missing.assay_outcome),
        ];
        if let Some((name, _)) = shares.iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return refuse(format!("`{name}` must lie between 0 and 1"));
        }
        let sizes = [noise.affinity, noise.transcriptome, noise.bioassay];
        if sizes.iter().any(|sd| !(0.0..1e6).contains(sd)) {
            return refuse("standard deviations of noise must be numbers from 0 on".into());
        }
        Ok(())
    }
}

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
    let mut cells: Vec<u64> = (0..(config.drugs * config.targets) as u64).collect();
    let (cells, _) = cells.partial_shuffle(&mut random, config.pairs);
    let mut noise = stream(config.seed, Stream::Noise);
    let (mut pairs, mut truth) = (Vec::with_capacity(cells.len()), Vec::with_capacity(cells.len()));
    for cell in cells {
        let (drug, target) = (*cell / config.targets as u64, *cell % config.targets as u64);
        let planted = binding(&drugs[drug as usize], &targets[target as usize], config.hidden);
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
