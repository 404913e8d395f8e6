//! A structure model beside one that reads side modalities: it answers for pairs without side values, and a run with it goes on wherever it
//! was stopped.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::path::Path;

use fusebind::{
    Model, Pair,
    data::{split::Split, table::Dataset},
    features::{
        entity::side::{Embeddings, Profiles, SideData},
        modality::{Modality, ModalitySet},
        neighbours::Mask,
        schema::{DrugStore, TargetStore},
    },
    model::{checkpoint::Archive, device::Device, scoring::Scores, trained::TrainedModel},
    predict::screen::Panel,
    train::{
        run_dir::RunDir,
        trainer::{Observer, Silent},
    },
};
use support::{SMALL_MODEL, StopAfter, side_of, simulated, try_run};

/// Of every kind of side data, with hold-outs and a further member.
fn recipe() -> String {
    format!(
        "name = \"small\"\ntask = \"joint\"\n{SMALL_MODEL}[training]\nepochs = 3\nensemble = 2\nstructure_model = true\n\
         structure_only_shares = [0.25]\n[calibration]\nhold_outs = 1\n[training.curriculum]\nkind = \"acmo\"\n"
    )
}

struct Data {
    dataset: Dataset,
    split: Split,
    side: [SideData; 2],
}

fn data(folder: &Path) -> Data {
    let (dataset, split) = simulated(folder, [80, 30, 1500]);
    let side = side_of(folder, &dataset);
    Data { dataset, split, side }
}

fn run(data: &Data, side: &[SideData; 2], out: &Path, resume: bool, observer: &mut dyn Observer) {
    try_run(&recipe(), (&data.dataset, &data.split), side, (out, resume), observer).unwrap();
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
    // Of such a pair the structure model says at least the share that the recipe asks for, of others what it said before.
    let mut more = plain.clone();
    let records = (more.description.structure_model.iter_mut())
        .chain((more.members.iter_mut()).filter_map(|member| member.record.structure_model.as_mut()));
    records.for_each(|record| record.one_sided_share = 0.75);
    for side in [&data.side, &one_side] {
        let stores = stores(&model, &data, side);
        let (with, without) = (of(&alone, side).affinity, of(&plain, side).affinity);
        let said = of(&more, side).affinity;
        let mut shares = Vec::new();
        for (row, pair) in pairs().into_iter().enumerate() {
            let weights = more.description.ensemble();
            let share = more.structure_share(weights, (&stores.0, &stores.1), pair, Mask::default());
            shares.push((share * 4.0) as u32);
            for at in row * with.len() / pairs().len()..(row + 1) * with.len() / pairs().len() {
                // The recipe gives structure a share of 0.25 everywhere.
                let due = without[at] + (share - 0.25) / 0.75 * (with[at] - without[at]);
                assert!((said[at] - due).abs() < 1e-5, "{share}: {} and {due}", said[at]);
            }
        }
        shares.sort_unstable();
        shares.dedup();
        // Some entities of the simulation have no side values at all.
        assert!(shares == [1, 3, 4] || shares == [3, 4], "{shares:?}");
    }
    let mask = Mask {
        target: side([Modality::Text, Modality::Transcriptome, Modality::Bioassay]),
        ..Mask::default()
    };
    let masked = score(&more, &stores(&more, &data, &data.side), mask).affinity;
    assert_eq!(masked, of(&more, &one_side).affinity);

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
    for (explanation, predicted) in model.explain(&pairs[..2]).iter().zip(&predicted) {
        assert!((explanation.modalities.prediction - predicted.unwrap()).abs() < 1e-4);
    }
}

/// An embedding of the molecule from another model is no side value: the structure model reads it, and the molecule with it.
#[test]
fn a_structure_model_learns_from_the_structure_and_its_embedding() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder.path().join("data"));
    let drugs = data.dataset.drugs.len();
    let mut side = data.side.clone();
    side[0].embeddings.push(Embeddings {
        modality: Modality::Graph,
        rows: Profiles {
            columns: vec![String::new(); 2],
            values: (0..2 * drugs).map(|at| (at as f32 * 0.7).sin()).collect(),
            of_entity: (0..drugs as u32).map(|drug| vec![drug]).collect(),
        },
        encoder: None,
    });
    let out = folder.path().join("run");
    let recipe = format!("{}[training.optimizer]\nweight_decay = 0.0\n", recipe());
    try_run(&recipe, (&data.dataset, &data.split), &side, (&out, false), &mut Silent).unwrap();
    let model = open(&out);
    let config = model.description.model.structure_only();
    assert_eq!(config.drug.embeddings, [(Modality::Graph, 2)]);
    let fresh = config.init(&Device::flex(), model.description.seed).unwrap();
    let (fresh, trained) = (Archive::of(&fresh), Archive::of(model.structure.as_ref().unwrap()));
    // Without weight decay nothing but a gradient moves a weight.
    let of_embedding = fresh.arrays.keys().filter(|name| name.contains("drug_side.embeddings"));
    let moved: Vec<bool> = of_embedding
        .map(|name| fresh.arrays[name] != trained.arrays[name])
        .collect();
    assert!(!moved.is_empty() && moved.iter().all(|moved| *moved), "{moved:?}");
    // A compound with an embedding and nothing else is one without side values.
    let mut alone = [SideData::default(), SideData::default()];
    alone[0].embeddings = side[0].embeddings.clone();
    let stores = stores(&model, &data, &alone);
    let usual = model.description.ensemble();
    assert_eq!(
        model.structure_share(usual, (&stores.0, &stores.1), (0, 0), Mask::default()),
        1.0
    );
}

#[test]
fn one_sided_pairs_have_a_share_of_their_own_where_both_sides_can_be_described() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder.path().join("data"));
    let recipe = format!(
        "name = \"small\"\ntask = \"joint\"\n{SMALL_MODEL}[training]\nepochs = 1\nstructure_model = true\n\
         one_sided_structure_share = 0.75\n[calibration]\nhold_outs = 0\n"
    );
    let share = |name: &str, side: &[SideData; 2]| {
        let out = folder.path().join(name);
        try_run(&recipe, (&data.dataset, &data.split), side, (&out, false), &mut Silent).unwrap();
        open(&out).description.structure_model.unwrap().one_sided_share
    };
    assert_eq!(share("both", &data.side), 0.75);
    assert_eq!(share("drugs", &[data.side[0].clone(), SideData::default()]), 0.0);
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
