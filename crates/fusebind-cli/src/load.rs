//! Data sets and splits as the flags name them, with rejected rows summed up and written beside the output.

use std::path::{Path, PathBuf};

use fusebind::{
    data::{
        source::{ColumnMap, LabelPolicy, LoadConfig, load_dataset},
        split::{Part, PartNames, Split, from_column, read_split},
        table::{Dataset, Rejection, write_rejections},
    },
    features::entity::molecule::ChematicToolkit,
    train::recipe::{Recipe, SplitSpec},
};

use crate::{args::SourceArgs, talk::Talk};

/// Explicit columns from flags.
pub fn columns(source: &SourceArgs) -> ColumnMap {
    ColumnMap {
        drug_id: source.drug_id.clone(),
        smiles: source.smiles_column.clone(),
        target_id: source.target_id.clone(),
        sequence: source.sequence_column.clone(),
        label: source.label.clone(),
        affinity: source.affinity.clone(),
        ..ColumnMap::default()
    }
}

/// Reads a data set and reports what was rejected.
pub fn dataset(
    path: &Path,
    source: &SourceArgs,
    labels: LabelPolicy,
    floor: Option<f64>,
    talk: &Talk,
) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    let config = LoadConfig {
        columns: columns(source),
        unit: source.unit.clone(),
        labels,
        censor_at_floor: floor,
    };
    let (dataset, rejections) = load_dataset(path, &ChematicToolkit, &config)?;
    talk.note(format_args!(
        "{}: {} distinct drugs, {} distinct targets, {} pairs, {} rows rejected",
        path.display(),
        dataset.drugs.len(),
        dataset.targets.len(),
        dataset.interactions.len(),
        rejections.len()
    ));
    Ok((dataset, rejections))
}

/// Writes rejected rows beside `output` and sums them up.
pub fn report_rejections(rejections: &[Rejection], output: &Path, talk: &Talk) -> anyhow::Result<()> {
    if rejections.is_empty() {
        return Ok(());
    }
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(".rejected.csv");
    let path: PathBuf = output.with_file_name(name);
    write_rejections(&path, rejections)?;
    talk.note(format_args!(
        "{} rejected rows, with reasons: {}",
        rejections.len(),
        path.display()
    ));
    for rejection in rejections.iter().take(5) {
        talk.note(format_args!(
            "  {} row {}: {} ({})",
            rejection.file, rejection.row, rejection.reason, rejection.value
        ));
    }
    Ok(())
}

fn names(spec: &SplitSpec) -> PartNames {
    PartNames {
        train: spec.train.clone(),
        valid: spec.valid.clone(),
        test: spec.test.clone(),
    }
}

/// The split that a flag names, or else the recipe's.
pub fn split(dataset: &Dataset, flag: Option<&str>, recipe: &Recipe) -> anyhow::Result<Split> {
    let spec = &recipe.split;
    match flag {
        Some(file) if Path::new(file).is_file() => Ok(read_split(Path::new(file), dataset)?),
        Some(column) if spec.column.as_deref() == Some(column) => Ok(from_column(dataset, column, &names(spec))?),
        Some(column) => Ok(from_column(dataset, column, &PartNames::default())?),
        None => match &spec.column {
            Some(column) => Ok(from_column(dataset, column, &names(spec))?),
            None => anyhow::bail!(
                "this recipe names no split: give --split COLUMN or --split FILE\nhint: `fusebind data split` writes a split file"
            ),
        },
    }
}

/// The same split with its validation pairs added to training.
pub fn all_folds(dataset: &Dataset, split: &Split) -> Split {
    let mut parts = vec![None; dataset.interactions.len()];
    for (part, becomes) in [
        (Part::Train, Part::Train),
        (Part::Valid, Part::Train),
        (Part::Test, Part::Test),
    ] {
        split.part(part).iter().for_each(|i| parts[*i as usize] = Some(becomes));
    }
    Split::from_parts(
        dataset,
        &parts,
        format!("{}, validation pairs train as well", split.method),
    )
}
