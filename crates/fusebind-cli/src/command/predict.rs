//! `fusebind predict`: one pair from flags, a table of pairs, or drugs times targets.

use std::{
    io::{BufWriter, Write, stdout},
    path::{Path, PathBuf},
};

use fusebind::{
    data::{
        source::{LabelPolicy, load_drugs, load_targets},
        table::{Column, Dataset, Drug, Rejection, Target, Values, write},
    },
    features::entity::{
        molecule::{ChematicToolkit, Chemistry, Molecule},
        protein::Protein,
        side::SideData,
    },
    predict::{Entities, Model, Prediction},
};

use super::output::{create_parent, refuse_input};
use crate::{args::PredictArgs, console::Console, exit::Failure, load};

/// Most pairs that are held in memory with their predictions.
const MOST_PAIRS: usize = 10_000_000;

/// What is to be predicted.
struct Request {
    /// Distinct entities.
    dataset: Dataset,
    /// Names of drugs and targets with the entity each of them names; several may name one.
    names: [Vec<(String, u32)>; 2],
    /// Pairs of names.
    pairs: Vec<(u32, u32)>,
    /// Rows of the pair table, aligned with the pairs; empty where there is none.
    rows: Vec<u64>,
    rejections: Vec<Rejection>,
}

pub fn run(args: &PredictArgs, console: &Console) -> anyhow::Result<()> {
    if let Some(out) = &args.out {
        let tables = [
            &args.pairs,
            &args.drugs,
            &args.targets,
            &args.modalities,
            &args.mismatch_rates,
        ];
        refuse_input(
            out,
            tables.into_iter().flatten().chain([&args.run]).map(PathBuf::as_path),
        )?;
    }
    let device = load::device(args.device, console)?;
    let without = load::switched_off(&args.only, &args.without)?;
    let mut predictor = Model::open_on(&args.run, &device)?.without(without)?;
    if let Some(path) = &args.mismatch_rates {
        let rates = load::mismatch_rates(path, predictor.description())?;
        predictor = predictor.with_mismatch_rates(rates);
    }
    let mut request = request(args, console)?;
    let inputs = &predictor.description().inputs;
    let fields = [&inputs.drug.text_fields[..], &inputs.target.text_fields[..]];
    let folder = args.modalities.as_deref();
    let (side, _) = load::side_data(folder, &request.dataset, fields, &mut request.rejections, console)?;
    let predictions = predict(&predictor, &request, &side, console);
    let columns = columns(&predictor, &request, &predictions);
    let beside = match &args.out {
        Some(path) => {
            create_parent(path)?;
            write(path, &columns)?;
            load::rejected_beside(path)
        }
        None => {
            print(&columns)?;
            // There is no output to lie beside: the folder one stands in, under the name of the input.
            let input = args.pairs.as_deref().or(args.drugs.as_deref());
            load::rejected_beside(Path::new(
                input.and_then(Path::file_name).unwrap_or("predictions".as_ref()),
            ))
        }
    };
    load::report_rejections(&request.rejections, Some(&beside), console)?;
    if request.pairs.is_empty() {
        return Err(Failure::failed(
            "no pair could be predicted: every row was rejected",
            "fix the rows whose reasons were written beside the output",
        ));
    }
    Ok(())
}

fn predict(predictor: &Model, request: &Request, side: &[SideData; 2], console: &Console) -> Vec<Prediction> {
    let molecules: Vec<&Molecule> = request.dataset.drugs.iter().map(|d| &d.molecule).collect();
    let proteins: Vec<&Protein> = request.dataset.targets.iter().map(|t| &t.protein).collect();
    let [drugs, targets] = &request.names;
    let entities = |(d, t): &(u32, u32)| (drugs[*d as usize].1, targets[*t as usize].1);
    let pairs: Vec<(u32, u32)> = request.pairs.iter().map(entities).collect();
    let bar = console.bar(pairs.len() as u64, "pairs");
    let entities = Entities {
        drugs: &molecules,
        targets: &proteins,
        side: [&side[0], &side[1]],
    };
    let (predictions, notes) = predictor.predict_indexed(entities, &pairs, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    notes.iter().for_each(|note| console.note(format_args!("note: {note}")));
    predictions
}

fn request(args: &PredictArgs, console: &Console) -> anyhow::Result<Request> {
    if let Some(path) = &args.pairs {
        return pairs(path, args, console);
    }
    match (&args.smiles, &args.sequence, &args.drugs, &args.targets) {
        (Some(smiles), Some(sequence), ..) => one(smiles, sequence),
        (_, _, Some(drugs), Some(targets)) => product(drugs, targets, args, console),
        _ => Err(Failure::misuse(
            "nothing to predict",
            "give --smiles and --sequence, or --pairs, or --drugs and --targets",
        )),
    }
}

/// The pair of the flags.
fn one(smiles: &str, sequence: &str) -> anyhow::Result<Request> {
    let refuse = |flag: &str, error: &dyn std::fmt::Display| {
        Failure::failed(format!("{flag}: {error}"), format!("fix the value of {flag}"))
    };
    let molecule = ChematicToolkit.molecule(smiles).map_err(|e| refuse("--smiles", &e))?;
    let protein = Protein::parse(sequence).map_err(|e| refuse("--sequence", &e))?;
    let drug = Drug {
        ids: vec![smiles.into()],
        keys: Default::default(),
        molecule,
    };
    let target = Target {
        ids: vec!["sequence".into()],
        keys: Default::default(),
        protein,
    };
    Ok(every_pair((vec![drug], vec![target]), Vec::new()))
}

/// Each row of a table of pairs.
fn pairs(path: &Path, args: &PredictArgs, console: &Console) -> anyhow::Result<Request> {
    let (dataset, rejections) = load::dataset(path, &args.source, LabelPolicy::Optional, None, console)?;
    within_memory(dataset.interactions.len())?;
    let name = |ids: &[String], entity: usize| (ids.first().cloned().unwrap_or_default(), entity as u32);
    Ok(Request {
        names: [
            dataset
                .drugs
                .iter()
                .enumerate()
                .map(|(at, d)| name(&d.ids, at))
                .collect(),
            dataset
                .targets
                .iter()
                .enumerate()
                .map(|(at, t)| name(&t.ids, at))
                .collect(),
        ],
        pairs: dataset.interactions.iter().map(|i| (i.drug, i.target)).collect(),
        rows: dataset.interactions.iter().map(|i| i.row).collect(),
        dataset,
        rejections,
    })
}

/// Each drug of a table with each target of another, under every id that names them.
fn product(drugs: &Path, targets: &Path, args: &PredictArgs, console: &Console) -> anyhow::Result<Request> {
    let map = load::columns(&args.source);
    let (drugs, mut rejections) = load::chemistry(&args.source, console, |toolkit| {
        load_drugs(drugs, toolkit, &map).map_err(Into::into)
    })?;
    let (targets, rejected) = load_targets(targets, &map)?;
    rejections.extend(rejected);
    let count = |ids: &mut dyn Iterator<Item = usize>| ids.sum::<usize>();
    let drug_ids = count(&mut drugs.iter().map(|d| d.ids.len()));
    let target_ids = count(&mut targets.iter().map(|t| t.ids.len()));
    within_memory(drug_ids.saturating_mul(target_ids))?;
    Ok(every_pair((drugs, targets), rejections))
}

fn within_memory(pairs: usize) -> anyhow::Result<()> {
    if pairs <= MOST_PAIRS {
        return Ok(());
    }
    Err(Failure::failed(
        format!("{pairs} pairs are more than the {MOST_PAIRS} that one call holds in memory"),
        "cut the table into parts and predict them one after the other",
    ))
}

fn every_pair((drugs, targets): (Vec<Drug>, Vec<Target>), rejections: Vec<Rejection>) -> Request {
    let name = |(at, ids): (usize, &Vec<String>)| ids.iter().map(|id| (id.clone(), at as u32)).collect::<Vec<_>>();
    let names: [Vec<(String, u32)>; 2] = [
        drugs.iter().map(|d| &d.ids).enumerate().flat_map(name).collect(),
        targets.iter().map(|t| &t.ids).enumerate().flat_map(name).collect(),
    ];
    let pairs = (0..names[0].len() as u32)
        .flat_map(|d| (0..names[1].len() as u32).map(move |t| (d, t)))
        .collect();
    Request {
        dataset: Dataset {
            drugs,
            targets,
            ..Dataset::default()
        },
        names,
        pairs,
        rows: Vec::new(),
        rejections,
    }
}

fn columns(predictor: &Model, request: &Request, predictions: &[Prediction]) -> Vec<Column> {
    let [drugs, targets] = &request.names;
    let drug = |p: &(u32, u32)| &drugs[p.0 as usize];
    let target = |p: &(u32, u32)| &targets[p.1 as usize];
    let smiles = |p: &(u32, u32)| request.dataset.drugs[drug(p).1 as usize].molecule.smiles.as_str();
    let constant = |text: &'static str| predictions.iter().map(move |_| Some(text));
    let mut columns = vec![
        Column::text("drug_id", request.pairs.iter().map(|p| Some(drug(p).0.as_str()))),
        Column::text("target_id", request.pairs.iter().map(|p| Some(target(p).0.as_str()))),
        Column::text("smiles", request.pairs.iter().map(|p| Some(smiles(p)))),
    ];
    for (c, scale) in predictor.scales().enumerate() {
        let suffix = if c == 0 { String::new() } else { format!("_{scale}") };
        let values = predictions.iter().map(|p| p.affinity.get(c).copied());
        columns.push(Column::real(format!("prediction{suffix}"), values));
        let units = predictions.iter().map(|_| Some(scale));
        columns.push(Column::text(format!("unit{suffix}"), units));
    }
    if predictor.description().model.heads.binding {
        let probabilities = || predictions.iter().map(|p| p.probability);
        // The main prediction has one name whatever a model was trained on.
        if predictor.scales().next().is_none() {
            columns.push(Column::real("prediction", probabilities()));
            columns.push(Column::text("unit", constant("probability")));
        }
        columns.push(Column::real("probability", probabilities()));
        columns.push(Column::flag("binds", predictions.iter().map(|p| p.binds)));
    }
    columns.push(Column::text(
        "inputs",
        predictions.iter().map(|p| Some(p.inputs.to_string())),
    ));
    for (at, name) in predictor.weight_names().into_iter().enumerate() {
        let weights = predictions.iter().map(|p| p.weights.get(at).copied().flatten());
        let name = name.replace(' ', "_");
        columns.push(Column::real(format!("weight_{name}"), weights));
        // Structures are never checked.
        if !matches!(name.as_str(), "graph" | "sequence") {
            let probabilities = predictions
                .iter()
                .map(|p| p.mismatch_probabilities.get(at).copied().flatten());
            columns.push(Column::real(format!("mismatch_probability_{name}"), probabilities));
        }
    }
    if !request.rows.is_empty() {
        let rows = request.rows.iter().map(|row| i64::try_from(*row).ok());
        columns.push(Column::whole("row", rows));
    }
    columns
}

/// The columns as CSV on stdout.
fn print(columns: &[Column]) -> std::io::Result<()> {
    let cell = |column: &Column, row: usize| -> String {
        match &column.values {
            Values::Text(values) => values[row].as_deref().map(quoted),
            Values::Real(values) => values[row].map(|v| v.to_string()),
            Values::Whole(values) => values[row].map(|v| v.to_string()),
            Values::Flag(values) => values[row].map(|v| v.to_string()),
            _ => None,
        }
        .unwrap_or_default()
    };
    let mut out = BufWriter::new(stdout().lock());
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    writeln!(out, "{}", names.join(","))?;
    for row in 0..columns.first().map_or(0, Column::len) {
        let cells: Vec<String> = columns.iter().map(|c| cell(c, row)).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    out.flush()
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}
