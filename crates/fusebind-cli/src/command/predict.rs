//! `fusebind predict`: one pair from flags, a table of pairs, or drugs times targets.

use std::path::Path;

use fusebind::{
    data::{
        source::{LabelPolicy, load_drugs, load_targets},
        table::{Column, Rejection, Values, write},
    },
    features::entity::{
        molecule::{ChematicToolkit, Chemistry, Molecule},
        protein::Protein,
    },
    model::device::DeviceChoice,
    screen::predictor::{Prediction, Predictor},
};

use super::say;
use crate::{args::PredictArgs, load, outcome::Misuse, talk::Talk};

/// What is to be predicted: distinct entities with their ids, and pairs of indices.
#[derive(Default)]
struct Request {
    drugs: Vec<(String, Molecule)>,
    targets: Vec<(String, Protein)>,
    pairs: Vec<(u32, u32)>,
    rejections: Vec<Rejection>,
}

pub fn run(args: &PredictArgs, talk: &Talk) -> anyhow::Result<()> {
    let device = args.device.parse::<DeviceChoice>()?.resolve()?;
    let predictor = Predictor::open(&args.run, &device)?;
    let request = request(args, talk)?;
    let molecules: Vec<&Molecule> = request.drugs.iter().map(|d| &d.1).collect();
    let proteins: Vec<&Protein> = request.targets.iter().map(|t| &t.1).collect();
    let bar = talk.bar(request.pairs.len() as u64, "pairs");
    let predictions = predictor.predict(&molecules, &proteins, &request.pairs, |done| {
        bar.set_position(done as u64)
    });
    bar.finish_and_clear();
    let columns = columns(&predictor, &request, &predictions);
    match &args.out {
        Some(path) => {
            write(path, &columns)?;
            load::report_rejections(&request.rejections, path, talk)?;
        }
        None => {
            load::report_rejections(&request.rejections, Path::new("predictions.csv"), talk)?;
            print(&columns)?;
        }
    }
    if request.pairs.is_empty() {
        anyhow::bail!("no pair could be predicted: every row was rejected");
    }
    Ok(())
}

fn request(args: &PredictArgs, talk: &Talk) -> anyhow::Result<Request> {
    match (&args.smiles, &args.pairs, &args.drugs) {
        (Some(smiles), None, None) => {
            let sequence = args.sequence.as_deref().unwrap_or_default();
            let molecule = ChematicToolkit
                .molecule(smiles)
                .map_err(|e| anyhow::anyhow!("--smiles: {e}"))?;
            let protein = Protein::parse(sequence).map_err(|e| anyhow::anyhow!("--sequence: {e}"))?;
            Ok(Request {
                drugs: vec![(smiles.clone(), molecule)],
                targets: vec![("sequence".into(), protein)],
                pairs: vec![(0, 0)],
                rejections: Vec::new(),
            })
        }
        (None, Some(path), None) => {
            let (dataset, rejections) = load::dataset(path, &args.source, LabelPolicy::Optional, None, talk)?;
            Ok(Request {
                pairs: dataset.interactions.iter().map(|i| (i.drug, i.target)).collect(),
                drugs: dataset.drugs.into_iter().map(|d| (first(d.ids), d.molecule)).collect(),
                targets: dataset.targets.into_iter().map(|t| (first(t.ids), t.protein)).collect(),
                rejections,
            })
        }
        (None, None, Some(drugs)) => {
            let map = load::columns(&args.source);
            let targets = args.targets.as_deref().unwrap_or(Path::new(""));
            let (drugs, mut rejections) = load_drugs(drugs, &ChematicToolkit, &map)?;
            let (targets, rejected) = load_targets(targets, &map)?;
            rejections.extend(rejected);
            let pairs = (0..drugs.len() as u32)
                .flat_map(|d| (0..targets.len() as u32).map(move |t| (d, t)))
                .collect();
            Ok(Request {
                drugs: drugs.into_iter().map(|d| (first(d.ids), d.molecule)).collect(),
                targets: targets.into_iter().map(|t| (first(t.ids), t.protein)).collect(),
                pairs,
                rejections,
            })
        }
        _ => Err(Misuse("give --smiles and --sequence, or --pairs, or --drugs and --targets".into()).into()),
    }
}

fn first(ids: Vec<String>) -> String {
    ids.into_iter().next().unwrap_or_default()
}

fn columns(predictor: &Predictor, request: &Request, predictions: &[Prediction]) -> Vec<Column> {
    let drug = |p: &(u32, u32)| &request.drugs[p.0 as usize];
    let target = |p: &(u32, u32)| &request.targets[p.1 as usize];
    let mut columns = vec![
        Column::text("drug_id", request.pairs.iter().map(|p| Some(drug(p).0.as_str()))),
        Column::text("target_id", request.pairs.iter().map(|p| Some(target(p).0.as_str()))),
        Column::text("smiles", request.pairs.iter().map(|p| Some(drug(p).1.smiles.as_str()))),
    ];
    for (c, scale) in predictor.scales().enumerate() {
        let suffix = if c == 0 { String::new() } else { format!("_{scale}") };
        columns.push(Column::real(
            format!("prediction{suffix}"),
            predictions.iter().map(|p| p.affinity.get(c).copied()),
        ));
        columns.push(Column::text(
            format!("unit{suffix}"),
            predictions.iter().map(|_| Some(scale)),
        ));
    }
    if predictor.description().model.heads.binding {
        columns.push(Column::real("probability", predictions.iter().map(|p| p.probability)));
        columns.push(Column::flag("binds", predictions.iter().map(|p| p.binds)));
    }
    columns.push(Column::text(
        "inputs",
        predictions.iter().map(|_| Some(predictor.inputs())),
    ));
    columns
}

/// The columns as CSV on stdout.
fn print(columns: &[Column]) -> anyhow::Result<()> {
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
    say(columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(","))?;
    for row in 0..columns.first().map_or(0, Column::len) {
        say(columns.iter().map(|c| cell(c, row)).collect::<Vec<_>>().join(","))?;
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}
