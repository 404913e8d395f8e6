//! What the flags name, read: data sets, side modalities, splits. Rejected rows are summed up on stderr and written beside the
//! output, as `<output>.rejected.csv`.

use std::path::{Path, PathBuf};

use fusebind::{
    data::{
        modality::{ModalityTables, Side, load_modalities},
        source::{ColumnMap, LabelPolicy, LoadConfig, MoleculeCache, load_dataset},
        split::{Part, PartNames, Split, from_column, from_spec, hold_out, read_split},
        table::{Dataset, Rejection, write_rejections},
    },
    features::{
        entity::{
            molecule::{ChematicToolkit, Chemistry},
            side::SideData,
        },
        modality::{Modality, ModalitySet},
    },
    model::device::{Device, DeviceChoice},
    train::{
        recipe::{Recipe, SplitSpec},
        run_dir::RunInfo,
    },
};

use crate::{
    args::{DeviceName, SourceArgs},
    console::Console,
    exit::Failure,
};

/// Rejected rows that are told one by one.
const TOLD: usize = 5;

/// Explicit columns from flags.
pub fn columns(source: &SourceArgs) -> ColumnMap {
    ColumnMap {
        drug_id: source.drug_id.clone(),
        smiles: source.smiles_column.clone(),
        target_id: source.target_id.clone(),
        sequence: source.sequence_column.clone(),
        label: source.label.clone(),
        affinity: source.affinity.clone(),
        unit: source.unit_column.clone(),
        measure: source.measure_column.clone(),
        relation: source.relation_column.clone(),
    }
}

/// The device that a flag asks for; says so where it is not the GPU that it might be.
pub fn device(name: DeviceName, console: &Console) -> Result<Device, fusebind::model::Error> {
    let choice = match name {
        DeviceName::Auto => DeviceChoice::Auto,
        DeviceName::Cpu => DeviceChoice::Cpu,
        DeviceName::Cuda => DeviceChoice::Cuda,
    };
    let chosen = choice.resolve()?;
    if let Some(remark) = chosen.remark {
        console.note(remark);
    }
    Ok(chosen.device)
}

/// Reads molecules with a toolkit that remembers them where a cache is asked for.
pub fn chemistry<T>(
    source: &SourceArgs,
    console: &Console,
    read: impl FnOnce(&dyn Chemistry) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let Some(folder) = &source.cache else {
        return read(&ChematicToolkit);
    };
    let cache = MoleculeCache::open(folder, ChematicToolkit)?;
    if let Some(reason) = cache.unusable() {
        console.note(format_args!(
            "{}: not used, {reason}; it is written anew",
            cache.path().display()
        ));
    }
    let (path, known) = (cache.path().display().to_string(), cache.len());
    let value = read(&cache)?;
    let fresh = cache.save()?;
    console.note(format_args!("{path}: {known} molecules were known, {fresh} are new"));
    Ok(value)
}

/// Reads a data set and says what it holds.
pub fn dataset(
    path: &Path,
    source: &SourceArgs,
    labels: LabelPolicy,
    floor: Option<f64>,
    console: &Console,
) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    let config = LoadConfig {
        columns: columns(source),
        unit: source.unit.clone(),
        labels,
        censor_at_floor: floor,
    };
    let (dataset, rejections) = chemistry(source, console, |toolkit| {
        load_dataset(path, toolkit, &config).map_err(Into::into)
    })?;
    console.note(format_args!(
        "{}: {} distinct drugs, {} distinct targets, {} pairs, {} rows rejected",
        path.display(),
        dataset.drugs.len(),
        dataset.targets.len(),
        dataset.interactions.len(),
        rejections.len()
    ));
    Ok((dataset, rejections))
}

/// Reads side modalities and says whom they reach.
pub fn modalities(
    folder: &Path,
    dataset: &Dataset,
    rejections: &mut Vec<Rejection>,
    console: &Console,
) -> anyhow::Result<ModalityTables> {
    let (tables, rejected) = load_modalities(folder, dataset)?;
    rejections.extend(rejected);
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
    Ok(tables)
}

/// Reads the side data of drugs and targets, if there is a folder; `fields` are the text columns of each side.
pub fn side_data(
    folder: Option<&Path>,
    dataset: &Dataset,
    fields: [&[String]; 2],
    rejections: &mut Vec<Rejection>,
    console: &Console,
) -> anyhow::Result<([SideData; 2], Option<ModalityTables>)> {
    let Some(folder) = folder else {
        return Ok((Default::default(), None));
    };
    let tables = modalities(folder, dataset, rejections, console)?;
    let direct = tables.direct_assays().len();
    if direct > 0 {
        console.note(format_args!(
            "{direct} assays that measure a target directly are left out: they state the label"
        ));
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

/// The file of rejected rows beside `output`.
pub fn rejected_beside(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(".rejected.csv");
    output.with_file_name(name)
}

/// Sums up rejected rows, and writes all of them to `file` where there is one.
pub fn report_rejections(rejections: &[Rejection], file: Option<&Path>, console: &Console) -> anyhow::Result<()> {
    if rejections.is_empty() {
        return Ok(());
    }
    match file {
        Some(file) => {
            write_rejections(file, rejections)?;
            let (count, file) = (rejections.len(), file.display());
            console.note(format_args!("{count} rejected rows, with reasons: {file}"));
        }
        None => console.note(format_args!("{} rejected rows:", rejections.len())),
    }
    for rejection in rejections.iter().take(TOLD) {
        console.note(format_args!("  {rejection}"));
    }
    if rejections.len() > TOLD {
        console.note(format_args!("  and {} more", rejections.len() - TOLD));
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

/// Seed of the validation part that a recipe has drawn anew: every run of a recipe chooses on the same pairs.
const HELD_OUT_SEED: u64 = 0;

/// The split that a flag names, or else the recipe's.
pub fn split(dataset: &Dataset, flag: Option<&str>, recipe: &Recipe) -> anyhow::Result<Split> {
    let given = given_split(dataset, flag, recipe)?;
    Ok(match recipe.split.held_out {
        Some(by) => hold_out(dataset, &given, by, recipe.split.share, HELD_OUT_SEED)?,
        None => given,
    })
}

/// The split that a run was trained on, or the one that a flag names, with a note if it is another.
pub fn split_of_run(
    dataset: &Dataset,
    flag: Option<&str>,
    (recipe, info): (&Recipe, &RunInfo),
    console: &Console,
) -> anyhow::Result<Split> {
    let given = split(dataset, flag, recipe)?;
    if given.hash == info.split_hash {
        return Ok(given);
    }
    let all = all_folds(dataset, &given);
    if all.hash == info.split_hash {
        return Ok(all);
    }
    console.note("note: this is not the split the model was trained on; pairs of this part may have been in training");
    Ok(given)
}

fn given_split(dataset: &Dataset, flag: Option<&str>, recipe: &Recipe) -> anyhow::Result<Split> {
    let spec = &recipe.split;
    match (flag, &spec.column) {
        (Some(flag), Some(column)) if flag == column => Ok(from_column(dataset, column, &names(spec))?),
        (Some(flag), _) if dataset.split_columns.contains_key(flag) => Ok(from_spec(dataset, flag)?),
        (Some(flag), _) if names_a_file(flag) => Ok(read_split(Path::new(flag), dataset)?),
        (Some(flag), _) => Ok(from_spec(dataset, flag)?),
        (None, Some(column)) => Ok(from_column(dataset, column, &names(spec))?),
        (None, None) => Err(Failure::misuse(
            "this recipe names no split",
            "give --split FILE, as `fusebind data split` writes it, or --split COLUMN",
        )),
    }
}

/// Whether a split flag means a file, be it there or not.
fn names_a_file(flag: &str) -> bool {
    let path = Path::new(flag);
    path.exists() || path.extension().is_some_and(|extension| extension == "csv") || path.components().count() > 1
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_flag_is_a_file_if_it_looks_like_one() {
        assert!(names_a_file("split.csv") && names_a_file("splits/1"));
        assert!(!names_a_file("split_setting1") && !names_a_file("fold:valid=4"));
    }

    #[test]
    fn rejected_rows_lie_beside_the_output() {
        for (output, file) in [
            ("out/p.parquet", "out/p.parquet.rejected.csv"),
            ("runs/a/", "runs/a.rejected.csv"),
        ] {
            assert_eq!(rejected_beside(Path::new(output)), Path::new(file));
        }
    }
}
