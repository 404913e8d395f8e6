//! Side modalities: their tables, and the flags that switch modalities off.

use std::path::Path;

use fusebind::{
    data::{
        modality::{Coverage, ModalityTables, Side, load_modalities},
        table::{Dataset, Rejection},
    },
    features::{
        entity::side::SideData,
        modality::{Modality, ModalitySet},
    },
};

use crate::{args::SourceArgs, console::Console, exit::Failure};

/// Entities of a side from which on a side table of a prediction must describe one of them: of a few, none need be described.
const ENOUGH: u64 = 20;

/// When a side table that describes none of the entities is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// Always.
    Refused,
    /// Where there are many entities.
    RefusedOfMany,
    /// Never: a flag says so.
    Allowed,
}

impl Unmatched {
    /// Of a command that reads a data set.
    pub fn of(args: &SourceArgs) -> Self {
        match args.allow_unmatched {
            true => Self::Allowed,
            false => Self::Refused,
        }
    }

    /// Of a prediction, whose few entities need not be described.
    pub fn of_prediction(args: &SourceArgs) -> Self {
        match args.allow_unmatched {
            true => Self::Allowed,
            false => Self::RefusedOfMany,
        }
    }

    fn check(self, coverage: &[Coverage]) -> anyhow::Result<()> {
        let least = match self {
            Self::Refused => 1,
            Self::RefusedOfMany => ENOUGH,
            Self::Allowed => return Ok(()),
        };
        let table = |name: &str| name.split(':').next().unwrap_or(name).to_string();
        let is_matched = |found: &&Coverage| {
            let same = coverage.iter().filter(|other| table(&other.name) == table(&found.name));
            same.map(|other| other.entities).sum::<u64>() > 0
        };
        match coverage
            .iter()
            .find(|found| !is_matched(found) && found.of_entities >= least)
        {
            None => Ok(()),
            Some(found) => Err(Failure::failed(
                format!(
                    "{}: no row of this side table belongs to a drug or target of the data",
                    table(&found.name)
                ),
                "its key column must hold ids of the data, InChIKeys, UniProt accessions or MD5 sums of sequences (docs/modalities.md); \
                 --allow-unmatched goes on without it",
            )),
        }
    }
}

/// Reads side modalities and prints how many entities and pairs have them.
pub fn modalities(
    folder: &Path,
    dataset: &Dataset,
    unmatched: Unmatched,
    rejections: &mut Vec<Rejection>,
    console: &Console,
) -> anyhow::Result<ModalityTables> {
    let (tables, rejected) = load_modalities(folder, dataset)?;
    rejections.extend(rejected);
    let coverage = tables.coverage(dataset);
    unmatched.check(&coverage)?;
    for coverage in coverage {
        let side = match coverage.side {
            Side::Drug => "drugs",
            Side::Target => "targets",
        };
        console.note(format_args!(
            "{}: {} of {} {side}, {} of {} pairs",
            coverage.name, coverage.entities, coverage.of_entities, coverage.pairs, coverage.of_pairs
        ));
    }
    notes(&tables, console);
    Ok(tables)
}

/// Says what of the tables was set apart or not read.
pub fn notes(tables: &ModalityTables, console: &Console) {
    for table in &tables.profiles {
        if !table.set_apart.is_empty() {
            console.note(format_args!(
                "{}: columns that are no genes or assays are set apart: {}",
                table.name,
                table.set_apart.join(", ")
            ));
        }
        if table.unreadable_cells > 0 {
            console.note(format_args!(
                "{}: {} cells hold no number or outcome and count as not measured",
                table.name, table.unreadable_cells
            ));
        }
    }
    for (file, reason) in &tables.skipped {
        console.note(format_args!("{file}: not read, {reason}"));
    }
}

/// Reads the side data of drugs and targets, if there is a folder; `fields` are the text columns of each side.
pub fn side_data(
    (folder, unmatched): (Option<&Path>, Unmatched),
    dataset: &Dataset,
    fields: [&[String]; 2],
    rejections: &mut Vec<Rejection>,
    console: &Console,
) -> anyhow::Result<([SideData; 2], Option<ModalityTables>)> {
    let Some(folder) = folder else {
        return Ok((Default::default(), None));
    };
    let tables = modalities(folder, dataset, unmatched, rejections, console)?;
    let direct = tables.direct_assays().len();
    if direct > 0 {
        console.note(format_args!(
            "{direct} assays that measure a target directly are left out, since they state the label"
        ));
    }
    for (side, fields) in [Side::Drug, Side::Target].into_iter().zip(fields) {
        let found = tables.naming(side, fields, dataset);
        found
            .iter()
            .for_each(|naming| console.note(format_args!("note: {naming}")));
    }
    let side = [
        tables.side(Side::Drug, fields[0], dataset),
        tables.side(Side::Target, fields[1], dataset),
    ];
    Ok((side, Some(tables)))
}

/// The modalities that `--only` and `--without` switch off.
pub fn switched_off(only: &[String], without: &[String]) -> anyhow::Result<ModalitySet> {
    let parse = |names: &[String]| -> anyhow::Result<ModalitySet> {
        let modality = |name: &String| {
            name.parse::<Modality>()
                .map_err(|e| Failure::misuse(e.to_string(), "spell modalities as `fusebind evaluate --help` does"))
        };
        names.iter().map(modality).collect()
    };
    let (only, without) = (parse(only)?, parse(without)?);
    Ok(if only.is_empty() {
        without
    } else {
        only.complement().union(without)
    })
}
