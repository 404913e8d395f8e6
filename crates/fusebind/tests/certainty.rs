//! Intervals, domain and reasons of a trained model.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::path::Path;

use fusebind::{
    Compound, Model, Pair, Target,
    data::{
        split::{Part, Split},
        table::{Dataset, Origin},
    },
    features::entity::{molecule::Molecule, protein::Protein, side::SideData},
    model::model_file::ModelInfo,
    predict::{Certainty, Domain, Entities, screen::Panel},
    train::{
        calibrate::recalibrate,
        evaluate::{EvaluationConfig, EvaluationSet, evaluate},
        run_dir::RunDir,
        trainer::{Observer, Silent},
    },
};
use support::{StopAfter, simulated, try_run};

const RECIPE: &str = "name = \"small\"\ntask = \"affinity\"\n[model]\nwidth = 32\n[model.graph]\nlayers = 1\ndim = 16\nsubstructures = 700\n\
     [model.sequence]\ncomposition = 600\n[model.interaction]\ndim = 32\nrank = 8\nlayers = 1\n[model.neighbours]\ndim = 32\n\
     [training]\nepochs = 3\n[calibration]\nhold_outs = 2\n";

fn run(dataset: &Dataset, split: &Split, out: &Path, resume: bool, observer: &mut dyn Observer) {
    run_recipe(RECIPE, dataset, split, (out, resume), observer).unwrap();
}

fn run_recipe(
    recipe: &str,
    dataset: &Dataset,
    split: &Split,
    place: (&Path, bool),
    observer: &mut dyn Observer,
) -> Result<(), String> {
    try_run(recipe, (dataset, split), &Default::default(), place, observer)
}

#[test]
fn a_run_that_stops_among_its_hold_outs_goes_on_to_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, split) = simulated(&folder.path().join("data"), [150, 60, 4000]);
    let whole = folder.path().join("whole");
    run(&dataset, &split, &whole, false, &mut Silent);
    let model = |run: &Path| std::fs::read(run.join("model.safetensors")).unwrap();
    for stop in [2, 4, 7] {
        let out = folder.path().join(stop.to_string());
        run(&dataset, &split, &out, false, &mut StopAfter(stop));
        assert!(!RunDir::open(&out).unwrap().is_finished());
        let other = RECIPE.replace("[calibration]", "[calibration]\nentities = 0.3");
        let refused = run_recipe(&other, &dataset, &split, (&out, true), &mut Silent).unwrap_err();
        assert!(
            refused.contains("`calibration.entities` of the recipe differs"),
            "{refused}"
        );
        run(&dataset, &split, &out, true, &mut Silent);
        assert!(RunDir::open(&out).unwrap().is_finished());
        assert!(!out.join("hold_outs").exists());
        assert_eq!(model(&out), model(&whole), "stopped after {stop}");
        // Killed while the hold-outs were removed: the model has everything.
        std::fs::create_dir_all(out.join("hold_outs/0")).unwrap();
        std::fs::write(out.join("hold_outs/0/run.json"), "half").unwrap();
        run(&dataset, &split, &out, true, &mut Silent);
        assert!(RunDir::open(&out).unwrap().is_finished() && model(&out) == model(&whole));
    }
    let nowhere = folder.path().join("nowhere");
    assert!(run_recipe(RECIPE, &dataset, &split, (&nowhere, true), &mut Silent).is_err());
    assert!(!nowhere.exists(), "a run that cannot be resumed leaves nothing behind");
}

/// Scores of a panel are those of the pairs that predictions put no further out than asked for.
fn a_screening_keeps_what_lies_no_further_out(model: &Model, dataset: &Dataset) {
    let proteins: Vec<_> = dataset.targets.iter().take(3).map(|target| &target.protein).collect();
    let molecules: Vec<_> = dataset.drugs.iter().map(|drug| &drug.molecule).collect();
    let pair = |(molecule, protein): (&&Molecule, &&Protein)| Pair::parse(&molecule.smiles, &protein.sequence).unwrap();
    let pairs: Vec<Pair> = (molecules.iter())
        .flat_map(|molecule| proteins.iter().map(move |protein| pair((molecule, protein))))
        .collect();
    let domains: Vec<Domain> = (model.predict(&pairs).iter())
        .map(|prediction| prediction.certainty.as_ref().unwrap().domain.domain)
        .collect();
    assert!(domains.contains(&Domain::Inside) && domains.contains(&Domain::Edge));
    let panel = Panel::new(model, &proteins);
    for (worst, limit) in [
        (Some(Domain::Inside), Domain::Inside),
        (Some(Domain::Edge), Domain::Edge),
        (None, Domain::Outside),
    ] {
        let is_kept = panel.scores(&molecules, worst).into_iter().map(|score| score.is_some());
        assert!(is_kept.eq(domains.iter().map(|domain| *domain <= limit)), "{worst:?}");
    }
}

#[test]
fn intervals_hold_and_reasons_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, split) = simulated(&folder.path().join("data"), [150, 60, 4000]);
    let out = folder.path().join("run");
    run(&dataset, &split, &out, false, &mut Silent);
    let model = Model::open(&out).unwrap();
    let none = SideData::default();
    let set = EvaluationSet {
        dataset: &dataset,
        drug_side: &none,
        target_side: &none,
        split: &split,
        part: Part::Test,
    };
    let (evaluation, _) = evaluate(model.trained(), &set, &EvaluationConfig::default()).unwrap();
    let calibration = evaluation.calibration.unwrap();
    let coverage = calibration.all.coverage_90.unwrap();
    assert!((0.84..0.96).contains(&coverage), "{coverage}");
    assert!(
        calibration.by_missing.is_empty(),
        "a model of structures alone lacks nothing"
    );

    let pair = |at: u32| {
        let of = &dataset.interactions[split.part(Part::Test)[at as usize] as usize];
        let smiles = &dataset.drugs[of.drug as usize].molecule.smiles;
        Pair::parse(smiles, &dataset.targets[of.target as usize].protein.sequence).unwrap()
    };
    let stranger = Pair::parse("C[Si](C)(C)C", "MGGGGGGGGGGGGSSSSSSSSSSSSSGGGGGGGGGGG").unwrap();
    let pairs = [pair(0), pair(1), stranger];
    let predictions = model.predict(&pairs);
    let domains: Vec<&str> = predictions
        .iter()
        .map(|p| p.certainty.as_ref().unwrap().domain.domain.name())
        .collect();
    assert_eq!(domains, ["inside", "inside", "outside"]);
    // All pairs of this test part are of known entities: what is at the edge is there for the error to expect.
    let mae = |domain: Domain| calibration.by_domain[&domain].mae.unwrap();
    assert!(mae(Domain::Edge) > mae(Domain::Inside));
    a_screening_keeps_what_lies_no_further_out(&model, &dataset);
    for (explanation, prediction) in model.explain(&pairs).iter().zip(&predictions) {
        let of = &explanation.modalities;
        let sum: f64 = of.prior + of.shares.iter().map(|share| share.share).sum::<f64>();
        assert!((sum - of.prediction).abs() < 1e-5);
        assert!(
            (of.prediction - prediction.affinity[0]).abs() < 1e-4,
            "{} {}",
            of.prediction,
            prediction.affinity[0]
        );
        assert!(explanation.residues.parts.len() > 1);
        let atoms = explanation.atoms.as_ref().unwrap();
        let sum: f64 = atoms.parts.iter().map(|part| part.effect).sum();
        assert!((atoms.whole - sum - atoms.unexplained).abs() < 1e-9);
        assert!(
            explanation
                .neighbours
                .iter()
                .all(|n| n.effect.is_finite() && n.drug_similarity <= 1.0)
        );
        // The label of a neighbour is one that was measured with its drug.
        assert_eq!(explanation.label_unit, "pKd");
        for neighbour in &explanation.neighbours {
            let of_drug = (dataset.interactions.iter())
                .filter(|i| dataset.drugs[i.drug as usize].molecule.smiles == neighbour.smiles);
            let mut measured = of_drug.filter_map(|i| i.affinity);
            assert!(measured.any(|affinity| (affinity.value - neighbour.label).abs() < 1e-3));
        }
    }
    let drugs: Vec<_> = dataset.drugs.iter().map(|d| &d.molecule).collect();
    let targets: Vec<_> = dataset.targets.iter().map(|t| &t.protein).collect();
    let entities = Entities {
        drugs: &drugs,
        targets: &targets,
        side: [&none, &none],
    };
    let some: Vec<(u32, u32)> = dataset.interactions[..12].iter().map(|i| (i.drug, i.target)).collect();
    let controls = model.explanation_controls(entities, &some, 1).unwrap();
    assert_eq!(controls.pairs, 12);
    assert!(
        controls.atoms.both.abs() < 0.5 && controls.residues.both.abs() < 0.5,
        "{controls:?}"
    );
    // A training pair of the same drug and target explains nothing, since it never takes part: names are those of the data set.
    let known = model.explain(&pairs[..1]);
    assert!(
        dataset
            .drugs
            .iter()
            .any(|drug| drug.ids.contains(&known[0].neighbours[0].drug))
    );
}

#[test]
fn own_pairs_move_predictions_by_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let (mut dataset, split) = simulated(&folder.path().join("data"), [150, 60, 4000]);
    let out = folder.path().join("run");
    run(&dataset, &split, &out, false, &mut Silent);
    let model = Model::open(&out).unwrap();
    // Another laboratory, which measures everything one and a half units higher.
    dataset
        .interactions
        .iter_mut()
        .filter_map(|i| i.affinity.as_mut())
        .for_each(|a| a.value += 1.5);
    let none = SideData::default();
    let (trust, own) = recalibrate(model.trained(), &dataset, [&none, &none]).unwrap();
    assert!(
        own.known > own.used && own.used >= 500,
        "training pairs are left out: {own:?}"
    );
    assert!((own.offsets[0] - 1.5).abs() < 0.2, "{own:?}");
    let before = model.description().trust.as_ref().unwrap();
    assert_eq!((&trust.domain, &trust.expected), (&before.domain, &before.expected));
    let few = Dataset {
        interactions: dataset.interactions[..20].to_vec(),
        ..dataset.clone()
    };
    let error = recalibrate(model.trained(), &few, [&none, &none]).unwrap_err();
    assert!(error.to_string().contains("50 are needed"), "{error}");
}

#[test]
fn a_model_of_two_sources_says_what_to_expect_of_a_third() {
    let folder = tempfile::tempdir().unwrap();
    let (mut dataset, split) = simulated(&folder.path().join("data"), [150, 60, 4000]);
    let source = |at: usize| Some(if at.is_multiple_of(2) { "north" } else { "south" }.to_string());
    let sources = (0..dataset.interactions.len()).map(source).collect();
    dataset.origins.insert(Origin::Source, sources);
    let out = folder.path().join("run");
    let recipe = RECIPE.replace("hold_outs = 2", "hold_outs = 1");
    run_recipe(&recipe, &dataset, &split, (&out, false), &mut Silent).unwrap();
    let info = ModelInfo::open(&out.join("model.safetensors")).unwrap();
    let given = (split.train.indices().len() + split.valid.indices().len()) as u64;
    assert_eq!(info.expected_of_sources.keys().collect::<Vec<_>>(), ["north", "south"]);
    let held_out: u64 = info.expected_of_sources.values().map(|of| of.pairs).sum();
    assert_eq!(held_out, given, "each pair is of one source, and of no test part");
    for of in info.expected_of_sources.values() {
        assert!(of.scores["mse"] > 0.0 && of.scores["ci"] > 0.5, "{of:?}");
    }
}

#[test]
fn a_recipe_may_take_more_of_the_encoders_than_validation_likes_best() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, split) = simulated(&folder.path().join("data"), [150, 60, 4000]);
    let share = |tolerance: f64| {
        let out = folder.path().join(tolerance.to_string());
        let recipe = RECIPE.replace("hold_outs = 2", "hold_outs = 0");
        let recipe = recipe.replace(
            "epochs = 3",
            &format!("epochs = 3\nencoder_share_tolerance = {tolerance:?}"),
        );
        run_recipe(&recipe, &dataset, &split, (&out, false), &mut Silent).unwrap();
        Model::open(&out).unwrap().description().encoder_share
    };
    let (best, tolerant) = (share(0.0), share(10.0));
    assert!(
        best < tolerant,
        "{best} is the best, {tolerant} within ten standard errors of it"
    );
}

#[test]
fn a_solvent_is_presumed_not_to_bind() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, split) = simulated(&folder.path().join("data"), [150, 60, 4000]);
    let recipe = RECIPE.replace("\"affinity\"", "\"binding\"");
    let train = |presume: bool| {
        let out = folder.path().join(presume.to_string());
        let recipe = format!("{recipe}presume_inert = {presume}\n");
        run_recipe(&recipe, &dataset, &split, (&out, false), &mut Silent).unwrap();
        Model::open(&out).unwrap()
    };
    let sequence = &dataset.targets[0].protein.sequence;
    let pair = |smiles: &str| Pair::new(Compound::parse(smiles).unwrap(), Target::parse(sequence).unwrap());
    let pairs = [
        pair("CCO"),
        pair("OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O"),
        pair("CCCCc1ccc(O)cc1"),
    ];
    let of = |model: &Model| {
        let predictions = model.predict(&pairs).into_iter();
        let of = predictions.map(|p| (p.probability.unwrap(), p.certainty.unwrap()));
        of.collect::<Vec<_>>()
    };
    let (plain, presumed) = (of(&train(false)), of(&train(true)));
    let odds = |certainty: &Certainty| {
        let p = certainty.binding.as_ref().unwrap().probability;
        (p / (1.0 - p)).ln()
    };
    for (row, is_inert) in [true, true, false].into_iter().enumerate() {
        assert_eq!(plain[row].0, presumed[row].0, "scores stay as they are");
        assert_eq!(presumed[row].1.is_presumed_inert, is_inert);
        assert!(!plain[row].1.is_presumed_inert);
        let lower = odds(&plain[row].1) - odds(&presumed[row].1);
        assert!(if is_inert { lower > 1.0 } else { lower == 0.0 }, "{row}: {lower}");
    }
}
