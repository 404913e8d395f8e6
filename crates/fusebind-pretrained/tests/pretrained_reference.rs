//! Every layer of tiny random encoders beside `transformers` (`testdata/pretrained/make.py` says how they were made).

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::{fs, path::PathBuf};

use fusebind_pretrained::{Content, EmbedConfig, Encoder, Family, Plan, Pooling};
use proptest::prelude::*;
use safetensors::SafeTensors;

const ENCODERS: [(&str, Family, Content); 8] = [
    ("esm2", Family::Esm2, Content::Protein),
    ("esmc", Family::EsmC, Content::Protein),
    ("bert", Family::Bert, Content::Text),
    ("protbert", Family::Bert, Content::Protein),
    ("roberta", Family::Roberta, Content::Molecule),
    ("molformer", Family::MolFormer, Content::Molecule),
    ("t5", Family::T5, Content::Protein),
    ("t5-gated", Family::T5, Content::Protein),
];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/pretrained")
        .join(name)
}

fn inputs(name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder(name).join("inputs.txt")).unwrap();
    text.lines().map(String::from).collect()
}

fn numbers<const N: usize, T>(tensors: &SafeTensors<'_>, name: &str, of: fn([u8; N]) -> T) -> Vec<T> {
    let tensor = tensors.tensor(name).unwrap();
    tensor
        .data()
        .chunks_exact(N)
        .map(|bytes| of(bytes.try_into().unwrap()))
        .collect()
}

#[test]
fn token_ids_and_every_layer_are_those_of_transformers() {
    for (name, family, content) in ENCODERS {
        let encoder = Encoder::open(folder(name)).unwrap();
        assert_eq!(encoder.family(), family);
        let bytes = fs::read(folder(name).join("reference.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        for (at, text) in inputs(name).iter().enumerate() {
            let ids = encoder.token_ids(text, content).unwrap();
            let due = numbers(&tensors, &format!("{at}.ids"), i32::from_le_bytes);
            assert_eq!(
                ids.iter().map(|id| *id as i32).collect::<Vec<_>>(),
                due,
                "{name} {text}"
            );
            if ids.len() > encoder.window() {
                continue;
            }
            for layer in 0..=encoder.layers() {
                let states = &encoder.states(&[&ids], layer)[0];
                let due = numbers(&tensors, &format!("{at}.layer.{layer}"), f32::from_le_bytes);
                assert_eq!(states.len(), due.len());
                let size = due.iter().fold(1.0f32, |size, x| size.max(x.abs()));
                let furthest = states
                    .iter()
                    .zip(&due)
                    .map(|(x, due)| (x - due).abs())
                    .fold(0.0, f32::max);
                assert!(
                    furthest <= 1e-5 * size,
                    "{name}, input {at}, layer {layer}: {furthest} of {size}"
                );
            }
        }
    }
}

#[test]
fn a_sequence_has_the_same_bits_alone_and_in_any_company() {
    for (name, _, content) in ENCODERS {
        let encoder = Encoder::open(folder(name)).unwrap();
        let ids: Vec<Vec<u32>> = inputs(name)
            .iter()
            .map(|text| encoder.token_ids(text, content).unwrap())
            .collect();
        let fitting: Vec<&[u32]> = ids
            .iter()
            .map(Vec::as_slice)
            .filter(|ids| ids.len() <= encoder.window())
            .collect();
        // Enough of them that rows fall on every place of a tile.
        let many: Vec<&[u32]> = fitting.iter().copied().cycle().take(23).collect();
        let together = encoder.states(&many, encoder.layers());
        for (ids, states) in many.iter().zip(&together) {
            assert_eq!(&encoder.states(&[ids], encoder.layers())[0], states, "{name}");
        }
    }
}

/// Embeds `texts`, each by its position.
fn embedded(encoder: &Encoder, config: &EmbedConfig, texts: &[&str]) -> Vec<Vec<f32>> {
    let found = std::sync::Mutex::new(vec![Vec::new(); texts.len()]);
    let plan = Plan::new(encoder, config, texts).unwrap();
    plan.run(&|at, values| {
        found.lock().unwrap()[at] = values.to_vec();
        Ok(())
    })
    .unwrap();
    found.into_inner().unwrap()
}

#[test]
fn pooling_is_what_it_says() {
    let encoder = Encoder::open(folder("esm2")).unwrap();
    let text = "MKTAYIAKQR";
    let states = &encoder.states(&[&encoder.token_ids(text, Content::Protein).unwrap()], encoder.layers())[0];
    let (rows, width) = (states.len() / encoder.width(), encoder.width());
    let mean = |rows: std::ops::Range<usize>| -> Vec<f32> {
        let at = |channel: usize| {
            rows.clone()
                .map(|row| f64::from(states[row * width + channel]))
                .sum::<f64>()
        };
        (0..width)
            .map(|channel| (at(channel) / rows.len() as f64) as f32)
            .collect()
    };
    for (pooling, due) in [
        (Pooling::Mean, mean(1..rows - 1)),
        (Pooling::MeanAll, mean(0..rows)),
        (Pooling::First, mean(0..1)),
        (Pooling::PerToken, states[width..states.len() - width].to_vec()),
    ] {
        let config = EmbedConfig::of(&encoder, Content::Protein, pooling);
        assert_eq!(embedded(&encoder, &config, &[text])[0], due, "{pooling:?}");
    }
}

#[test]
fn long_sequences_are_read_in_windows() {
    let encoder = Encoder::open(folder("esm2")).unwrap();
    let text = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ".repeat(9);
    let config = EmbedConfig::of(&encoder, Content::Protein, Pooling::PerToken);
    let states = &embedded(&encoder, &config, &[&text])[0];
    assert_eq!(states.len(), text.len() * encoder.width());
    // The first tokens are those of the first window.
    let first = &embedded(&encoder, &config, &[&text[..36]])[0];
    assert_eq!(states[..20 * encoder.width()], first[..20 * encoder.width()]);
    let narrow = EmbedConfig {
        window: 12,
        overlap: 4,
        ..config
    };
    assert_ne!(&embedded(&encoder, &narrow, &[&text])[0], states);
}

#[test]
fn what_cannot_be_done_is_refused_with_a_remedy() {
    let encoder = Encoder::open(folder("esm2")).unwrap();
    let config = EmbedConfig::of(&encoder, Content::Protein, Pooling::Mean);
    let refused = |config: &EmbedConfig, texts: &[&str]| match Plan::new(&encoder, config, texts)
        .and_then(Plan::refuse_unknown)
    {
        Err(error) => !error.remedy().is_empty(),
        Ok(_) => false,
    };
    assert!(refused(
        &EmbedConfig {
            layer: 4,
            ..config.clone()
        },
        &["MKT"]
    ));
    assert!(refused(
        &EmbedConfig {
            window: 39,
            ..config.clone()
        },
        &["MKT"]
    ));
    assert!(refused(
        &EmbedConfig {
            overlap: 36,
            ..config.clone()
        },
        &["MKT"]
    ));
    assert!(refused(
        &EmbedConfig {
            content: Content::Molecule,
            ..config.clone()
        },
        &["CCO"]
    ));
    assert!(refused(&config, &["???????"]));
    let of_molecules = Encoder::open(folder("molformer")).unwrap();
    for content in [Content::Protein, Content::Text] {
        // Every letter is an atom, and yet no molecule is meant.
        let config = EmbedConfig::of(&of_molecules, content, Pooling::Mean);
        assert!(Plan::new(&of_molecules, &config, &["CNOSF"]).is_err());
    }
    let without_first = Encoder::open(folder("t5")).unwrap();
    let config = EmbedConfig::of(&without_first, Content::Protein, Pooling::First);
    assert!(Plan::new(&without_first, &config, &["MKT"]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn an_embedding_does_not_depend_on_the_others(texts in prop::collection::vec("[ACDEFGHIKLMNPQRSTVWY]{1,90}", 1..9)) {
        let encoder = Encoder::open(folder("t5-gated")).unwrap();
        let config = EmbedConfig { window: 40, overlap: 10, ..EmbedConfig::of(&encoder, Content::Protein, Pooling::Mean) };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let together = embedded(&encoder, &config, &texts);
        for (text, values) in texts.iter().zip(together) {
            prop_assert_eq!(&embedded(&encoder, &config, &[text])[0], &values);
        }
    }
}
