//! A structure model beside one that reads side modalities: it answers for pairs without side values, and a run with it goes on wherever it
//! was stopped.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::path::Path;

use fusebind::{
    Model, Pair,
    data::{
        modality::{Side, load_modalities},
        split::Split,
        table::Dataset,
    },
    features::{
        entity::side::SideData,
        modality::{Modality, ModalitySet},
        neighbours::Mask,
        schema::{DrugStore, TargetStore},
    },
    model::{device::Device, scoring::Scores, trained::TrainedModel},
    predict::screen::Panel,
    train::{
        calibrate::train,
        recipe::Recipe,
        run_dir::RunDir,
        trainer::{Job, Observer, Silent},
    },
};
use support::{StopAfter, simulated};

const RECIPE: &str = "name = \"small\"\ntask = \"joint\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 64\n\
     [model.sequence]\ncomposition = 64\n[model.interaction]\ndim = 16\nrank = 4\nlayers = 1\n[model.neighbours]\ndim = 16\n\
     [training]\nepochs = 3\nensemble = 2\nstructure_model = true\nstructure_only_shares = [0.25]\n[calibration]\nhold_outs = 1\n\
     [training.curriculum]\nkind = \"acmo\"\n";

struct Data {
    dataset: Dataset,
    split: Split,
    side: [SideData; 2],
}

fn data(folder: &Path) -> Data {
    let (dataset, split) = simulated(folder, [80, 30, 1500]);
    let (tables, _) = load_modalities(&folder.join("modalities"), &dataset).unwrap();
    let side = [Side::Drug, Side::Target].map(|s| tables.side(s, &[], &dataset));
    Data { dataset, split, side }
}

fn run(data: &Data, side: &[SideData; 2], out: &Path, resume: bool, observer: &mut dyn Observer) {
    let job = Job {
        recipe: &Recipe::parse(RECIPE).unwrap(),
        dataset: &data.dataset,
        side: [&side[0], &side[1]],
        split: &data.split,
        seed: 1,
        device: &Device::flex(),
        out,
        cache: None,
        resume,
        stop_after: None,
    };
    train(&job, observer).unwrap();
}

fn open(run: &Path) -> TrainedModel {
    TrainedModel::open(&run.join("model.safetensors"), &Device::flex()).unwrap()
}

fn stores(model: &TrainedModel, data: &Data, side: &[SideData; 2]) -> (DrugStore, TargetStore) {
    let molecules = data.dataset.drugs.iter().map(|drug| &drug.molecule);
    let proteins = data.dataset.targets.iter().map(|target| &target.protein);
    let (drugs, targets, _) = model.stores((molecules, &side[0]), (proteins, &side[1]));
    (drugs, targets)
}

fn pairs() -> Vec<(u32, u32)> {
    (0..200).map(|at| (at % 80, at % 30)).collect()
}

fn score(model: &TrainedModel, stores: &(DrugStore, TargetStore), mask: Mask) -> Scores {
    model.score((&stores.0, &stores.1), &pairs(), mask, |_| {})
}

#[test]
fn a_pair_without_side_values_gets_what_structure_alone_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder.path().join("data"));
    let out = folder.path().join("run");
    run(&data, &data.side, &out, false, &mut Silent);
    let model = open(&out);
    assert!(model.structure.is_some() && model.members[0].structure.is_some());
    assert!(model.description.structure_model.is_some() && model.members[0].record.structure_model.is_some());

    let none = [SideData::default(), SideData::default()];
    let bare = score(&model, &stores(&model, &data, &none), Mask::default());
    // The same model of which nothing but the structure models is ever read.
    let mut alone = model.clone();
    alone.description.structure_only_share = 1.0;
    alone
        .members
        .iter_mut()
        .for_each(|member| member.record.structure_only_share = 1.0);
    alone.description.shares_by_novelty.clear();
    let mut plain = model.clone();
    plain.description.shares_by_novelty.clear();
    let of = |model: &TrainedModel, side| score(model, &stores(model, &data, side), Mask::default());
    assert_eq!(of(&plain, &none).affinity, of(&alone, &none).affinity);
    assert_eq!(
        of(&alone, &none).affinity,
        of(&alone, &data.side).affinity,
        "side values are not looked at"
    );
    assert_ne!(of(&plain, &data.side).affinity, of(&alone, &data.side).affinity);

    // Masked side values are absent ones.
    let side = |of: [Modality; 3]| -> ModalitySet { of.into_iter().collect() };
    let mask = Mask {
        drug: side([Modality::Text, Modality::Transcriptome, Modality::Bioassay]),
        target: side([Modality::Text, Modality::Transcriptome, Modality::Bioassay]),
        ..Mask::default()
    };
    assert_eq!(
        score(&model, &stores(&model, &data, &data.side), mask).affinity,
        bare.affinity
    );

    // A pair of which one side has side values is read with them; without the molecule the structure model has nothing to say.
    let one_side = [data.side[0].clone(), SideData::default()];
    assert_ne!(of(&plain, &one_side).affinity, of(&alone, &one_side).affinity);
    let without_molecule = Mask {
        drug: [Modality::Graph].into_iter().collect(),
        ..Mask::default()
    };
    let mut shared = plain.clone();
    shared.structure = None;
    shared.members.iter_mut().for_each(|member| member.structure = None);
    let stores = stores(&model, &data, &data.side);
    assert_eq!(
        score(&plain, &stores, without_molecule).affinity,
        score(&shared, &stores, without_molecule).affinity
    );
}

#[test]
fn a_screening_scores_by_the_structure_model_what_a_prediction_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder.path().join("data"));
    let out = folder.path().join("run");
    run(&data, &data.side, &out, false, &mut Silent);
    let model = Model::open(&out).unwrap();
    let molecules: Vec<_> = data.dataset.drugs.iter().map(|drug| &drug.molecule).collect();
    let proteins: Vec<_> = data
        .dataset
        .targets
        .iter()
        .map(|target| &target.protein)
        .take(7)
        .collect();
    let screened = Panel::new(&model, &proteins).scores(&molecules, None);
    let pairs: Vec<Pair> = (molecules.iter())
        .flat_map(|molecule| proteins.iter().map(|protein| (&molecule.smiles, &protein.sequence)))
        .map(|(smiles, sequence)| Pair::parse(smiles, sequence).unwrap())
        .collect();
    let predicted: Vec<_> = model.predict(&pairs).iter().map(|p| Some(p.affinity[0])).collect();
    assert_eq!(screened, predicted);
}

#[test]
fn without_side_data_there_is_no_structure_model() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder.path().join("data"));
    let out = folder.path().join("run");
    run(&data, &Default::default(), &out, false, &mut Silent);
    let model = open(&out);
    assert!(model.structure.is_none() && model.description.structure_model.is_none());
}

#[test]
fn a_run_that_is_stopped_anywhere_goes_on_to_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder.path().join("data"));
    let model = |run: &Path| std::fs::read(run.join("model.safetensors")).unwrap();
    let whole = folder.path().join("whole");
    run(&data, &data.side, &whole, false, &mut Silent);
    assert!(!whole.join("members").exists() && !whole.join("hold_outs").exists());
    // In the structure model of the further member, at its end, in the member, in the structure model of the first one, in the first one, and
    // in the hold-out.
    for stop in [2, 3, 5, 8, 11, 14, 20] {
        let out = folder.path().join(stop.to_string());
        run(&data, &data.side, &out, false, &mut StopAfter(stop));
        assert!(!RunDir::open(&out).unwrap().is_finished(), "stopped after {stop}");
        run(&data, &data.side, &out, true, &mut Silent);
        assert!(RunDir::open(&out).unwrap().is_finished());
        assert!(!out.join("members").exists());
        assert_eq!(model(&out), model(&whole), "stopped after {stop}");
    }
}
