//! Drugs from fragments: substituent, scaffold, linker and tail, each with a latent vector and a bias.
//!
//! `SMILES = scaffold[A := substituent, B := linker + tail]`. Every molecule passes the same gate as real input.

use std::collections::BTreeSet;

use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};
use rand::seq::SliceRandom;

use super::{
    config::{Rule, SimulateConfig},
    fragments::{COMBINATIONS, KINDS, assemble, fragments},
    keys,
    latent::{Latent, RANK, Stream, VISIBLE, add, missing, normal, random_latent, stream},
    sides, text,
    universe::SimulatedDrug,
};
use crate::{Error, ErrorKind};

/// Weights of scaffold, substituent, linker and tail; their squares add up to 1.
const WEIGHTS: [f64; 4] = [0.7, 0.45, 0.25, 0.494_974_746_830_583_4];

/// Latent vectors and biases of the fragments of one kind.
fn library(count: usize, random: &mut rand_chacha::ChaCha8Rng) -> Vec<(Latent, f64)> {
    (0..count)
        .map(|_| (random_latent(random, VISIBLE), normal(random)))
        .collect()
}

/// The drugs of a universe.
pub(super) fn drugs(config: &SimulateConfig) -> Result<Vec<SimulatedDrug>, Error> {
    let mut random = stream(config.seed, Stream::Fragments);
    let libraries = KINDS.map(|n| library(n, &mut random));
    let mut combinations: Vec<usize> = (0..COMBINATIONS).collect();
    combinations.shuffle(&mut stream(config.seed, Stream::Molecules));
    let mut hidden = stream(config.seed, Stream::Hidden);
    let (mut known, mut drugs) = (BTreeSet::new(), Vec::with_capacity(config.drugs));
    for combination in combinations {
        if drugs.len() == config.drugs {
            break;
        }
        let chosen = fragments(combination);
        let assembled = assemble(chosen);
        let molecule = ChematicToolkit.molecule(&assembled).map_err(|source| {
            let reason = format!("the simulated molecule `{assembled}` does not pass the gate");
            Error::new(ErrorKind::Infeasible, reason).caused_by(source)
        })?;
        if !known.insert(molecule.smiles.clone()) {
            continue;
        }
        let (mut latent, mut bias) = ([0.0; RANK], 0.0);
        for ((library, fragment), weight) in libraries.iter().zip(chosen).zip(WEIGHTS) {
            add(&mut latent, weight, &library[fragment].0);
            bias += 0.4 * weight * library[fragment].1;
        }
        latent[VISIBLE..]
            .iter_mut()
            .for_each(|value| *value = normal(&mut hidden));
        drugs.push(SimulatedDrug {
            id: format!("SD{:04}", drugs.len() + 1),
            smiles: molecule.smiles.clone(),
            latent,
            bias,
            keys: match config.rule {
                Rule::Latent => Default::default(),
                Rule::Keys => keys::atoms(&molecule.graph),
            },
            text: None,
            transcriptome: None,
            bioassay: None,
        });
    }
    if drugs.len() < config.drugs {
        let reason = format!("only {} distinct molecules can be built", drugs.len());
        return Err(Error::new(ErrorKind::Infeasible, reason).hint("request fewer drugs"));
    }
    sides::expression(config, &mut drugs);
    sides::assays(config, &mut drugs);
    let gone = missing(
        drugs.len(),
        config.missing.text_drug,
        stream(config.seed, Stream::MissingTextDrug),
    );
    let mut random = stream(config.seed, Stream::TextDrug);
    for (drug, gone) in drugs.iter_mut().zip(gone) {
        let written = text::of_drug(&drug.latent, config.noise.text, &mut random);
        drug.text = (!gone).then_some(written);
    }
    Ok(drugs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_keep_the_variance() {
        assert!((WEIGHTS.iter().map(|w| w * w).sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
