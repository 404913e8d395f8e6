//! Drugs from fragments: substituent, scaffold, linker and tail, each with a latent vector and a bias.
//!
//! `SMILES = scaffold[A := substituent, B := linker + tail]`. Every molecule passes the same gate as real input.

use std::collections::BTreeSet;

use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};
use rand::seq::SliceRandom;

use super::{
    SimulateConfig, SimulatedDrug,
    latent::{Latent, RANK, Stream, VISIBLE, add, draw, missing, normal, stream},
    sides, text,
};
use crate::{Error, ErrorKind};

/// Ring systems with two places for substitution, on carbon.
const SCAFFOLDS: [&str; 12] = [
    "c1cc({A})cc({B})c1",
    "n1cc({A})ccc1{B}",
    "c1nc({A})c2cc({B})ccc2n1",
    "c1c({A})c2cc({B})ccc2[nH]1",
    "c1({A})nc2cc({B})ccc2[nH]1",
    "c1({A})nc({B})cs1",
    "C1CC({A})CCC1{B}",
    "c1c({A})ccc2cc({B})ccc12",
    "c1({A})nc2c({B})ncnc2[nH]1",
    "c1({A})noc({B})c1",
    "C1CC({A})Cc2cc({B})ccc12",
    "c1c({A})c2c(cc1{B})OCO2",
];
/// Small groups at place A.
const SUBSTITUENTS: [&str; 12] = [
    "F",
    "Cl",
    "C",
    "OC",
    "N",
    "C#N",
    "C(F)(F)F",
    "C(=O)O",
    "C(N)=O",
    "S(C)(=O)=O",
    "C(C)(C)C",
    "[N+](=O)[O-]",
];
/// What joins place B and the tail.
const LINKERS: [&str; 8] = ["", "C", "N", "O", "C(=O)N", "NC(=O)", "CC", "S(=O)(=O)N"];
/// Groups at the far end; ring closures 3 do not meet those of a scaffold.
const TAILS: [&str; 12] = [
    "C",
    "C3CC3",
    "c3ccncc3",
    "Cc3ccccc3",
    "CC(F)(F)F",
    "CCO",
    "CCN(C)C",
    "c3ccc(F)cc3",
    "c3ccc(OC)cc3",
    "C3CCCCC3",
    "c3cccs3",
    "C3CCOCC3",
];
/// Fragment combinations.
const COMBINATIONS: usize = SCAFFOLDS.len() * SUBSTITUENTS.len() * LINKERS.len() * TAILS.len();
/// Most drugs: some combinations are the same molecule, so not all are asked for.
pub(super) const MOST: usize = COMBINATIONS / 2;
/// Weights of scaffold, substituent, linker and tail; their squares add up to 1.
const WEIGHTS: [f64; 4] = [0.7, 0.45, 0.25, 0.494_974_746_830_583_4];

/// Latent vectors and biases of the fragments of one kind.
fn library(count: usize, random: &mut rand_chacha::ChaCha8Rng) -> Vec<(Latent, f64)> {
    (0..count).map(|_| (draw(random, VISIBLE), normal(random))).collect()
}

/// The fragments of combination number `combination`, by kind.
fn fragments(mut combination: usize) -> [usize; 4] {
    [SCAFFOLDS.len(), SUBSTITUENTS.len(), LINKERS.len(), TAILS.len()].map(|count| {
        let fragment = combination % count;
        combination /= count;
        fragment
    })
}

fn assemble([scaffold, substituent, linker, tail]: [usize; 4]) -> String {
    SCAFFOLDS[scaffold]
        .replace("{A}", SUBSTITUENTS[substituent])
        .replace("{B}", &[LINKERS[linker], TAILS[tail]].concat())
}

/// The drugs of a universe.
pub(super) fn drugs(config: &SimulateConfig) -> Result<Vec<SimulatedDrug>, Error> {
    let mut random = stream(config.seed, Stream::Fragments);
    let libraries = [SCAFFOLDS.len(), SUBSTITUENTS.len(), LINKERS.len(), TAILS.len()].map(|n| library(n, &mut random));
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
            smiles: molecule.smiles,
            latent,
            bias,
            text: None,
            transcriptome: None,
            bioassay: None,
        });
    }
    if drugs.len() < config.drugs {
        let reason = format!("only {} distinct molecules can be built", drugs.len());
        return Err(Error::new(ErrorKind::Infeasible, reason).hint("ask for fewer drugs"));
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
    fn every_fragment_makes_a_valid_molecule() {
        // Each scaffold with each substituent, and with each linker and tail.
        for scaffold in 0..SCAFFOLDS.len() {
            let mut combinations: Vec<[usize; 4]> = (0..SUBSTITUENTS.len()).map(|s| [scaffold, s, 0, 0]).collect();
            combinations.extend((0..LINKERS.len()).flat_map(|l| (0..TAILS.len()).map(move |t| [scaffold, 2, l, t])));
            for chosen in combinations {
                let smiles = assemble(chosen);
                assert!(ChematicToolkit.molecule(&smiles).is_ok(), "{smiles}");
            }
        }
        assert!((WEIGHTS.iter().map(|w| w * w).sum::<f64>() - 1.0).abs() < 1e-9);
        let all: BTreeSet<[usize; 4]> = (0..COMBINATIONS).map(fragments).collect();
        assert_eq!(all.len(), COMBINATIONS);
    }
}
