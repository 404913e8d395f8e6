//! Ensembles: several members in one file, their mean as the prediction, and runs that go on wherever they were stopped.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::path::Path;

use fusebind::{
    Model, Pair,
    data::{split::Split, table::Dataset},
    features::{entity::side::SideData, neighbours::Mask},
    model::trained::TrainedModel,
    predict::CachingModel,
    train::{
        run_dir::RunDir,
        trainer::{Observer, Silent},
    },
};
use support::{SMALL_MODEL, StopAfter, simulated, try_run};

fn run(data: &(Dataset, Split), out: &Path, resume: bool, observer: &mut dyn Observer) {
    let recipe = format!(
        "name = \"small\"\ntask = \"joint\"\n{SMALL_MODEL}[training]\nepochs = 3\nensemble = 3\n[calibration]\nhold_outs = 1\n"
    );
    try_run(
        &recipe,
        (&data.0, &data.1),
        &Default::default(),
        (out, resume),
        observer,
    )
    .unwrap();
}

#[test]
fn an_ensemble_that_is_stopped_in_any_member_goes_on_to_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = simulated(&folder.path().join("data"), [80, 30, 1500]);
    let model = |run: &Path| std::fs::read(run.join("model.safetensors")).unwrap();
    let whole = folder.path().join("whole");
    run(&data, &whole, false, &mut Silent);
    assert!(!whole.join("members").exists() && !whole.join("hold_outs").exists());
    // In the first further member, between members, in the second, in the first member, and in a member of the hold-out.
    for stop in [2, 3, 5, 8, 11] {
        let out = folder.path().join(stop.to_string());
        run(&data, &out, false, &mut StopAfter(stop));
        assert!(!RunDir::open(&out).unwrap().is_finished(), "stopped after {stop}");
        run(&data, &out, true, &mut Silent);
        assert!(RunDir::open(&out).unwrap().is_finished());
        assert!(!out.join("members").exists());
        assert_eq!(model(&out), model(&whole), "stopped after {stop}");
    }
}

#[test]
fn a_prediction_is_the_mean_of_the_members_with_their_spread() {
    let folder = tempfile::tempdir().unwrap();
    let data = simulated(&folder.path().join("data"), [80, 30, 1500]);
    let out = folder.path().join("run");
    run(&data, &out, false, &mut Silent);
    let model = Model::open(&out).unwrap();
    assert_eq!(model.description().members.len(), 2);
    let whole = model.trained();
    // Each member as a model of its own.
    let mut alone: Vec<TrainedModel> = vec![TrainedModel {
        members: Vec::new(),
        ..whole.clone()
    }];
    for member in &whole.members {
        let mut one = alone[0].clone();
        one.model = member.model.clone();
        one.description.encoder_share = member.record.encoder_share;
        one.description.structure_only_share = member.record.structure_only_share;
        one.description.modality_weights = member.record.modality_weights;
        alone.push(one);
    }
    let molecules: Vec<_> = data.0.drugs.iter().map(|drug| &drug.molecule).collect();
    let proteins: Vec<_> = data.0.targets.iter().map(|target| &target.protein).collect();
    let none = SideData::default();
    let (drugs, targets, _) = whole.stores((molecules.iter().copied(), &none), (proteins.iter().copied(), &none));
    let pairs: Vec<(u32, u32)> = (0..200).map(|at| (at % 80, at % 30)).collect();
    let score = |model: &TrainedModel| model.score((&drugs, &targets), &pairs, Mask::default(), |_| {});
    let together = score(whole);
    let apart: Vec<_> = alone.iter().map(score).collect();
    for row in 0..pairs.len() {
        let values: Vec<f64> = apart.iter().map(|one| f64::from(one.affinity[row])).collect();
        let mean = values.iter().sum::<f64>() / 3.0;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
        assert!((f64::from(together.affinity[row]) - mean).abs() < 1e-5);
        assert!((f64::from(together.spread.affinity[row]) - deviation).abs() < 1e-5);
        assert!(deviation > 0.0, "members differ");
        assert!(together.disagreement[row] >= together.spread.affinity[row] - 1e-6);
    }
    assert!(
        apart.iter().all(|one| one.spread.affinity.is_empty()),
        "a single model has no spread"
    );
    let pair = |at: u32| {
        let of = &data.0.interactions[at as usize];
        let smiles = &data.0.drugs[of.drug as usize].molecule.smiles;
        Pair::parse(smiles, &data.0.targets[of.target as usize].protein.sequence).unwrap()
    };
    let some: Vec<Pair> = (0..40).map(pair).collect();
    let all = model.predict(&some);
    let single: Vec<_> = some
        .iter()
        .flat_map(|pair| model.predict(std::slice::from_ref(pair)))
        .collect();
    assert_eq!(all, single, "alone and together");
    let keeping = CachingModel::new(model.clone().into(), 1 << 20);
    assert_eq!(keeping.predict(&some[..20]), all[..20]);
    assert_eq!(keeping.predict(&some), all, "some of them encoded before");
    assert!(
        all.iter()
            .all(|p| p.affinity_spread[0] > 0.0 && p.probability_spread.is_some())
    );
    for (explanation, prediction) in model.explain(&some[..3]).iter().zip(&all) {
        assert!((explanation.modalities.prediction - prediction.affinity[0]).abs() < 1e-4);
    }
}
