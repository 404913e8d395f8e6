//! Folders that are no encoder, or are damaged, are errors that say where and what to do.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::{fs, path::Path};

use fusebind_pretrained::{Encoder, Error};

fn copy(name: &str) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/pretrained")
        .join(name);
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn refusal(folder: &Path) -> Error {
    match Encoder::open(folder) {
        Err(error) => {
            assert!(!error.remedy().is_empty(), "{error}");
            error
        }
        Ok(_) => panic!("is accepted"),
    }
}

/// Refuses the encoder `name` with `to` in place of `from` in its config.json.
fn refuse_changed(name: &str, from: &str, to: &str) {
    let folder = copy(name);
    let path = folder.path().join("config.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(&path, text.replace(from, to)).unwrap();
    refusal(folder.path());
}

#[test]
fn pickled_weights_are_refused_with_the_command_that_converts_them() {
    let folder = copy("bert");
    fs::rename(
        folder.path().join("model.safetensors"),
        folder.path().join("pytorch_model.bin"),
    )
    .unwrap();
    let error = refusal(folder.path());
    assert!(
        error.to_string().contains("pickled") && error.remedy().contains("safe_serialization"),
        "{error}"
    );
}

#[test]
fn missing_files_are_named() {
    for name in ["config.json", "model.safetensors", "vocab.txt"] {
        let folder = copy("esm2");
        fs::remove_file(folder.path().join(name)).unwrap();
        refusal(folder.path());
    }
    let folder = copy("t5");
    fs::remove_file(folder.path().join("model-00002-of-00004.safetensors")).unwrap();
    assert!(refusal(folder.path()).to_string().contains("00002"));
    refusal(Path::new("no/such/folder"));
}

#[test]
fn sizes_that_do_not_go_together_are_refused_before_anything_is_allocated() {
    for (from, to) in [
        ("\"hidden_size\": 24", "\"hidden_size\": 48"),
        ("\"hidden_size\": 24", "\"hidden_size\": 4000000"),
        ("\"hidden_size\": 24", "\"hidden_size\": -1"),
        ("\"vocab_size\": 33", "\"vocab_size\": 99999999999"),
        ("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4"),
        ("\"num_attention_heads\": 3", "\"num_attention_heads\": 5"),
        ("\"model_type\": \"esm\"", "\"model_type\": \"gpt2\""),
        ("\"rotary\"", "\"absolute\""),
    ] {
        refuse_changed("esm2", from, to);
    }
}

#[test]
fn an_encoder_whose_features_are_missing_or_of_another_size_is_refused() {
    for (from, to) in [
        ("\"num_random_features\": 10", "\"num_random_features\": 32"),
        ("\"num_attention_heads\": 3", "\"num_attention_heads\": 8"),
        ("\"num_attention_heads\": 3", "\"num_attention_heads\": 6"),
        ("\"max_position_embeddings\": 40", "\"max_position_embeddings\": 2"),
        ("\"feature_map_kernel\": \"relu\"", "\"feature_map_kernel\": \"cosine\""),
    ] {
        refuse_changed("molformer", from, to);
    }
    let folder = copy("molformer");
    let path = folder.path().join("model.safetensors");
    let text = fs::read(&path).unwrap();
    let at = text.windows(11).position(|name| name == b"feature_map").unwrap();
    let mut changed = text.clone();
    changed[at] = b'F';
    fs::write(&path, changed).unwrap();
    assert!(refusal(folder.path()).to_string().contains("feature_map"));
}

#[test]
fn every_cut_and_every_changed_header_is_an_error_and_never_a_panic() {
    let folder = copy("esm2");
    let path = folder.path().join("model.safetensors");
    let whole = fs::read(&path).unwrap();
    for length in [0, 4, 8, 100, 2000, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(refusal(folder.path()).to_string().contains("model.safetensors"));
    }
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for at in (0..header).step_by(41) {
        let mut bytes = whole.clone();
        bytes[at] = bytes[at].wrapping_add(13);
        fs::write(&path, &bytes).unwrap();
        // Most are errors; a changed name of a tensor that is not read is none.
        let _ = Encoder::open(folder.path());
    }
    let mut bytes = whole;
    bytes[header..]
        .chunks_exact_mut(4)
        .for_each(|value| value.copy_from_slice(&f32::NAN.to_le_bytes()));
    fs::write(&path, &bytes).unwrap();
    let error = refusal(folder.path()).to_string();
    assert!(error.contains("tensor `"), "{error}");
}

#[test]
fn an_index_names_files_of_its_folder_alone() {
    let folder = copy("t5");
    let path = folder.path().join("model.safetensors.index.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("model-00001", "../model-00001")).unwrap();
    assert!(refusal(folder.path()).to_string().contains("names the file"));
}

#[test]
fn damaged_tokenisers_are_errors() {
    for (name, file) in [
        ("t5", "spiece.model"),
        ("t5-gated", "tokenizer.json"),
        ("roberta", "vocab.json"),
        ("bert", "vocab.txt"),
        ("molformer", "vocab.json"),
    ] {
        let folder = copy(name);
        let path = folder.path().join(file);
        let whole = fs::read(&path).unwrap();
        // Of a list of words nobody can tell that its end is missing.
        let lengths = if file == "vocab.txt" {
            vec![0, 20]
        } else {
            vec![0, 1, whole.len() / 3]
        };
        for length in lengths {
            fs::write(&path, &whole[..length]).unwrap();
            refusal(folder.path());
        }
    }
}
