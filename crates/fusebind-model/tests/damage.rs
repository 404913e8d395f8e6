//! A model file that was damaged or rewritten is refused by name, or is a model: it never ends the program and never predicts what is not
//! a number. Damage is random bits, zeroed sectors and cut ends; rewriting is JSON fields and arrays with all checksums made anew.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use burn::tensor::Device;
use fusebind_features::{
    entity::{
        molecule::{ChematicToolkit, Chemistry, Molecule},
        protein::Protein,
        side::SideData,
    },
    modality::ModalitySet,
    neighbours::Mask,
    quality::MismatchModel,
    reference::Reference,
    rows::InputScale,
    schema::{DrugStore, InputScales, SideSchema, TargetStore, reference_set},
};
use fusebind_model::{
    checkpoint::{Archive, Known, Section, Sections},
    model_file::ModelFile,
    trained::{Description, FEATURE_SCHEMA, OutputScale, TrainedModel},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use support::{COMPOSITION, SUBSTRUCTURES, config, profiles};

/// Cases of each kind.
const CASES: usize = 1000;
const DRUGS: usize = 48;
const TARGETS: usize = 4;

/// Entities with their side data, and a model file that was written for them.
struct Fixture {
    drugs: Vec<Molecule>,
    targets: Vec<Protein>,
    side: [SideData; 2],
    folder: tempfile::TempDir,
    whole: Vec<u8>,
}

fn scale(channels: usize) -> InputScale {
    InputScale {
        mean: vec![0.0; channels],
        factor: vec![1.0; channels],
    }
}

fn side_data() -> [SideData; 2] {
    let words = ["kinase", "ligand", "salt", "binder"];
    let text = |e: usize| vec![format!("{} {}", words[e % 4], words[(e / 4) % 4])];
    let drug = SideData {
        texts: (0..DRUGS).map(text).collect(),
        transcriptome: profiles(&["g1", "g2", "g3"], DRUGS, 2, 1),
        ..SideData::default()
    };
    let target = SideData {
        texts: (0..TARGETS).map(text).collect(),
        ..SideData::default()
    };
    [drug, target]
}

fn stores(fixture: &Fixture, inputs: &InputScales) -> (DrugStore, TargetStore) {
    let side = |schema: &SideSchema, data: &SideData, count: usize| schema.store(data, count).0;
    let drugs = DrugStore::new(fixture.drugs.iter(), SUBSTRUCTURES);
    let targets = TargetStore::new(fixture.targets.iter(), COMPOSITION);
    (
        drugs.with_side(side(&inputs.drug, &fixture.side[0], DRUGS)),
        targets.with_side(side(&inputs.target, &fixture.side[1], TARGETS)),
    )
}

fn pairs() -> Vec<(u32, u32)> {
    (0..DRUGS as u32).map(|p| (p, p % TARGETS as u32)).collect()
}

fn fixture() -> Fixture {
    let smiles = |i: usize| format!("{}{}", "C".repeat(1 + i / 4), ["O", "N", "c1ccccc1", "C(=O)O"][i % 4]);
    let sequence = |i: usize| "MKTAYIAKQRQISFVKSHFSRQ".repeat(1 + i) + &"LG".repeat(i);
    let mut fixture = Fixture {
        drugs: (0..DRUGS)
            .map(|i| ChematicToolkit.molecule(&smiles(i)).unwrap())
            .collect(),
        targets: (0..TARGETS).map(|i| Protein::parse(&sequence(i)).unwrap()).collect(),
        side: side_data(),
        folder: tempfile::tempdir().unwrap(),
        whole: Vec::new(),
    };
    let fit = |data: &SideData, count: usize| {
        SideSchema::fit(data, &(0..count as u32).collect::<Vec<_>>(), ModalitySet::ALL, 8)
    };
    let inputs = InputScales {
        substructures: scale(SUBSTRUCTURES),
        composition: scale(COMPOSITION),
        drug: fit(&fixture.side[0], DRUGS),
        target: fit(&fixture.side[1], TARGETS),
    };
    let (drugs, targets) = stores(&fixture, &inputs);
    let outcomes: Vec<(u32, u32, f32)> = pairs().iter().map(|&(d, t)| (d, t, (d % 5) as f32)).collect();
    let set = reference_set(&drugs, &targets, &outcomes);
    let mismatch = MismatchModel::fit(&set, 0.05, 1);
    assert!(
        !mismatch.is_empty(),
        "side values are checked, so that this part is damaged as well"
    );
    let mut reference = Reference::new(set, mismatch);
    reference.fit((&drugs, &targets), &pairs());
    let mut model = config();
    (model.drug, model.target) = (inputs.drug.channels(), inputs.target.channels());
    (model.neighbours.inputs, model.neighbours.flags) = (reference.inputs(), reference.flags());
    let output = |name: &str| OutputScale {
        name: name.into(),
        mean: 5.0,
        std: 1.0,
    };
    let description = Description {
        version: "0".into(),
        feature_schema: FEATURE_SCHEMA,
        inputs,
        scales: vec![output("pKd"), output("pIC50")],
        encoder_share: 0.25,
        structure_only_share: 0.5,
        shares_by_novelty: std::collections::BTreeMap::new(),
        structure_model: None,
        modality_weights: Default::default(),
        prior: Some(0.2),
        threshold: Some(0.5),
        members: Vec::new(),
        trust: None,
        recipe: "test".into(),
        standardise: Default::default(),
        data_fingerprint: "f".into(),
        split_hash: "s".into(),
        seed: 1,
        training: Default::default(),
        model,
    };
    let weights = Archive::of(&description.model.init(&Device::flex(), 3).unwrap());
    let path = fixture.path();
    TrainedModel::save(weights, Some(&reference), &description, &path).unwrap();
    fixture.whole = std::fs::read(&path).unwrap();
    assert!(fixture.predict(&path).unwrap(), "the whole file predicts");
    fixture
}

impl Fixture {
    fn path(&self) -> PathBuf {
        self.folder.path().join("model.safetensors")
    }

    /// Whether all predictions of the file at `path` are finite, or why it is refused.
    fn predict(&self, path: &Path) -> Result<bool, String> {
        let model = TrainedModel::open(path, &Device::flex()).map_err(|e| e.to_string())?;
        let [drug, target] = &self.side;
        let (drugs, targets, _) = model.stores((self.drugs.iter(), drug), (self.targets.iter(), target));
        let scores = model.score((&drugs, &targets), &pairs(), Mask::default(), |_| {});
        Ok(scores.affinity.iter().chain(&scores.binding).all(|v| v.is_finite()))
    }

    /// Whether the file is refused with the name of what is wrong; `Err` where it ends the program, predicts what is no number, or is
    /// refused without a name.
    fn is_refused(&self, what: &str) -> Result<bool, String> {
        let path = self.path();
        match catch_unwind(AssertUnwindSafe(|| self.predict(&path))) {
            Ok(Ok(true)) => Ok(false),
            Ok(Ok(false)) => Err(format!("{what}: predicts what is no number")),
            Ok(Err(error)) if error.contains('`') || error.contains("model file") => Ok(true),
            Ok(Err(error)) => Err(format!("{what}: {error}")),
            Err(_) => Err(format!("{what}: ended the program")),
        }
    }

    /// Writes damaged bytes; the file must be refused before a model is made.
    fn refuses(&self, bytes: &[u8], what: &str) {
        std::fs::write(self.path(), bytes).unwrap();
        let opened = ModelFile::open(&self.path());
        let error = opened.map(drop).expect_err(what).to_string();
        assert!(
            error.contains("section") || error.contains("model file"),
            "{what}: {error}"
        );
    }

    fn sections(&self) -> Sections {
        std::fs::write(self.path(), &self.whole).unwrap();
        let known = ["weights", "schema", "reference", "calibration", "provenance"];
        let known = known.map(|name| Known { name, version: 1 });
        Sections::open(&self.path(), &known).unwrap().0
    }
}

#[test]
fn random_bits_zeroed_sectors_and_cut_ends_are_refused() {
    let fixture = fixture();
    let whole = &fixture.whole;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..CASES {
        let (at, bit) = (random.random_range(0..whole.len()), random.random_range(0..8));
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        fixture.refuses(&bytes, &format!("bit {bit} of byte {at}"));
    }
    let mut zeroed = 0;
    while zeroed < CASES {
        let begin = random.random_range(0..whole.len().div_ceil(512)) * 512;
        // Sectors are aligned; a file need not be, so that every other sector lies anywhere.
        let begin = begin.saturating_sub((zeroed % 2) * random.random_range(0..512));
        let end = (begin + 512).min(whole.len());
        if whole[begin..end].iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut bytes = whole.clone();
        bytes[begin..end].fill(0);
        fixture.refuses(&bytes, &format!("zeros from byte {begin}"));
        zeroed += 1;
    }
    for _ in 0..CASES {
        let length = random.random_range(0..whole.len());
        fixture.refuses(&whole[..length], &format!("cut to {length} bytes"));
    }
}

/// All answers are sound, and most files are refused.
fn sound(answers: &[Result<bool, String>]) {
    let wrong: Vec<&String> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
    let refused = answers.iter().filter(|answer| **answer == Ok(true)).count();
    assert!(refused > CASES / 2, "{refused}");
}

/// Every place in a JSON value, as a JSON pointer.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_string());
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, v)| places(v, &format!("{here}/{key}"), found)),
        // A few of many alike.
        Value::Array(all) => all
            .iter()
            .take(3)
            .enumerate()
            .for_each(|(at, v)| places(v, &format!("{here}/{at}"), found)),
        _ => (),
    }
}

fn rewrite(value: &mut Value, random: &mut ChaCha8Rng) {
    let numbers = [
        "-1",
        "0",
        "1",
        "2",
        "7",
        "0.5",
        "1e38",
        "-1e300",
        "1099511627776",
        "18446744073709551615",
        "null",
    ];
    let number =
        |random: &mut ChaCha8Rng| serde_json::from_str(numbers[random.random_range(0..numbers.len())]).unwrap();
    match value {
        Value::Array(all) if !all.is_empty() && random.random_range(0..4) > 0 => {
            let at = random.random_range(0..all.len());
            match random.random_range(0..4) {
                0 => all.clear(),
                1 => all.truncate(at),
                2 => all.push(all[at].clone()),
                _ => all[at] = number(random),
            }
        }
        Value::Object(map) if !map.is_empty() && random.random_range(0..4) > 0 => {
            let key = map.keys().nth(random.random_range(0..map.len())).unwrap().clone();
            let removed = map.remove(&key).unwrap();
            if random.random_range(0..2) == 0 {
                map.insert(format!("{key}_"), removed);
            }
        }
        Value::Bool(flag) => *flag = !*flag,
        Value::String(text) if random.random_range(0..2) == 0 => text.push('x'),
        other => *other = number(random),
    }
}

#[test]
fn rewritten_fields_with_new_checksums_are_refused_or_harmless() {
    let fixture = fixture();
    let sections = fixture.sections();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut answers = Vec::new();
    for case in 0..CASES {
        let mut other = sections.clone();
        let names = ["schema", "schema", "reference", "calibration", "provenance"];
        let section = other.by_name.get_mut(names[case % names.len()]).unwrap();
        let mut json: Value = serde_json::from_str(&section.text).unwrap();
        let mut all = Vec::new();
        places(&json, "", &mut all);
        let place = &all[random.random_range(0..all.len())];
        rewrite(json.pointer_mut(place).unwrap(), &mut random);
        section.text = json.to_string();
        other.save(&fixture.path()).unwrap();
        let what = format!(
            "{} {place} as {}",
            names[case % names.len()],
            json.pointer(place).unwrap()
        );
        answers.push(fixture.is_refused(&what));
    }
    sound(&answers);
}

fn rewrite_arrays(section: &mut Section, random: &mut ChaCha8Rng) -> String {
    let count = section.arrays.len();
    let at = random.random_range(0..count + section.indices.len());
    if at >= count {
        let name = section.indices.keys().nth(at - count).unwrap().clone();
        let list = section.indices.get_mut(&name).unwrap();
        let place = random.random_range(0..list.len().max(1));
        match random.random_range(0..4) {
            0 => list.truncate(place),
            1 => list.push(u32::MAX),
            2 => list.iter_mut().skip(place).take(1).for_each(|v| *v = u32::MAX),
            _ => list.iter_mut().skip(place).take(1).for_each(|v| *v = v.wrapping_add(1)),
        }
        return name;
    }
    let name = section.arrays.keys().nth(at).unwrap().clone();
    let array = section.arrays.get_mut(&name).unwrap();
    let place = random.random_range(0..array.values.len().max(1));
    let mut put = |value: f32| array.values.iter_mut().skip(place).take(1).for_each(|v| *v = value);
    match random.random_range(0..8) {
        0 => put(f32::NAN),
        1 => put(f32::NEG_INFINITY),
        2 => put(1e30),
        3 => put(-9.0),
        4 => array.shape = vec![array.values.len(), 1, 1],
        5 => array.shape.insert(0, 1),
        6 => (array.shape, array.values) = (vec![0], Vec::new()),
        _ => {
            let moved = section.arrays.remove(&name).unwrap();
            section.arrays.insert(format!("{name}.other"), moved);
        }
    }
    name
}

#[test]
fn rewritten_arrays_with_new_checksums_are_refused_or_harmless() {
    let fixture = fixture();
    let sections = fixture.sections();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut answers = Vec::new();
    for case in 0..CASES {
        let mut other = sections.clone();
        let section = ["weights", "reference"][case % 2];
        let name = rewrite_arrays(other.by_name.get_mut(section).unwrap(), &mut random);
        other.save(&fixture.path()).unwrap();
        answers.push(fixture.is_refused(&format!("{case}: {section}/{name}")));
    }
    sound(&answers);
}

#[test]
fn a_small_file_that_describes_a_huge_model_is_refused_at_once() {
    let fixture = fixture();
    let fields = [
        ("/model/width", 1u64 << 40),
        ("/model/graph/layers", u64::MAX),
        ("/model/heads/affinities", 1 << 31),
        ("/model/width", 60_000),
        ("/model/interaction/dim", 65_536),
        ("/inputs/drug/text_length", 1 << 50),
        ("/model/text/words", 1 << 50),
    ];
    for (place, value) in fields {
        let mut other = fixture.sections();
        let section = other.by_name.get_mut("schema").unwrap();
        let mut json: Value = serde_json::from_str(&section.text).unwrap();
        *json.pointer_mut(place).unwrap() = value.into();
        section.text = json.to_string();
        other.save(&fixture.path()).unwrap();
        assert_eq!(fixture.is_refused(place), Ok(true), "{place} as {value}");
    }
}
