//! `fusebind embed`: targets, drugs or texts through a pretrained encoder, to a side table.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use fusebind::{
    data::modality::{EmbeddingTable, Number, write_embeddings, write_states},
    pretrained::{EmbedConfig, Encoder, Plan, Pooling, Precision, Store, TextHash, text_hash},
};

use super::{
    embed_inputs::{self, Inputs},
    output::{create_parent, protect},
};
use crate::{
    args::{EmbedArgs, PoolingName, PrecisionName},
    console::Console,
    exit::Failure,
    interrupt, load,
};

pub fn run(args: &EmbedArgs, console: &Console) -> anyhow::Result<()> {
    let (beside, cache) = check(args)?;
    interrupt::end_at_once("give the same command again: what was embedded is kept");
    let encoder = Encoder::open(&args.encoder)?;
    let mut inputs = embed_inputs::read(args, console)?;
    let config = config(args, &encoder, &inputs);
    config.check(&encoder)?;
    console.note(format_args!(
        "{}: {}, {} layers, {} channels, windows of {} tokens",
        args.encoder.display(),
        encoder.family(),
        encoder.layers(),
        encoder.width(),
        config.window
    ));
    create_parent(&args.out)?;
    let precision = match args.precision {
        PrecisionName::Float16 => Precision::Float16,
        PrecisionName::Float32 => Precision::Float32,
    };
    let store = Store::open(&cache, &config.key(&encoder, precision), precision)?;
    let empty = embed(&encoder, &config, &inputs, &store, console)?;
    inputs.reject(
        |text| empty.contains(&text_hash(text)),
        "the tokeniser finds nothing in it",
    );
    if inputs.rows.is_empty() {
        load::report_rejections(&inputs.rejections, Some(&beside), console)?;
        let message = format!("{}: nothing is left to embed", inputs.file);
        return Err(Failure::failed(
            message,
            "fix the rows whose reasons were written beside the output",
        ));
    }
    write(args, &encoder, &inputs, &store)?;
    drop(store);
    if args.cache.is_none() {
        // The output is complete. What cannot be removed does no harm to it.
        let _ = fs::remove_dir_all(&cache);
    }
    console.note(format_args!("{}: {} rows", args.out.display(), inputs.rows.len()));
    load::report_rejections(&inputs.rejections, Some(&beside), console)
}

/// The list of rejected rows and the folder of embeddings, once the flags go together.
fn check(args: &EmbedArgs) -> anyhow::Result<(PathBuf, PathBuf)> {
    let ending = if args.per_residue { "safetensors" } else { "parquet" };
    if args.out.extension().is_none_or(|found| found != ending) {
        return Err(Failure::misuse(
            format!("{}: is not written in this format", args.out.display()),
            format!("name the output embedding_MODALITY_NAME.{ending}"),
        ));
    }
    let unfinished = || {
        let mut name = args.out.file_name().unwrap_or_default().to_os_string();
        name.push(".unfinished");
        args.out.with_file_name(name)
    };
    let beside = load::rejected_beside(&args.out);
    let cache = args.cache.clone().unwrap_or_else(unfinished);
    let inputs = [&args.targets, &args.drugs, &args.texts]
        .into_iter()
        .flatten()
        .chain([&args.encoder]);
    protect([&args.out, &beside, &cache], inputs.map(PathBuf::as_path))?;
    Ok((beside, cache))
}

fn config(args: &EmbedArgs, encoder: &Encoder, inputs: &Inputs) -> EmbedConfig {
    let pooling = match args.pooling {
        _ if args.per_residue => Pooling::PerToken,
        PoolingName::Mean => Pooling::Mean,
        PoolingName::MeanAll => Pooling::MeanAll,
        PoolingName::Cls => Pooling::First,
    };
    let usual = EmbedConfig::of(encoder, inputs.content, pooling);
    let window = args.window.unwrap_or(usual.window);
    EmbedConfig {
        layer: args.layer.unwrap_or(usual.layer),
        window,
        overlap: args.overlap.unwrap_or(window / 4),
        ..usual
    }
}

/// Embeds the texts that are not in `store` yet; those without a token.
fn embed(
    encoder: &Encoder,
    config: &EmbedConfig,
    inputs: &Inputs,
    store: &Store,
    console: &Console,
) -> anyhow::Result<HashSet<TextHash>> {
    let mut distinct = HashSet::new();
    let texts = inputs.rows.iter().map(|(text, _)| (text.as_str(), text_hash(text)));
    let texts: Vec<(&str, TextHash)> = texts.filter(|(_, hash)| distinct.insert(*hash)).collect();
    let (known, due): (Vec<_>, Vec<_>) = texts.into_iter().partition(|(_, hash)| store.has(hash));
    console.note(format_args!(
        "{} rows, {} distinct inputs, {} of them embedded before",
        inputs.rows.len(),
        known.len() + due.len(),
        known.len()
    ));
    if due.is_empty() {
        return Ok(HashSet::new());
    }
    let only_texts: Vec<&str> = due.iter().map(|(text, _)| *text).collect();
    let plan = Plan::new(encoder, config, &only_texts)?.refuse_unknown()?;
    let bar = console.bar(due.len() as u64, "inputs");
    let started = Instant::now();
    plan.run(&|at, values| {
        store.put(&due[at].1, values)?;
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    console.note(format_args!(
        "{} tokens in {seconds:.1} s, {:.0} tokens/s",
        plan.tokens,
        plan.tokens as f64 / seconds.max(1e-9)
    ));
    Ok(plan.empty.iter().map(|at| due[*at].1).collect())
}

fn write(args: &EmbedArgs, encoder: &Encoder, inputs: &Inputs, store: &Store) -> anyhow::Result<()> {
    let number = match args.precision {
        PrecisionName::Float16 => Number::Float16,
        PrecisionName::Float32 => Number::Float32,
    };
    let values = |at: usize| -> anyhow::Result<Vec<f32>> {
        let found = store.get(&text_hash(&inputs.rows[at].0))?;
        found.ok_or_else(|| gone(store.path()))
    };
    if !args.per_residue {
        let mut table = EmbeddingTable {
            keys: inputs.keys.clone(),
            values: Vec::new(),
            width: encoder.width(),
        };
        for at in 0..inputs.rows.len() {
            table.values.extend(values(at)?);
        }
        return Ok(write_embeddings(&args.out, &table, number)?);
    }
    // A tensor has one name: the first key of its row.
    let mut names: Vec<(String, usize)> = Vec::new();
    let (mut at_of, mut seen) = (Vec::new(), HashSet::new());
    for at in 0..inputs.rows.len() {
        let name = inputs.keys.iter().find_map(|(_, cells)| cells[at].clone());
        if let Some(name) = name.filter(|name| seen.insert(name.clone())) {
            names.push((name, values(at)?.len() / encoder.width()));
            at_of.push(at);
        }
    }
    let states = |at: usize| values(at_of[at]).map_err(std::io::Error::other);
    Ok(write_states(&args.out, &names, (encoder.width(), number), states)?)
}

fn gone(path: &Path) -> anyhow::Error {
    let message = format!("{}: an embedding is gone", path.display());
    Failure::failed(message, "give the same command again")
}
