//! Labels of another kind than the model predicts.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use fusebind::{
    Model,
    data::{
        split::{Part, Split},
        table::{Dataset, Interaction, Scale},
    },
    features::entity::side::SideData,
    model::device::Device,
    train::{
        calibrate::train,
        evaluate::{Evaluation, EvaluationConfig, EvaluationSet, evaluate},
        recipe::Recipe,
        trainer::{Job, Silent},
    },
};
use support::simulated;

const RECIPE: &str = "name = \"small\"\ntask = \"affinity\"\n[model]\nwidth = 32\n[model.graph]\nlayers = 1\ndim = 16\nsubstructures = 700\n\
     [model.sequence]\ncomposition = 600\n[model.interaction]\ndim = 32\nrank = 8\nlayers = 1\n[model.neighbours]\ndim = 32\n\
     [training]\nepochs = 2\n[calibration]\nhold_outs = 0\n";

/// Scores of the test part after `change` to each of its pairs.
fn scores(
    model: &Model,
    dataset: &Dataset,
    split: &Split,
    change: impl Fn(&mut Interaction),
) -> Result<Evaluation, String> {
    let mut dataset = dataset.clone();
    for index in split.part(Part::Test) {
        change(&mut dataset.interactions[*index as usize]);
    }
    let none = SideData::default();
    let set = EvaluationSet {
        dataset: &dataset,
        drug_side: &none,
        target_side: &none,
        split,
        part: Part::Test,
    };
    let scored = evaluate(model.trained(), &set, &EvaluationConfig::default());
    scored.map(|(evaluation, _)| evaluation).map_err(|e| e.to_string())
}

#[test]
fn labels_that_the_model_does_not_predict_are_scored_by_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, split) = simulated(&folder.path().join("data"), [120, 40, 2500]);
    let out = folder.path().join("run");
    let none = SideData::default();
    let job = Job {
        recipe: &Recipe::parse(RECIPE).unwrap(),
        dataset: &dataset,
        side: [&none, &none],
        split: &split,
        seed: 1,
        device: &Device::flex(),
        out: &out,
        cache: None,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut Silent).unwrap();
    let model = Model::open(&out).unwrap();

    let own = scores(&model, &dataset, &split, |_| ()).unwrap();
    assert_eq!(own.by_rank, None);
    let other_scale = |i: &mut Interaction| i.affinity.iter_mut().for_each(|a| a.scale = Scale::PEc50);
    let other = scores(&model, &dataset, &split, other_scale).unwrap();
    assert_eq!((other.by_rank.as_deref(), other.n), (Some("pEC50"), own.n));
    let names: Vec<&String> = other.metrics.keys().collect();
    assert_eq!(
        names,
        ["ci", "pearson", "spearman"],
        "an error on another scale is none"
    );
    // The values are the same, and so is their order.
    assert_eq!(other.metrics["ci"], own.metrics["ci"]);
    assert_eq!(other.within_target.scores, own.within_target.scores);
    let baseline = "fingerprint kNN";
    assert_eq!(other.baselines[baseline]["ci"], own.baselines[baseline]["ci"]);
    assert!(!other.baselines[baseline].contains_key("mse"));
    assert!(other.notes.iter().any(|note| note.contains("only how it orders")));

    let classes = |i: &mut Interaction| i.affinity = None;
    let classes = scores(&model, &dataset, &split, classes).unwrap();
    assert_eq!(classes.by_rank.as_deref(), Some("binding"));
    assert_eq!(classes.metrics.keys().collect::<Vec<_>>(), ["auprc", "auroc"]);
    assert!(classes.metrics["auroc"] > 0.7, "{:?}", classes.metrics);
    assert!(classes.baselines["nearest_active"].contains_key("auroc"));

    let nothing = |i: &mut Interaction| (i.affinity, i.binds) = (None, None);
    let refused = scores(&model, &dataset, &split, nothing).unwrap_err();
    assert!(refused.contains("no pair of this part has a label"), "{refused}");
}
