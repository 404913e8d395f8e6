//! Side modalities: their tables, and the flags that switch modalities off.

use std::path::Path;

use fusebind::{
    data::{
        modality::{ModalityTables, Side, load_modalities},
        table::{Dataset, Rejection},
    },
    features::{
        entity::side::SideData,
        modality::{Modality, ModalitySet},
    },
    model::trained::Description,
};

use crate::{args::SourceArgs, console::Console, exit::Failure};

/// Whether a side table that describes none of the entities is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// It is.
    Refused,
    /// A flag says that it is not.
    Allowed,
}

impl Unmatched {
    /// What `--allow-unmatched` says.
    pub fn of(args: &SourceArgs) -> Self {
        match args.allow_unmatched {
            true => Self::Allowed,
            false => Self::Refused,
        }
    }

    fn check(self, tables: &ModalityTables) -> anyhow::Result<()> {
        match self {
            Self::Allowed => Ok(()),
            Self::Refused => Ok(tables.refuse_unmatched()?),
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
    unmatched.check(&tables)?;
    for coverage in tables.coverage(dataset) {
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
    for remark in &tables.remarks {
        console.note(format_args!("note: {remark}"));
    }
    for table in &tables.unmatched {
        console.note(format_args!("{}: {}", table.file, table.reason));
    }
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

/// Text columns of drugs and of targets that a model reads.
pub fn text_fields(model: &Description) -> [&[String]; 2] {
    [&model.inputs.drug.text_fields, &model.inputs.target.text_fields]
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
    for note in tables.naming(fields, dataset) {
        console.note(format_args!("note: {note}"));
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
