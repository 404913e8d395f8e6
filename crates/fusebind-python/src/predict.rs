//! Predictions of a table: every row comes back, one that cannot be predicted with the reason.
//!
//! Comes in: a model, a table of pairs, and how it is read. Goes out: the columns of `fusebind predict` and the column `error`.

use fusebind::{
    data::{
        source::{ColumnMap, GivenEntities, Keep, PairTable, pairs_of_table},
        table::{Column, Dataset, Drug, Rejection, Target},
    },
    features::{
        Error as FeatureError,
        entity::{
            molecule::{Chemistry, Molecule, Standardise},
            protein::Protein,
        },
    },
    predict::{CachingModel, Entities, Model, Prediction, Request, output},
};

use crate::{
    cells::{Places, batch},
    error::Fault,
    pairs::NamedPairs,
    side::{SideSource, SideTables, Unmatched},
    table::Table,
    work::Watch,
};

/// Most pairs of one call.
const MOST_PAIRS: usize = 10_000_000;

/// How a table of pairs is read.
pub struct TableOptions {
    pub columns: ColumnMap,
    /// A SMILES and a sequence that hold for every row.
    pub given: [Option<String>; 2],
    /// Columns that the result keeps; `*` is all of them.
    pub keep: Vec<String>,
    pub side: SideSource,
    pub unmatched: Unmatched,
}

/// The toolkit of a model, which stops with its work.
struct Watched<'w> {
    watch: &'w Watch,
    toolkit: Standardise,
}

impl Chemistry for Watched<'_> {
    fn molecule(&self, smiles: &str) -> Result<Molecule, FeatureError> {
        self.watch.check(1);
        self.toolkit.molecule(smiles)
    }

    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, FeatureError> {
        self.watch.check(1);
        self.toolkit.molecule_from_sd(record)
    }

    fn standardise(&self) -> Standardise {
        self.toolkit
    }
}

/// Predictions of the rows of `table`.
pub fn predict_table(model: &Model, table: &Table, options: TableOptions, watch: &Watch) -> Result<Table, Fault> {
    let raw = table.raw("table")?;
    let rows = raw.len();
    if rows > MOST_PAIRS {
        let message = format!("{rows} pairs are more than the {MOST_PAIRS} that one call holds in memory");
        return Err(Fault::input(
            message,
            "cut the table into parts and predict them one after the other",
        ));
    }
    let toolkit = model.description().standardise;
    let given = given(&options.given, toolkit)?;
    let read = pairs_of_table(
        raw,
        &Watched { watch, toolkit },
        &options.columns,
        given,
        &Keep::Nothing,
    )?;
    read.notes.iter().for_each(|note| watch.say(note));
    let PairTable {
        drugs,
        targets,
        rows: named,
        rejections,
        ..
    } = read;
    let at: Vec<usize> = named.iter().map(|(row, _)| *row as usize - 1).collect();
    let request = Request::listed(named);
    let dataset = dataset(drugs, targets, &request);
    let fields = &model.description().inputs;
    let fields = [&fields.drug.text_fields[..], &fields.target.text_fields[..]];
    let side = SideTables::new(&options.side, &dataset, fields, options.unmatched)?;
    side.notes.iter().for_each(|note| watch.say(note));
    let predictions = predict_dataset(model, &dataset, &side, &request, watch);
    let smiles = |drug: u32| dataset.drugs[drug as usize].molecule.smiles.as_str();
    let written = output::columns(model, &request, smiles, &predictions);
    let places = Places { at: Some(&at), rows };
    let mut columns: Vec<_> = written.into_iter().map(|column| places.output(column)).collect();
    for (mut name, array) in table.kept(&options.keep)? {
        while columns.iter().any(|(other, _)| *other == name) {
            name.push_str("_input");
        }
        columns.push((name, array));
    }
    // A rejected row has its number as well.
    let numbered = Places { at: None, rows }.column(Column::whole("row", (1..=rows as i64).map(Some)));
    columns
        .iter_mut()
        .filter(|(name, _)| name == "row")
        .for_each(|row| *row = numbered.clone());
    columns.push(errors(&rejections, rows));
    Ok(Table::new(batch(columns)?))
}

/// Entities that hold for every row.
fn given([smiles, sequence]: &[Option<String>; 2], toolkit: Standardise) -> Result<GivenEntities, Fault> {
    let drug = |smiles: &String| {
        Ok::<_, Fault>(Drug {
            ids: vec![smiles.clone()],
            keys: Default::default(),
            molecule: toolkit.molecule(smiles)?,
        })
    };
    let target = |sequence: &String| {
        Ok::<_, Fault>(Target {
            ids: vec!["sequence".into()],
            keys: Default::default(),
            protein: Protein::parse(sequence)?,
        })
    };
    Ok(GivenEntities {
        drug: smiles.as_ref().map(drug).transpose()?,
        target: sequence.as_ref().map(target).transpose()?,
    })
}

/// The entities with their pairs, which side tables are matched to.
fn dataset(drugs: Vec<Drug>, targets: Vec<Target>, request: &Request) -> Dataset {
    let rows = request.rows.iter().copied();
    Dataset::unlabelled(drugs, targets, request.entities().into_iter().zip(rows))
}

fn predict_dataset(
    model: &Model,
    dataset: &Dataset,
    side: &SideTables,
    request: &Request,
    watch: &Watch,
) -> Vec<Prediction> {
    let pairs = request.entities();
    if pairs.is_empty() {
        return Vec::new();
    }
    let molecules: Vec<&Molecule> = dataset.drugs.iter().map(|drug| &drug.molecule).collect();
    let proteins: Vec<&Protein> = dataset.targets.iter().map(|target| &target.protein).collect();
    let entities = Entities {
        drugs: &molecules,
        targets: &proteins,
        side: [&side.side[0], &side.side[1]],
    };
    watch.expect(pairs.len());
    watch.at(0);
    let (predictions, notes) = model.predict_indexed(entities, &pairs, |done| watch.at(done));
    notes.iter().for_each(|note| watch.say(note));
    predictions
}

/// Why rows have no prediction.
fn errors(rejections: &[Rejection], rows: usize) -> (String, arrow::array::ArrayRef) {
    let mut errors: Vec<Option<String>> = vec![None; rows];
    for rejection in rejections {
        let Some(error) = errors.get_mut((rejection.row as usize).wrapping_sub(1)) else {
            continue;
        };
        let field = match rejection.field.as_str() {
            "" => String::new(),
            field => format!(", field `{field}`"),
        };
        let value = match rejection.value.as_str() {
            "" => String::new(),
            value => format!(" = {value:?}"),
        };
        // The reader names the flags of the command line.
        let reason = rejection.reason.replace("--smiles-column", "columns={\"smiles\": ..}");
        let reason = reason.replace("--sequence-column", "columns={\"sequence\": ..}");
        error.get_or_insert(format!("row {}{field}{value}: {reason}", rejection.row));
    }
    let places = Places { at: None, rows };
    places.column(Column::text("error", errors))
}

/// Predictions of pairs of objects.
pub fn predict_pairs(model: &CachingModel, named: NamedPairs) -> Result<Table, Fault> {
    let predictions = model.predict(&named.pairs);
    let row = |(at, [drug, target]): (usize, [String; 2])| {
        let entity = at as u32;
        (at as u64 + 1, [(drug, entity), (target, entity)])
    };
    let rows = named.names.len();
    let request = Request::listed(named.names.into_iter().enumerate().map(row));
    let smiles = |drug: u32| named.pairs[drug as usize].compound.smiles();
    let written = output::columns(model.model(), &request, smiles, &predictions);
    let places = Places { at: None, rows };
    let mut columns: Vec<_> = written.into_iter().map(|column| places.output(column)).collect();
    columns.push(errors(&[], rows));
    Ok(Table::new(batch(columns)?))
}
