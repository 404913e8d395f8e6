//! A prediction is a function of the model, the compound, the protein and their side data alone.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::path::Path;

use fusebind::{
    Compound, Model, Pair, Prediction, SideRecord, Target,
    data::{
        modality::{Side, load_modalities},
        simulate::{SimulateConfig, simulate},
        source::{LoadConfig, load_dataset},
        split::{Fractions, SplitBy, split},
        table::Dataset,
    },
    features::entity::{
        molecule::ChematicToolkit,
        side::{Profiles, SideData},
    },
    model::device::Device,
    predict::CachingModel,
    train::{
        calibrate::train,
        recipe::Recipe,
        trainer::{Job, Silent},
    },
};

const RECIPE: &str = "name = \"small\"\ntask = \"joint\"\n[model]\nwidth = 32\n[model.graph]\nlayers = 1\ndim = 16\nsubstructures = 700\n\
     [model.sequence]\ncomposition = 600\n[model.interaction]\ndim = 32\nrank = 8\nlayers = 1\n[model.neighbours]\ndim = 32\n\
     [training]\nepochs = 2\nstructure_only_shares = [0.3]\n[training.curriculum]\nkind = \"acmo\"\nmismatch_prior = 0.1\n";

fn simulated(folder: &Path) -> (Dataset, [SideData; 2]) {
    let config = SimulateConfig {
        drugs: 150,
        targets: 60,
        pairs: 2500,
        seed: 3,
        ..SimulateConfig::default()
    };
    simulate(&config).unwrap().write(folder).unwrap();
    let (dataset, _) = load_dataset(folder, &ChematicToolkit, &LoadConfig::default()).unwrap();
    let (tables, _) = load_modalities(&folder.join("modalities"), &dataset).unwrap();
    let side = [Side::Drug, Side::Target].map(|s| tables.side(s, &[], &dataset));
    (dataset, side)
}

fn trained(recipe: &str, folder: &Path, dataset: &Dataset, side: &[SideData; 2]) -> Model {
    let job = Job {
        recipe: &Recipe::parse(recipe).unwrap(),
        dataset,
        side: [&side[0], &side[1]],
        split: &split(dataset, SplitBy::Random, Fractions::default(), 1).unwrap(),
        seed: 1,
        device: &Device::flex(),
        out: &folder.join("run"),
        cache: None,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut Silent).unwrap();
    Model::open(folder.join("run")).unwrap()
}

/// What the tables hold of one entity.
fn record(side: &SideData, entity: usize) -> SideRecord {
    let rows = |profiles: &Profiles| {
        let row = |row: &[f32]| {
            let cells = profiles.columns.iter().cloned().zip(row.iter().copied());
            cells.filter(|(_, value)| value.is_finite()).collect()
        };
        profiles
            .rows(entity)
            .map(row)
            .collect::<Vec<std::collections::BTreeMap<String, f32>>>()
    };
    SideRecord {
        texts: side.texts(entity).to_vec(),
        signatures: rows(&side.transcriptome),
        assays: rows(&side.bioassay).into_iter().next().unwrap_or_default(),
        embeddings: Vec::new(),
    }
}

/// Every number of a prediction, by its bits.
fn bits(prediction: &Prediction) -> Vec<Option<u64>> {
    let lists = [&prediction.weights, &prediction.mismatch_probabilities];
    let affinity = prediction.affinity.iter().copied().map(Some);
    let certainty = prediction.certainty.as_ref().expect("hold-outs were trained");
    let intervals = certainty.affinity.iter().flatten();
    let intervals = intervals.flat_map(|of| of.half_widths.iter().copied().chain([Some(of.expected_error)]));
    let all = affinity
        .chain([
            prediction.probability,
            certainty.binding.as_ref().map(|b| b.probability),
        ])
        .chain(intervals)
        .chain(lists.into_iter().flatten().copied());
    all.map(|value| value.map(f64::to_bits)).collect()
}

#[test]
fn every_pair_has_the_same_bits_alone_together_shuffled_in_shards_and_with_any_number_of_threads() {
    pairs_have_the_same_bits(RECIPE);
}

#[test]
fn every_pair_has_the_same_bits_with_a_structure_model() {
    pairs_have_the_same_bits(&RECIPE.replace("epochs = 2", "epochs = 2\nstructure_model = true"));
}

fn pairs_have_the_same_bits(recipe: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, side) = simulated(folder.path());
    let model = trained(recipe, folder.path(), &dataset, &side);
    let compounds: Vec<std::sync::Arc<Compound>> = (dataset.drugs.iter().enumerate())
        .map(|(at, drug)| {
            Compound::parse(&drug.molecule.smiles)
                .unwrap()
                .with_side(record(&side[0], at))
                .unwrap()
                .into()
        })
        .collect();
    let targets: Vec<std::sync::Arc<Target>> = (dataset.targets.iter().enumerate())
        .map(|(at, target)| {
            Target::parse(&target.protein.sequence)
                .unwrap()
                .with_side(record(&side[1], at))
                .unwrap()
                .into()
        })
        .collect();
    let pairs: Vec<Pair> = (dataset.interactions.iter().take(700))
        .map(|i| Pair::new(compounds[i.drug as usize].clone(), targets[i.target as usize].clone()))
        .collect();
    let together: Vec<_> = model.predict(&pairs).iter().map(bits).collect();
    assert!(
        together.iter().any(|row| row.iter().flatten().count() > 6),
        "side data are read"
    );
    let checked = model
        .predict(&pairs)
        .iter()
        .flat_map(|p| p.mismatch_probabilities.clone())
        .flatten()
        .any(|p| p > 0.0);
    assert!(checked, "side values are checked");

    let reversed: Vec<Pair> = pairs.iter().rev().cloned().collect();
    let mut back: Vec<_> = model.predict(&reversed).iter().map(bits).collect();
    back.reverse();
    assert!(back == together, "in another order");
    for shard in [1, 7, 64, 300] {
        let rows = pairs.chunks(shard).take(if shard == 1 { 60 } else { usize::MAX });
        let apart: Vec<_> = rows.flat_map(|rows| model.predict(rows)).map(|p| bits(&p)).collect();
        assert!(apart[..] == together[..apart.len()], "in shards of {shard}");
    }
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let again: Vec<_> = pool.install(|| model.predict(&pairs)).iter().map(bits).collect();
        assert!(again == together, "with {threads} threads");
    }
    // Every third compound and every second protein without side data: these are kept.
    let plain = |pair: &Pair| {
        let (smiles, sequence) = (pair.compound.smiles(), pair.target.sequence());
        let mut pair = pair.clone();
        if smiles.len() % 3 == 0 {
            pair.compound = Compound::parse(smiles).unwrap().into();
        }
        if sequence.len() % 2 == 0 {
            pair.target = Target::parse(sequence).unwrap().into();
        }
        pair
    };
    what_is_kept_changes_nothing(model, &pairs.iter().map(plain).collect::<Vec<_>>());
}

fn what_is_kept_changes_nothing(model: Model, pairs: &[Pair]) {
    let together: Vec<_> = model.predict(pairs).iter().map(bits).collect();
    let model = std::sync::Arc::new(model);
    // Room for everything, for a few entities, and for nothing.
    for bytes in [64 << 20, 200_000, 0] {
        let keeping = CachingModel::new(model.clone(), bytes);
        let alone = |pair: &Pair| bits(&keeping.predict(std::slice::from_ref(pair))[0]);
        let cold: Vec<_> = pairs.iter().take(100).map(alone).collect();
        assert!(cold[..] == together[..100], "alone, seen for the first time, {bytes}");
        let warm: Vec<_> = pairs.iter().take(100).map(alone).collect();
        assert!(warm == cold, "alone, seen before, {bytes}");
        for shard in [7, pairs.len()] {
            let rows = pairs.chunks(shard).flat_map(|rows| keeping.predict(rows));
            let again: Vec<_> = rows.map(|prediction| bits(&prediction)).collect();
            assert!(again == together, "some seen before, in shards of {shard}, {bytes}");
        }
        let [(drugs, _), (targets, _)] = keeping.lookups();
        assert_eq!((drugs > 0, targets > 0), (bytes > 0, bytes > 0), "something was found");
    }
    assert!(CachingModel::new(model, 1 << 20).predict(&[]).is_empty());
}

#[test]
fn rates_of_a_table_at_hand_are_a_step_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, side) = simulated(folder.path());
    let model = trained(RECIPE, folder.path(), &dataset, &side);
    let molecules: Vec<_> = dataset.drugs.iter().map(|d| &d.molecule).collect();
    let proteins: Vec<_> = dataset.targets.iter().map(|t| &t.protein).collect();
    // Every text belongs to the next drug.
    let mut shifted = side[0].clone();
    shifted.texts.rotate_left(1);
    let of = |drugs| fusebind::predict::Entities {
        drugs: &molecules,
        targets: &proteins,
        side: [drugs, &side[1]],
    };
    let text = fusebind::features::modality::Modality::Text;
    let (own, wrong) = (
        model.estimate_mismatch_rates(of(&side[0])),
        model.estimate_mismatch_rates(of(&shifted)),
    );
    assert!(
        own.drug[&text].rate < 0.3 && wrong.drug[&text].rate > own.drug[&text].rate + 0.3,
        "{own:?} {wrong:?}"
    );
    let pairs: Vec<(u32, u32)> = (0..50).map(|i| (i, i % 60)).collect();
    let mean = |model: &Model| {
        let (predictions, _) = model.predict_indexed(of(&shifted), &pairs, |_| {});
        let at = model
            .weight_names()
            .iter()
            .position(|name| name == "drug text")
            .unwrap();
        let all: Vec<f64> = predictions
            .iter()
            .filter_map(|p| p.mismatch_probabilities[at])
            .collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let before = mean(&model);
    let after = mean(&model.clone().with_mismatch_rates(wrong));
    assert!(after > before, "{before} {after}");
}

#[test]
fn what_cannot_be_predicted_is_refused_where_it_comes_in() {
    let compound = || Compound::parse("CCO").unwrap();
    for side in [
        SideRecord {
            assays: [("a".to_string(), f32::NAN)].into(),
            ..SideRecord::default()
        },
        SideRecord {
            embeddings: vec![(fusebind::features::modality::Modality::Graph, vec![1.0, f32::INFINITY])],
            ..SideRecord::default()
        },
    ] {
        let error = compound().with_side(side).unwrap_err().to_string();
        assert!(error.contains("not finite"), "{error}");
    }
    assert!(Pair::parse("C..C", "MKT").is_err() && Pair::parse("CCO", "MK*T").is_err());

    // A control that fills in missing modalities from the other rows would not be a function of its own pair.
    let folder = tempfile::tempdir().unwrap();
    let (dataset, side) = simulated(folder.path());
    let recipe = format!("{RECIPE}[model.fusion]\nabsent = \"knn\"\n");
    let job = Job {
        recipe: &Recipe::parse(&recipe).unwrap(),
        dataset: &dataset,
        side: [&side[0], &side[1]],
        split: &split(&dataset, SplitBy::Random, Fractions::default(), 1).unwrap(),
        seed: 1,
        device: &Device::flex(),
        out: &folder.path().join("run"),
        cache: None,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut Silent).unwrap();
    let error = Model::open(folder.path().join("run")).unwrap_err().to_string();
    assert!(error.contains("control of an ablation"), "{error}");
}
