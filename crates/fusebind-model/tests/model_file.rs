//! A model file comes back bit by bit, and damage anywhere in it is refused with the name of what is damaged.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use fusebind_features::{
    entity::side::SideData, neighbours::Mask, reference::Reference, rows::InputScale, schema::InputScales,
};
use fusebind_model::{
    checkpoint::{Archive, Known, Section, Sections},
    model_file::{ModelFile, ModelInfo},
    trained::{Description, FEATURE_SCHEMA, OutputScale, TrainedModel},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::{COMPOSITION, SUBSTRUCTURES, config, drug_data, memory, model, schema, stores};

fn scale(channels: usize) -> InputScale {
    InputScale {
        mean: vec![0.0; channels],
        factor: vec![1.0; channels],
    }
}

fn description() -> Description {
    let texts = |e: usize| vec![["receptor", "enzyme", "channel"][e % 3].to_string()];
    let target = SideData {
        texts: (0..6).map(texts).collect(),
        ..SideData::default()
    };
    let output = |name: &str| OutputScale {
        name: name.into(),
        mean: 5.0,
        std: 1.0,
    };
    Description {
        version: "0".into(),
        feature_schema: FEATURE_SCHEMA,
        model: config(),
        inputs: InputScales {
            substructures: scale(SUBSTRUCTURES),
            composition: scale(COMPOSITION),
            drug: schema(&drug_data(), 8, 2),
            target: schema(&target, 6, 3),
        },
        scales: vec![output("pKd"), output("pIC50")],
        encoder_share: 0.25,
        structure_only_share: 0.5,
        shares_by_novelty: std::collections::BTreeMap::new(),
        structure_model: None,
        modality_weights: Default::default(),
        members: Vec::new(),
        prior: Some(0.2),
        threshold: Some(0.5),
        trust: None,
        recipe: "test".into(),
        standardise: Default::default(),
        data_fingerprint: "f".into(),
        split_hash: "s".into(),
        seed: 1,
        training: Default::default(),
    }
}

fn reference() -> Reference {
    let (drugs, targets) = stores();
    memory(&drugs, &targets, &[(0, 0), (1, 2), (3, 1)])
}

/// A model file in `folder`.
fn write(folder: &Path) -> PathBuf {
    let path = folder.join("model.safetensors");
    let weights = Archive::of(&model(&Device::flex()));
    TrainedModel::save(weights, Some(&reference()), &description(), &path).unwrap();
    path
}

/// Why the bytes are refused as a model file.
fn refusal(bytes: &[u8], path: &Path) -> String {
    std::fs::write(path, bytes).unwrap();
    ModelFile::open(path).expect_err("damage is refused").to_string()
}

fn names_what(error: &str) -> bool {
    error.contains("section `")
        || error.contains("sections `")
        || error.contains("no intact model file")
        || error.contains("no model file")
}

#[test]
fn a_model_comes_back_bit_by_bit() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path());
    let trained = TrainedModel::open(&path, &device).unwrap();
    assert_eq!(trained.description, description());
    assert_eq!(Archive::of(&trained.model), Archive::of(&model(&device)));
    assert_eq!(trained.neighbours.as_ref(), Some(&reference()));
    let again = folder.path().join("again.safetensors");
    ModelFile::open(&path).unwrap().0.save(&again).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());

    let (mut drugs, mut targets) = stores();
    drugs.descriptors.clear();
    targets.descriptors.clear();
    let pairs: Vec<(u32, u32)> = (0..48).map(|p| (p % 8, p / 8)).collect();
    let fresh = TrainedModel {
        mismatch_rates: Default::default(),
        description: description(),
        model: model(&device),
        structure: None,
        members: Vec::new(),
        neighbours: Some(reference()),
        encoders: Vec::new(),
        device,
    };
    let predict = |m: &TrainedModel| m.score((&drugs, &targets), &pairs, Mask::default(), |_| {});
    let (before, after) = (predict(&fresh), predict(&trained));
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&before.affinity), bits(&after.affinity));
    assert_eq!(bits(&before.binding), bits(&after.binding));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path());
    let whole = std::fs::read(&path).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let places: Vec<usize> = (0..200).map(|_| random.random_range(0..whole.len())).collect();
    // The beginning is a small part of the file and the most delicate one.
    for at in places.into_iter().chain(0..128) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << random.random_range(0..8);
        let error = refusal(&bytes, &path);
        assert!(names_what(&error), "byte {at}: {error}");
    }
}

#[test]
fn zeroed_ranges_and_cut_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path());
    let whole = std::fs::read(&path).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut zeroed = 0;
    while zeroed < 50 {
        let mut bytes = whole.clone();
        let begin = random.random_range(0..bytes.len());
        let end = (begin + random.random_range(1..4096)).min(bytes.len());
        bytes[begin..end].fill(0);
        if bytes == whole {
            continue;
        }
        zeroed += 1;
        let error = refusal(&bytes, &path);
        assert!(names_what(&error), "{begin}..{end}: {error}");
    }
    let lengths = (0..50).map(|_| random.random_range(0..whole.len()));
    for length in lengths.chain([0, 7, 8, whole.len() - 1]) {
        let error = refusal(&whole[..length], &path);
        assert!(names_what(&error), "cut to {length}: {error}");
    }
    let error = refusal(&[&whole[..], &[0]].concat(), &path);
    assert!(names_what(&error), "longer: {error}");
}

#[test]
fn former_files_and_other_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.safetensors");
    let metadata = [("fusebind".to_string(), "{\"description\":\"{}\"}".to_string())];
    let views: [(&str, safetensors::tensor::TensorView<'_>); 0] = [];
    let old = safetensors::serialize(views, Some(metadata.into_iter().collect())).unwrap();
    let error = refusal(&old, &path);
    assert!(error.contains("before model files had sections"), "{error}");
    let views: [(&str, safetensors::tensor::TensorView<'_>); 0] = [];
    let foreign = safetensors::serialize(views, None).unwrap();
    assert!(refusal(&foreign, &path).contains("no model file of fusebind"));
    assert!(ModelFile::open(folder.path()).is_err(), "a folder in place of a file");
}

#[test]
fn unknown_sections_and_versions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sections.safetensors");
    let mut sections = Sections::default();
    sections.by_name.insert("one".into(), Section::of(2, &"text").unwrap());
    sections.save(&path).unwrap();
    let open = |name, version| Sections::open(&path, &[Known { name, version }]).map_err(|e| e.to_string());
    assert_eq!(open("one", 2).unwrap().0, sections);
    let error = open("one", 1).unwrap_err();
    assert!(error.contains("section `one` has version 2"), "{error}");
    let error = open("other", 2).unwrap_err();
    assert!(error.contains("section `one` that this version"), "{error}");
    let known = ["one", "other"].map(|name| Known { name, version: 2 });
    let error = Sections::open(&path, &known).unwrap_err().to_string();
    assert!(error.contains("section `other` is missing"), "{error}");
}

#[test]
fn what_does_not_go_together_is_refused_before_a_model_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let refused = |change: &dyn Fn(&mut Description), reference: Option<Reference>| {
        let mut other = description();
        change(&mut other);
        let weights = Archive::of(&model(&Device::flex()));
        TrainedModel::save(weights, reference.as_ref(), &other, &path).unwrap();
        TrainedModel::open(&path, &Device::flex()).unwrap_err().to_string()
    };
    type Change<'a> = &'a dyn Fn(&mut Description);
    let changes: [(&str, Change<'_>); 11] = [
        ("shape", &|d| d.model.width = 25),
        // Below the bound, and refused by its shapes alone.
        ("shape", &|d| (d.model.width, d.model.interaction.dim) = (8_192, 8_192)),
        ("number of parameters", &|d| {
            (d.model.width, d.model.interaction.dim) = (65_536, 65_536);
        }),
        ("at most 65536", &|d| d.model.width = 1 << 40),
        ("at most 64", &|d| d.model.interaction.layers = 1 << 40),
        ("feature schema", &|d| d.feature_schema += 1),
        ("output scales", &|d| d.scales.truncate(1)),
        ("whose std is 0", &|d| d.scales[0].std = 0.0),
        ("genes of drugs", &|d| d.inputs.drug.genes.truncate(1)),
        ("channels of composition", &|d| d.inputs.composition = scale(3)),
        ("`prior`", &|d| d.prior = Some(2.0)),
    ];
    for (message, change) in changes {
        let error = refused(change, Some(reference()));
        assert!(error.contains(message), "{message}: {error}");
    }
    let error = refused(&|_| {}, None);
    assert!(error.contains("gives 0 neighbour features"), "{error}");
}

#[test]
fn a_file_says_what_it_holds_and_is_stripped_where_it_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path());
    let info = ModelInfo::open(&path).unwrap();
    assert_eq!((info.task, info.reference_pairs), ("joint", 3));
    assert_eq!(info.bytes, std::fs::metadata(&path).unwrap().len());
    let names: Vec<&str> = info.sections.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["calibration", "provenance", "reference", "schema", "weights"]);
    assert!(info.sections.iter().all(|s| s.sha256.len() == 64 && s.bytes > 0));

    let (mut file, _) = ModelFile::open(&path).unwrap();
    let error = file.strip().unwrap_err().to_string();
    assert!(error.contains("reads neighbour features"), "{error}");
    file.description.model.neighbours.enabled = false;
    assert!(file.strip().unwrap());
    let (weights, stripped) = (file.weights.clone(), folder.path().join("stripped.safetensors"));
    file.save(&stripped).unwrap();
    let (file, _) = ModelFile::open(&stripped).unwrap();
    assert_eq!((file.weights, file.reference), (weights, None));
    assert_eq!(ModelInfo::open(&stripped).unwrap().reference_pairs, 0);
}
