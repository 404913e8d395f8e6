//! An encoder inside a model: its embeddings depend on their own input alone, whether they are computed or read again.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::{fs, path::PathBuf};

use fusebind_features::{
    entity::pretrained::{EmbedInputs, PretrainedConfig, TokenPooling, ValuePrecision},
    modality::Modality,
};
use fusebind_pretrained::{EncoderFolders, FrozenEncoder, KeptIn};

fn folder(name: &str) -> String {
    format!("{}/../../testdata/pretrained/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn config(name: &str) -> PretrainedConfig {
    PretrainedConfig {
        path: folder(name),
        window: Some(20),
        ..PretrainedConfig::default()
    }
}

fn open(name: &str) -> FrozenEncoder {
    FrozenEncoder::open(Modality::Sequence, &config(name)).unwrap()
}

fn sequences() -> Vec<String> {
    let letters = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQWCDHGNP";
    (1..=letters.len())
        .map(|end| letters[..end].repeat(1 + end % 4))
        .collect()
}

fn bits(rows: &[Option<Vec<f32>>]) -> Vec<Option<Vec<u32>>> {
    let of = |row: &Option<Vec<f32>>| row.as_ref().map(|row| row.iter().map(|v| v.to_bits()).collect());
    rows.iter().map(of).collect()
}

#[test]
fn an_embedding_is_the_same_alone_together_prepared_and_read_again() {
    let sequences = sequences();
    let inputs: Vec<&str> = sequences.iter().map(String::as_str).collect();
    let together = bits(&open("esm2").embed(&inputs));
    assert!(together.iter().all(Option::is_some));
    let encoder = open("esm2");
    let alone: Vec<_> = inputs.iter().flat_map(|input| encoder.embed(&[input])).collect();
    assert_eq!(bits(&alone), together);
    let kept = tempfile::tempdir().unwrap();
    let cached = || open("esm2").cached(kept.path()).unwrap();
    let mut reports = Vec::new();
    let end = cached().prepare(&inputs, &mut |so_far| {
        reports.push(so_far.done);
        true
    });
    assert_eq!((end.unwrap().known, reports.last()), (0, Some(&inputs.len())));
    let again = cached();
    assert_eq!(again.prepare(&inputs, &mut |_| true).unwrap().known, inputs.len());
    assert_eq!(bits(&again.embed(&inputs)), together);
    let reading = open("esm2").reading(kept.path()).unwrap();
    assert_eq!(
        bits(&reading.embed(&inputs)),
        together,
        "while another one holds the file"
    );
}

#[test]
fn a_folder_that_is_read_gets_nothing_and_stopping_loses_nothing() {
    let kept = tempfile::tempdir().unwrap();
    let reading = open("esm2").reading(kept.path()).unwrap();
    assert!(reading.embed(&["MKT"])[0].is_some());
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 0);
    let all: Vec<String> = (0..500).map(|at| format!("MKT{}", "A".repeat(at))).collect();
    let inputs: Vec<&str> = all.iter().map(String::as_str).collect();
    let cached = || open("esm2").cached(kept.path()).unwrap();
    let stopped = cached().prepare(&inputs, &mut |so_far| so_far.done == 0).unwrap();
    assert!(stopped.done > 0 && stopped.done < stopped.all);
    let end = cached().prepare(&inputs, &mut |_| true).unwrap();
    assert_eq!((end.known, end.done), (stopped.done, end.all));
}

#[test]
fn what_the_encoder_cannot_read_has_no_embedding_and_harms_nothing_else() {
    let encoder = FrozenEncoder::open(Modality::Text, &config("bert")).unwrap();
    let with = encoder.embed(&["kinase inhibitor", "", "kinase"]);
    assert!(with[0].is_some() && with[1].is_none() && with[2].is_some());
    let alone = FrozenEncoder::open(Modality::Text, &config("bert")).unwrap();
    assert_eq!(bits(&alone.embed(&["kinase"])), bits(&with[2..]));
    // Training refuses an encoder of something else; a prediction must not depend on what stands beside it.
    let refused = alone.prepare(&["zzz", "qqq vvv"], &mut |_| true).unwrap_err();
    assert!(alone.embed(&["zzz"])[0].is_some());
    assert!(refused.to_string().contains("does not know"), "{refused}");
}

#[test]
fn options_change_values_and_another_encoder_is_refused() {
    let of = |change: &dyn Fn(&mut PretrainedConfig)| {
        let mut config = config("esm2");
        change(&mut config);
        let encoder = FrozenEncoder::open(Modality::Sequence, &config).unwrap();
        (
            bits(&encoder.embed(&[&"MKTAYIAKQR".repeat(5)])),
            encoder.reference().clone(),
        )
    };
    let (plain, reference) = of(&|_| {});
    for change in [
        &(|c: &mut PretrainedConfig| c.layer = Some(1)) as &dyn Fn(&mut PretrainedConfig),
        &|c| c.pooling = TokenPooling::Cls,
        &|c| c.pooling = TokenPooling::MeanAll,
        &|c| c.window = Some(12),
        &|c| c.overlap = Some(1),
        &|c| c.precision = ValuePrecision::Float32,
    ] {
        let (values, other) = of(change);
        assert_ne!(values, plain, "{other}");
        assert!(!other.is_same(&reference), "{other}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for file in fs::read_dir(folder("esm2")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let given = |folders: Vec<PathBuf>| EncoderFolders {
        folders,
        without: false,
        kept: KeptIn::Memory,
    };
    let opened = given(vec![copy]).open(&[&reference]).unwrap();
    assert_eq!(bits(&opened[0].embed(&[&"MKTAYIAKQR".repeat(5)])), plain);
    let another = given(vec![folder("t5").into()]).open(&[&reference]).unwrap_err();
    assert!(another.to_string().contains(&reference.sha256), "{another}");
    let mut moved = reference.clone();
    moved.folder = elsewhere.path().join("gone").display().to_string();
    let missing = given(Vec::new()).open(&[&moved]).unwrap_err();
    assert!(missing.remedy().contains("--without-encoders"), "{missing}");
    let without = EncoderFolders {
        without: true,
        ..EncoderFolders::default()
    };
    assert!(without.open(&[&moved]).unwrap().is_empty());
}
