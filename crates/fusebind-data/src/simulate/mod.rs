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
//! With [`Rule::Keys`] fragments bind to motifs instead, at places that are known.
//!
//! The hidden part of `d`, a share `h` of the interaction, is not in the structure: only texts, expression and assays show it.
//! Changing the noise or the missing rate of one modality changes nothing else, since each thing has its own random stream.
//! All arithmetic is exact IEEE arithmetic, so a universe is the same on every machine.
//!
//! ```
//! use fusebind_data::simulate::{SimulateConfig, simulate};
//! let universe = simulate(&SimulateConfig { drugs: 30, targets: 10, pairs: 200, ..SimulateConfig::default() })?;
//! assert_eq!(universe.truth().len(), 200);
//! // No model is expected to predict the noisy affinities better than this.
//! assert!((universe.ceiling().mse - 0.16).abs() < 1e-12);
//! # Ok::<(), fusebind_data::Error>(())
//! ```

mod config;
mod fragments;
mod keys;
mod latent;
mod molecules;
mod proteins;
mod sides;
mod text;
mod universe;
mod write;

pub use config::{MissingRates, NoiseLevels, Rule, SimulateConfig};
pub use keys::{Places, PlantedKeys};
pub use latent::{Latent, RANK, VISIBLE};
pub use universe::{Ceiling, SimulatedDrug, SimulatedPair, SimulatedTarget, Universe};

use rand::seq::index;

use crate::Error;
use latent::{Stream, normal, stream};
use universe::binding;

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
        let planted = binding(&drugs[drug], &targets[target], config);
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
