//! `fusebind model`: what a model file holds, and a model file without training pairs.
//!
//! Comes in: a run folder or a model file. Goes out: a page of text or JSON on stdout, or a new file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use fusebind::{
    features::entity::{molecule::Standardise, pretrained::EncoderReference},
    model::model_file::{ModelFile, ModelInfo},
};

use super::output::{create_parent, protect, say};
use crate::{args::ModelCommand, console::Console, exit::Failure};

pub fn run(command: ModelCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        ModelCommand::Info { path, json } => {
            let info = ModelInfo::open(&model_file(&path))?;
            match json {
                true => say(serde_json::to_string_pretty(&info)?)?,
                false => say(page(&info).join("\n"))?,
            }
        }
        ModelCommand::Strip { path, output } => strip(&model_file(&path), &output, console)?,
    }
    Ok(())
}

/// The model file of a run folder, or the file itself.
fn model_file(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join("model.safetensors"),
        false => path.to_path_buf(),
    }
}

fn strip(path: &Path, output: &Path, console: &Console) -> anyhow::Result<()> {
    protect([output], [path])?;
    if output.exists() {
        return Err(Failure::failed(
            format!("{}: exists already", output.display()),
            "name a new file with -o",
        ));
    }
    let (mut file, _) = ModelFile::open(path)?;
    let removed = file.strip().map_err(|e| {
        Failure::failed(
            e.about(path).to_string(),
            "train with `enabled = false` under [model.neighbours] for a model that holds no training pairs",
        )
    })?;
    create_parent(output)?;
    file.save(output)?;
    console.note(match removed {
        true => "the training pairs were removed",
        false => "the file holds no training pairs; it was copied as it is",
    });
    Ok(())
}

/// An encoder that the model needs beside its file.
fn encoder(reference: &EncoderReference) -> String {
    format!("{reference}, sha256 {}, at {}", reference.sha256, reference.folder)
}

/// What a reader wants to know first comes first.
// Long because it is one list of lines in their order.
fn page(info: &ModelInfo) -> Vec<String> {
    let names = |modalities: &[fusebind::features::modality::Modality]| {
        let names: Vec<String> = modalities.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    let scales: Vec<&str> = info.scales.iter().map(|scale| scale.name.as_str()).collect();
    let training = &info.training;
    let scores: Vec<String> = (training.scores.iter())
        .map(|(name, value)| format!("{name} {value:.4}"))
        .collect();
    let pairs = match info.reference_pairs {
        0 => "none inside".to_string(),
        count => format!("{count} labels of training pairs are inside"),
    };
    let encoders = match &info.encoders[..] {
        [] => "-".to_string(),
        all => all.iter().map(encoder).collect::<Vec<_>>().join("; "),
    };
    let number = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.4}"));
    let expected_of = |of: &str, scores: &BTreeMap<String, f64>| {
        let scores = scores.iter().map(|(name, value)| format!("{name} {value:.3}"));
        format!("{of} {}", scores.collect::<Vec<_>>().join(" "))
    };
    let expected: Vec<String> = (info.expected.iter())
        .map(|(novelty, scores)| expected_of(novelty.name(), scores))
        .collect();
    let of_sources: Vec<String> = (info.expected_of_sources.iter())
        .map(|(source, of)| expected_of(source, &of.scores))
        .collect();
    let shares: Vec<String> = (info.shares_by_novelty.iter())
        .map(|(novelty, of)| {
            let structure = (of.structure_encoder_share)
                .map(|share| format!(" ({share:.2} encoders in the structure model)"))
                .unwrap_or_default();
            format!(
                "{} {:.2} encoders, {:.2} structure alone{structure}",
                novelty.name(),
                of.encoder_share,
                of.structure_only_share
            )
        })
        .collect();
    let or_none = |text: String| if text.is_empty() { "-".to_string() } else { text };
    let lines = [
        ("task", info.task.to_string()),
        ("scales", or_none(scales.join(", "))),
        ("drug modalities", names(&info.drug_modalities)),
        ("target modalities", names(&info.target_modalities)),
        ("parameters", info.parameters.to_string()),
        ("members", info.members.to_string()),
        (
            "structure model",
            info.structure_model.map_or("-".to_string(), |of| {
                let one_sided = match of.one_sided_share > 0.0 {
                    true => format!(", {:.2} of pairs described on one side", of.one_sided_share),
                    false => String::new(),
                };
                format!("kept epoch {}, {:.2} encoders{one_sided}", of.epoch, of.encoder_share)
            }),
        ),
        ("recipe", info.recipe.clone()),
        ("seed", info.seed.to_string()),
        (
            "trained on",
            format!(
                "{} pairs of {} drugs and {} targets, kept epoch {}",
                training.pairs, training.drugs, training.targets, training.epoch
            ),
        ),
        (
            "molecules",
            match info.standardise {
                Standardise::Parent => "uncharged parents".to_string(),
                Standardise::None => "as they are written".to_string(),
            },
        ),
        ("data fingerprint", info.data_fingerprint.clone()),
        ("split hash", info.split_hash.clone()),
        ("validation scores", or_none(scores.join(", "))),
        ("expect", or_none(expected.join("; "))),
        ("expect elsewhere", or_none(of_sources.join("; "))),
        ("shares chosen on hold-outs", or_none(shares.join("; "))),
        ("threshold", number(info.threshold)),
        ("prior", number(info.prior)),
        ("training pairs", pairs),
        ("encoders", encoders),
        ("fusebind", info.version.clone()),
        ("feature schema", info.feature_schema.to_string()),
        ("size", format!("{} bytes", info.bytes)),
    ];
    let lines = lines.into_iter().map(|(name, value)| format!("{name:18} {value}"));
    let sections = info.sections.iter().map(|section| {
        format!(
            "{:18} version {}, {} bytes, sha256 {}",
            section.name, section.version, section.bytes, section.sha256
        )
    });
    lines.chain([String::new()]).chain(sections).collect()
}
