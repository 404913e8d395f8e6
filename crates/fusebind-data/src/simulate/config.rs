//! What a simulated universe is made of, and how much of it is noisy or missing.

use serde::{Deserialize, Serialize};

use super::fragments;
use crate::{Error, ErrorKind};

/// Most targets, and most genes or assays: beyond these a universe would be a matter of memory.
const MOST: (usize, usize) = (100_000, 5_000);

/// Share of the drugs (or targets) for which a modality is missing.
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
    /// Probability that a statement of a text is the opposite of the truth.
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

/// What makes a pair bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Latent vectors of fragments, families and motifs.
    #[default]
    Latent,
    /// Fragments that each bind to one motif, at places that are written down.
    Keys,
}

/// Configuration of [`simulate`](super::simulate).
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
    /// What makes a pair bind.
    pub rule: Rule,
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
            pairs: 10_000,
            seed: 0,
            rule: Rule::default(),
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
        let (drugs, (targets, columns)) = (fragments::MOST, MOST);
        if self.drugs > drugs || self.targets > targets || self.genes.max(self.assays) > columns {
            return refuse(format!(
                "at most {drugs} drugs, {targets} targets, and {columns} genes or assays can be made"
            ));
        }
        if self.pairs > self.drugs * self.targets {
            let known = self.drugs * self.targets;
            return refuse(format!("{} pairs are requested, but only {known} exist", self.pairs));
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
