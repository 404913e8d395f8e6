//! `fusebind predict`: one pair from flags, a table of pairs, or drugs times targets.

use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use fusebind::{
    data::{
        source::{GivenEntities, Keep, NamedRow, load_drugs, load_pairs, load_targets},
        table::{Column, Dataset, Drug, Rejection, Target, Values, write},
    },
    features::entity::{
        molecule::{Chemistry, Molecule},
        protein::Protein,
    },
    predict::{
        Entities, Model, Name, Prediction, Request,
        output::{self, OutputColumn, OutputValues},
    },
};

use super::{
    explain,
    output::{create_parent, open_stdout, protect},
};
use crate::{
    args::{PredictArgs, SourceArgs},
    console::Console,
    exit::Failure,
    interrupt, load,
};

/// Most pairs that are held in memory with their predictions.
const MOST_PAIRS: usize = 10_000_000;

const DRUG_FLAGS: &str = "--smiles SMILES or --drugs FILE";
const TARGET_FLAGS: &str = "--sequence SEQUENCE or --targets FILE";

/// What is to be predicted, with everything that was read.
struct Asked {
    /// Distinct entities, and the pairs of them.
    dataset: Dataset,
    request: Request,
    /// Columns of the input that the output keeps, aligned with the rows.
    further: Vec<Column>,
    rejections: Vec<Rejection>,
}

pub fn run(args: &PredictArgs, console: &Console) -> anyhow::Result<()> {
    check(args)?;
    explain::check(args.explain.as_deref(), args.out.as_deref())?;
    let beside = rejected_file(args);
    protect(args.out.iter().chain(&args.explain).chain([&beside]), inputs(args))?;
    interrupt::end_at_once("give the same command again");
    let flags = load::ModelFlags::new(args.device, &args.encoders, args.source.cache.as_deref());
    let without = load::switched_off(&args.only, &args.without)?;
    let mut predictor = load::model(&args.run, flags, console)?.without(without)?;
    if let Some(path) = &args.mismatch_rates {
        let rates = load::mismatch_rates(path, predictor.description())?;
        predictor = predictor.with_mismatch_rates(rates);
    }
    let source = args.source.following(predictor.description().standardise)?;
    let mut asked = asked(args, &source, console)?;
    let fields = load::text_fields(predictor.description());
    let folder = args.modalities.as_deref();
    let (side, _) = load::side_data(
        (folder, load::Unmatched::of(&args.source)),
        &asked.dataset,
        fields,
        &mut asked.rejections,
        console,
    )?;
    if asked.request.pairs.is_empty() {
        // An older result is not replaced by nothing.
        create_parent(&beside)?;
        load::report_rejections(&asked.rejections, Some(&beside), console)?;
        return Err(Failure::failed(
            "no pair could be predicted: every row was rejected",
            "fix the rows whose reasons were written beside the output",
        ));
    }
    explain::check_size(args.explain.as_deref(), &asked.request)?;
    let further = std::mem::take(&mut asked.further);
    let molecules: Vec<&Molecule> = asked.dataset.drugs.iter().map(|d| &d.molecule).collect();
    let proteins: Vec<&Protein> = asked.dataset.targets.iter().map(|t| &t.protein).collect();
    let entities = Entities {
        drugs: &molecules,
        targets: &proteins,
        side: [&side[0], &side[1]],
    };
    let predictions = predict(&predictor, entities, &asked.request, console);
    let columns = columns(&predictor, &asked, further, &predictions);
    match &args.out {
        Some(path) => {
            create_parent(path)?;
            write(path, &columns)?;
        }
        None => print(&columns)?,
    }
    if let Some(path) = &args.explain {
        let model = (&predictor, args.run.as_path());
        explain::explain(model, entities, (&asked.request, &predictions), path, console)?;
    }
    load::report_rejections(&asked.rejections, Some(&beside), console)
}

/// Everything that is read.
fn inputs(args: &PredictArgs) -> impl Iterator<Item = &Path> {
    let tables = [
        &args.pairs,
        &args.drugs,
        &args.targets,
        &args.modalities,
        &args.mismatch_rates,
    ];
    tables
        .into_iter()
        .flatten()
        .chain(&args.encoders.encoders)
        .chain([&args.run])
        .map(PathBuf::as_path)
}

/// The list of rejected rows: beside the output; without one in the folder one stands in, under the name of the input.
fn rejected_file(args: &PredictArgs) -> PathBuf {
    let input = [&args.pairs, &args.drugs, &args.targets].into_iter().flatten().next();
    let named = input
        .and_then(|input| input.file_name())
        .unwrap_or("predictions".as_ref());
    load::rejected_beside(args.out.as_deref().unwrap_or(Path::new(named)))
}

fn predict(predictor: &Model, entities: Entities<'_>, request: &Request, console: &Console) -> Vec<Prediction> {
    if predictor.description().trust.is_none() {
        console.note("note: this model gives no intervals: it was trained without hold-outs (`calibration.hold_outs` in the recipe)");
    }
    let pairs = request.entities();
    let bar = console.bar(pairs.len() as u64, "pairs");
    let (predictions, notes) = predictor.predict_indexed(entities, &pairs, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    notes.iter().for_each(|note| console.note(format_args!("note: {note}")));
    predictions
}

/// The columns of the input that the output keeps.
fn kept(columns: Option<&[String]>) -> Keep {
    match columns {
        None => Keep::Nothing,
        Some([all]) if all == "*" => Keep::Everything,
        Some(names) => Keep::Named(names.to_vec()),
    }
}

fn asked(args: &PredictArgs, source: &SourceArgs, console: &Console) -> anyhow::Result<Asked> {
    let keep = kept(args.keep_columns.as_deref());
    let drug = args
        .smiles
        .as_deref()
        .map(|smiles| given_drug(smiles, source))
        .transpose()?;
    let target = args.sequence.as_deref().map(given_target).transpose()?;
    if let Some(path) = &args.pairs {
        return listed(path, GivenEntities { drug, target }, &keep, source, console);
    }
    let one = |id: &[String]| {
        let id = id.first().cloned().unwrap_or_default();
        vec![Name { id, entity: 0, row: 0 }]
    };
    // A column may be in either table.
    let keep = match keep {
        Keep::Named(names) => Keep::Present(names),
        keep => keep,
    };
    let mut rejections = Vec::new();
    let mut further = [Vec::new(), Vec::new()];
    let (drugs, drug_names) = match (drug, &args.drugs) {
        (Some(drug), _) => (vec![drug.clone()], one(&drug.ids)),
        (None, Some(path)) => {
            let map = load::columns(source);
            let table = load::chemistry(source, console, |toolkit| {
                load_drugs(path, toolkit, &map, &keep).map_err(Into::into)
            })?;
            say_notes(&table.notes, console);
            rejections.extend(table.rejections);
            further[0] = table.further;
            (table.entities, names(table.rows))
        }
        (None, None) => return Err(lacking("compounds", DRUG_FLAGS)),
    };
    let (targets, target_names) = match (target, &args.targets) {
        (Some(target), _) => (vec![target.clone()], one(&target.ids)),
        (None, Some(path)) => {
            let table = load_targets(path, &load::columns(source), &keep)?;
            say_notes(&table.notes, console);
            rejections.extend(table.rejections);
            further[1] = table.further;
            (table.entities, names(table.rows))
        }
        (None, None) => return Err(lacking("proteins", TARGET_FLAGS)),
    };
    let found = |name: &String| further.iter().flatten().any(|column: &Column| column.name == *name);
    if let Keep::Present(names) = &keep
        && let Some(name) = names.iter().find(|name| !found(name))
    {
        return Err(Failure::failed(
            format!("no table has a column `{name}`"),
            "name columns of the input with --keep-columns",
        ));
    }
    within_memory(drug_names.len().saturating_mul(target_names.len()))?;
    let request = Request::product(drug_names, target_names);
    let further = spread(&further, &request);
    Ok(Asked::new((drugs, targets), request, further, rejections))
}

/// How the files were read where that is not plain.
fn say_notes(notes: &[String], console: &Console) {
    notes.iter().for_each(|note| console.note(format_args!("note: {note}")));
}

impl Asked {
    fn new(
        (drugs, targets): (Vec<Drug>, Vec<Target>),
        request: Request,
        further: Vec<Column>,
        rejections: Vec<Rejection>,
    ) -> Self {
        let rows = request.rows.iter().copied();
        Self {
            dataset: Dataset::unlabelled(drugs, targets, request.entities().into_iter().zip(rows)),
            request,
            further,
            rejections,
        }
    }
}

fn names(rows: Vec<NamedRow>) -> Vec<Name> {
    let name = |row: NamedRow| Name {
        id: row.id,
        entity: row.entity,
        row: row.row,
    };
    rows.into_iter().map(name).collect()
}

/// Refuses flags that name no pair, before anything is read.
fn check(args: &PredictArgs) -> anyhow::Result<()> {
    match () {
        () if args.pairs.is_some() && args.smiles.is_some() && args.sequence.is_some() => Err(Failure::misuse(
            "--pairs goes with --smiles or with --sequence, not with both",
            "give the one that the table lacks",
        )),
        () if args.pairs.is_some() => Ok(()),
        () if args.smiles.is_none() && args.drugs.is_none() => Err(lacking("compounds", DRUG_FLAGS)),
        () if args.sequence.is_none() && args.targets.is_none() => Err(lacking("proteins", TARGET_FLAGS)),
        () => Ok(()),
    }
}

fn lacking(what: &str, flags: &str) -> anyhow::Error {
    Failure::misuse(
        format!("no {what} to predict for"),
        format!("give {flags}, or a table of pairs with --pairs"),
    )
}

fn refused(flag: &str, error: &dyn std::fmt::Display) -> anyhow::Error {
    Failure::failed(format!("{flag}: {error}"), format!("fix the value of {flag}"))
}

fn given_drug(smiles: &str, source: &SourceArgs) -> anyhow::Result<Drug> {
    Ok(Drug {
        ids: vec![smiles.into()],
        keys: Default::default(),
        molecule: source.toolkit().molecule(smiles).map_err(|e| refused("--smiles", &e))?,
    })
}

fn given_target(sequence: &str) -> anyhow::Result<Target> {
    Ok(Target {
        ids: vec!["sequence".into()],
        keys: Default::default(),
        protein: Protein::parse(sequence).map_err(|e| refused("--sequence", &e))?,
    })
}

/// Each row of a table of pairs.
fn listed(
    path: &Path,
    given: GivenEntities,
    keep: &Keep,
    source: &SourceArgs,
    console: &Console,
) -> anyhow::Result<Asked> {
    let map = load::columns(source);
    let table = load::chemistry(source, console, |toolkit| {
        load_pairs(path, toolkit, &map, given, keep).map_err(Into::into)
    })?;
    console.note(format_args!(
        "{}: {} distinct drugs, {} distinct targets, {} pairs, {} rows rejected",
        path.display(),
        table.drugs.len(),
        table.targets.len(),
        table.rows.len(),
        table.rejections.len()
    ));
    say_notes(&table.notes, console);
    within_memory(table.rows.len())?;
    let request = Request::listed(table.rows);
    Ok(Asked::new(
        (table.drugs, table.targets),
        request,
        table.further,
        table.rejections,
    ))
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

/// The columns of both tables, at the rows of a request.
fn spread([of_drugs, of_targets]: &[Vec<Column>; 2], request: &Request) -> Vec<Column> {
    let drug_rows: Vec<usize> = request.pairs.iter().map(|pair| pair.0 as usize).collect();
    let target_rows: Vec<usize> = request.pairs.iter().map(|pair| pair.1 as usize).collect();
    let drugs = of_drugs.iter().map(|column| at(column, &drug_rows));
    drugs
        .chain(of_targets.iter().map(|column| at(column, &target_rows)))
        .collect()
}

/// The column at the given rows.
fn at(column: &Column, rows: &[usize]) -> Column {
    let values = match &column.values {
        Values::Text(values) => rows.iter().map(|row| values[*row].clone()).collect(),
        _ => vec![None; rows.len()],
    };
    Column {
        name: column.name.clone(),
        values: Values::Text(values),
    }
}

fn columns(predictor: &Model, asked: &Asked, further: Vec<Column>, predictions: &[Prediction]) -> Vec<Column> {
    let smiles = |drug: u32| asked.dataset.drugs[drug as usize].molecule.smiles.as_str();
    let written = output::columns(predictor, &asked.request, smiles, predictions);
    let mut columns: Vec<Column> = written.into_iter().map(typed).collect();
    for mut column in further {
        while columns.iter().any(|other| other.name == column.name) {
            column.name.push_str("_input");
        }
        columns.push(column);
    }
    columns
}

/// A column of the output as one of a table.
pub(super) fn typed(column: OutputColumn) -> Column {
    Column {
        name: column.name,
        values: match column.values {
            OutputValues::Text(values) => Values::Text(values),
            OutputValues::Real(values) => Values::Real(values),
            OutputValues::Whole(values) => Values::Whole(values),
            OutputValues::Flag(values) => Values::Flag(values),
        },
    }
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
    let mut out = BufWriter::new(open_stdout()?);
    let names: Vec<String> = columns.iter().map(|c| quoted(&c.name)).collect();
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
