//! A simulated universe reads back whole, is the same every time, and each setting changes what it names and nothing else.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use std::collections::BTreeSet;

use fusebind_data::{
    ErrorKind,
    modality::load_modalities,
    simulate::{MissingRates, NoiseLevels, SimulateConfig, Universe, VISIBLE, simulate},
    source::{LoadConfig, load_dataset},
};
use fusebind_features::entity::molecule::ChematicToolkit;

fn small() -> SimulateConfig {
    SimulateConfig {
        drugs: 60,
        targets: 24,
        pairs: 900,
        seed: 3,
        ..SimulateConfig::default()
    }
}

fn made(config: &SimulateConfig) -> Universe {
    simulate(config).expect("the configuration is feasible")
}

#[test]
fn a_written_universe_reads_back_without_a_rejected_row() {
    let universe = made(&small());
    let dir = tempfile::tempdir().unwrap();
    universe.write(dir.path()).unwrap();
    let (data, rejections) = load_dataset(dir.path(), &ChematicToolkit, &LoadConfig::default()).unwrap();
    assert!(rejections.is_empty(), "{rejections:?}");
    assert_eq!(
        (data.drugs.len(), data.targets.len(), data.interactions.len()),
        (60, 24, 900)
    );
    for (interaction, pair) in data.interactions.iter().zip(&universe.pairs) {
        assert_eq!(
            data.drugs[interaction.drug as usize].ids,
            [universe.drugs[pair.drug as usize].id.clone()]
        );
        assert_eq!(
            data.targets[interaction.target as usize].ids,
            [universe.targets[pair.target as usize].id.clone()]
        );
        assert_eq!(interaction.affinity.unwrap().value, pair.affinity);
        assert_eq!(interaction.binds, Some(pair.binds));
    }
    let (sides, rejections) = load_modalities(&dir.path().join("modalities"), &data).unwrap();
    assert!(
        rejections.is_empty() && sides.skipped.is_empty(),
        "{rejections:?} {:?}",
        sides.skipped
    );
    assert_eq!((sides.texts.len(), sides.profiles.len()), (2, 2));
}

#[test]
fn the_same_seed_gives_the_same_universe_and_another_another() {
    assert_eq!(made(&small()), made(&small()));
    let other = made(&SimulateConfig { seed: 4, ..small() });
    assert_ne!(made(&small()).drugs[0].smiles, other.drugs[0].smiles);
    assert_ne!(made(&small()).targets[0].sequence, other.targets[0].sequence);
    let smiles: BTreeSet<&str> = other.drugs.iter().map(|drug| drug.smiles.as_str()).collect();
    let sequences: BTreeSet<&str> = other.targets.iter().map(|target| target.sequence.as_str()).collect();
    let pairs: BTreeSet<(u32, u32)> = other.pairs.iter().map(|pair| (pair.drug, pair.target)).collect();
    assert_eq!(
        (smiles.len(), sequences.len(), pairs.len()),
        (60, 24, 900),
        "all distinct"
    );
}

#[test]
fn the_truth_is_planted_and_the_noise_is_as_stated() {
    let universe = made(&SimulateConfig {
        drugs: 200,
        targets: 80,
        pairs: 6000,
        ..SimulateConfig::default()
    });
    for (pair, truth) in universe.pairs.iter().zip(universe.truth()) {
        assert_eq!(universe.affinity(pair.drug, pair.target), Some(*truth));
    }
    assert_eq!(universe.affinity(200, 0), None);
    let ceiling = universe.ceiling();
    assert!((ceiling.mse - 0.16).abs() < 1e-12);
    assert!((ceiling.observed_mse / ceiling.mse - 1.0).abs() < 0.08, "{ceiling:?}");
    let count = universe.truth().len() as f64;
    let mean = universe.truth().iter().sum::<f64>() / count;
    let variance = universe.truth().iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / count;
    assert!(
        (0.5..2.5).contains(&variance),
        "there is something to learn: {variance}"
    );
    let binders = universe.pairs.iter().filter(|pair| pair.binds).count() as f64 / count;
    assert!((binders - 0.3).abs() < 0.01);
    assert!(
        universe
            .pairs
            .iter()
            .all(|pair| pair.binds == (pair.affinity >= universe.threshold))
    );
    let exact = made(&SimulateConfig {
        noise: NoiseLevels {
            affinity: 0.0,
            ..NoiseLevels::default()
        },
        ..small()
    });
    assert_eq!(exact.ceiling().observed_mse, 0.0);
}

#[test]
fn missing_rates_and_noise_move_their_modality_only() {
    let base = made(&small());
    let missing = MissingRates {
        transcriptome_drug: 0.9,
        ..MissingRates::default()
    };
    let sparse = made(&SimulateConfig { missing, ..small() });
    let present = |universe: &Universe| universe.drugs.iter().filter(|d| d.transcriptome.is_some()).count();
    assert_eq!((present(&base), present(&sparse)), (36, 6));
    assert_eq!(base.truth(), sparse.truth());
    assert!(
        base.drugs
            .iter()
            .zip(&sparse.drugs)
            .all(|(a, b)| a.text == b.text && a.bioassay == b.bioassay)
    );
    assert_eq!(base.drugs.iter().filter(|drug| drug.text.is_none()).count(), 12);
    assert_eq!(base.targets.iter().filter(|target| target.text.is_none()).count(), 2);
    assert_eq!(base.drugs.iter().filter(|drug| drug.bioassay.is_none()).count(), 18);

    let noise = NoiseLevels {
        text: 0.5,
        ..NoiseLevels::default()
    };
    let vague = made(&SimulateConfig { noise, ..small() });
    assert_eq!(vague.pairs, base.pairs);
    assert!(base.drugs.iter().zip(&vague.drugs).any(|(a, b)| a.text != b.text));
    assert!(
        base.drugs
            .iter()
            .zip(&vague.drugs)
            .all(|(a, b)| a.transcriptome == b.transcriptome)
    );
    let noise = NoiseLevels {
        transcriptome: 0.0,
        bioassay: 0.0,
        ..NoiseLevels::default()
    };
    let sharp = made(&SimulateConfig { noise, ..small() });
    assert_ne!(sharp.drugs, base.drugs);
    assert_eq!(sharp.pairs, base.pairs);
}

#[test]
fn side_data_shows_what_structure_hides() {
    let universe = made(&SimulateConfig { drugs: 300, ..small() });
    // Nine texts in ten state the sign of the first hidden number.
    let (mut right, mut with_text) = (0, 0);
    for drug in &universe.drugs {
        let Some(text) = &drug.text else { continue };
        with_text += 1;
        right += usize::from(text.contains("slowly cleared") == (drug.latent[VISIBLE] > 0.0));
    }
    let share = right as f64 / with_text as f64;
    assert!((0.84..0.96).contains(&share), "{share}");
    // A hidden share of 0 takes the hidden numbers out of the truth.
    let open = made(&SimulateConfig { hidden: 0.0, ..small() });
    let closed = made(&SimulateConfig { hidden: 1.0, ..small() });
    assert_ne!(open.truth(), closed.truth());
    assert_eq!(open.drugs, closed.drugs);
}

#[test]
fn impossible_universes_are_refused() {
    for config in [
        SimulateConfig {
            pairs: 60 * 24 + 1,
            ..small()
        },
        SimulateConfig { drugs: 0, ..small() },
        SimulateConfig {
            drugs: 10_000_000,
            ..small()
        },
        SimulateConfig { hidden: 1.5, ..small() },
        SimulateConfig {
            noise: NoiseLevels {
                affinity: f64::NAN,
                ..NoiseLevels::default()
            },
            ..small()
        },
        SimulateConfig {
            missing: MissingRates {
                text_drug: -0.1,
                ..MissingRates::default()
            },
            ..small()
        },
    ] {
        assert_eq!(simulate(&config).unwrap_err().kind(), ErrorKind::Infeasible);
    }
    assert_eq!(
        made(&SimulateConfig {
            pairs: 60 * 24,
            ..small()
        })
        .pairs
        .len(),
        60 * 24
    );
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(
        made(&small()).write(&dir.path().join("file")).unwrap_err().kind(),
        ErrorKind::Write
    );
}
