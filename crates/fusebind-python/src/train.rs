//! Training from Python: a recipe and a data set, in files or in memory, to a run folder.

use std::{path::PathBuf, str::FromStr};

use fusebind::{
    data::{
        source::{ColumnMap, LoadConfig, dataset_of_table, load_dataset},
        split::{Fractions, Split, SplitBy, split, write_split},
        table::{Dataset, Rejection},
    },
    features::entity::molecule::Standardise,
    model::device::DeviceChoice,
    run_page,
    train::{
        evaluate::Evaluation,
        experiment::perturbation::train,
        recipe::Recipe,
        run_dir::{EpochMetrics, RunDir, source::RunSource},
        run_split::{all_folds, recipe_split},
        trainer::{Job, Observer},
    },
};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::{
    error::Fault,
    model::{column_map, unmatched},
    screen::Given,
    side::{SideSource, SideTables, Unmatched},
    work::{self, Watch},
};

/// Split file that a method of splitting leaves in the run folder.
const SPLIT: &str = "split.csv";
/// Rejected rows that are told of one by one.
const TOLD: usize = 5;

/// How a data set is read.
pub fn load_config(columns: ColumnMap, unit: Option<String>) -> LoadConfig {
    LoadConfig {
        columns,
        unit,
        ..LoadConfig::default()
    }
}

/// Reads a data set of either kind.
pub fn dataset(given: &Given, config: &LoadConfig, toolkit: Standardise) -> Result<(Dataset, Vec<Rejection>), Fault> {
    let (dataset, rejections) = match given {
        Given::Path(path) => load_dataset(path, &toolkit, config)?,
        Given::Table(table) => dataset_of_table(table.get().raw("table")?, &toolkit, config)?,
    };
    match (dataset.interactions.is_empty(), rejections.first()) {
        (true, Some(first)) => Err(Fault::input(
            format!("no pair is left: every row was rejected, the first because of this: {first}"),
            "correct the rows",
        )),
        (true, None) => Err(Fault::input("the table holds no row", "add rows")),
        (false, _) => Ok((dataset, rejections)),
    }
}

/// Tells of the first rejected rows, and of how many there are.
pub fn say_rejected(rejections: &[Rejection], watch: &Watch) {
    rejections.iter().take(TOLD).for_each(|rejection| watch.say(rejection));
    if rejections.len() > TOLD {
        watch.say(format!("{} rows were rejected in all", rejections.len()));
    }
}

/// The split that `flag` names: a method such as `unseen-drug`, a file, or a column; else the recipe's.
pub fn named_split(dataset: &Dataset, flag: Option<&str>, recipe: &Recipe, seed: u64) -> Result<Split, Fault> {
    match method(dataset, flag) {
        Some(by) => Ok(split(dataset, by, Fractions::default(), seed)?),
        None => Ok(recipe_split(dataset, flag, recipe)?),
    }
}

/// The method of splitting that `flag` names; a column of this name goes before it.
pub fn method(dataset: &Dataset, flag: Option<&str>) -> Option<SplitBy> {
    let flag = flag.filter(|flag| !dataset.split_columns.contains_key(*flag))?;
    SplitBy::from_str(flag).ok()
}

/// Tells of training.
struct Teller<'w> {
    watch: &'w Watch,
    pairs: usize,
    epochs: u64,
    done: u64,
}

impl Observer for Teller<'_> {
    fn begin(&mut self, pairs: usize, epochs: u64, done: u64) {
        (self.pairs, self.epochs, self.done) = (pairs, epochs, done);
        self.watch.expect(pairs * epochs as usize);
    }

    fn note(&mut self, note: &str) {
        self.watch.say(note);
    }

    fn is_stopping(&self) -> bool {
        self.watch.is_stopping()
    }

    fn pairs(&mut self, pairs: usize) {
        self.watch.pass(self.pairs * self.done as usize + pairs);
        // The first signal lets the epoch end, the second does not.
        self.watch.check(2);
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        self.done = metrics.epoch;
        let valid: Vec<String> = metrics
            .valid
            .iter()
            .map(|(name, value)| format!("{name} {value:.4}"))
            .collect();
        self.watch.say(format!(
            "epoch {}/{}  loss {:.4}  valid {}  {:.1} s",
            metrics.epoch,
            self.epochs,
            metrics.train_loss,
            valid.join("  "),
            metrics.seconds
        ));
    }
}

/// What is trained, where and on what.
struct Training {
    recipe: Recipe,
    data: Given,
    config: LoadConfig,
    split: Option<String>,
    side: SideSource,
    unmatched: Unmatched,
    out: PathBuf,
    seed: u64,
    toolkit: Standardise,
    resume: bool,
    all_folds: bool,
}

impl Training {
    fn run(&self, watch: &Watch) -> Result<bool, Fault> {
        let (dataset, rejections) = dataset(&self.data, &self.config, self.toolkit)?;
        dataset.notes.iter().for_each(|note| watch.say(note));
        say_rejected(&rejections, watch);
        let mut split = named_split(&dataset, self.split.as_deref(), &self.recipe, self.seed)?;
        if self.all_folds {
            split = all_folds(&dataset, &split);
        }
        let fields = &self.recipe.modalities;
        let fields = [&fields.drug_text[..], &fields.target_text[..]];
        let side = SideTables::new(&self.side, &dataset, fields, self.unmatched)?;
        side.notes.iter().for_each(|note| watch.say(note));
        if self.resume && RunDir::open(&self.out)?.is_finished() {
            return Ok(true);
        }
        if !self.resume {
            self.remember(&dataset, &split)?;
        }
        let device = DeviceChoice::Cpu.resolve()?.device;
        let job = Job {
            recipe: &self.recipe,
            dataset: &dataset,
            side: [&side.side[0], &side.side[1]],
            split: &split,
            seed: self.seed,
            device: &device,
            out: &self.out,
            cache: None,
            resume: self.resume,
            stop_after: None,
        };
        let mut teller = Teller {
            watch,
            pairs: 0,
            epochs: 0,
            done: 0,
        };
        train(&job, &mut teller)?;
        let run = RunDir::open(&self.out)?;
        if run.is_finished() {
            write_page(&run, None, watch);
        }
        Ok(run.is_finished())
    }

    /// Leaves in the run folder where the data are, for `evaluate`. Data in memory are nowhere.
    fn remember(&self, dataset: &Dataset, split: &Split) -> Result<(), Fault> {
        let run = RunDir::create(&self.out)?;
        let mut flag = self.split.clone();
        if method(dataset, flag.as_deref()).is_some() {
            let file = self.out.join(SPLIT);
            write_split(&file, dataset, split)?;
            flag = Some(file.display().to_string());
        }
        let Given::Path(data) = &self.data else { return Ok(()) };
        let folder = self.side.folder().map(PathBuf::as_path);
        let source = RunSource::new(
            dataset,
            data,
            flag.as_deref(),
            folder,
            flags(&self.config, self.toolkit),
        )?;
        Ok(source.write(&run)?)
    }
}

/// Writes the page of a run into its folder; a folder that cannot be written to costs the page alone.
pub fn write_page(run: &RunDir, evaluation: Option<&Evaluation>, watch: &Watch) {
    if let Err(reason) = run_page::write(run, evaluation) {
        watch.say(reason);
    }
}

/// How tables are read, under the names of the command line's flags.
fn flags(config: &LoadConfig, toolkit: Standardise) -> Map<String, Value> {
    let columns = &config.columns;
    let named = [
        ("drug_id", &columns.drug_id),
        ("smiles_column", &columns.smiles),
        ("target_id", &columns.target_id),
        ("sequence_column", &columns.sequence),
        ("label", &columns.label),
        ("affinity", &columns.affinity),
        ("unit_column", &columns.unit),
        ("measure_column", &columns.measure),
        ("relation_column", &columns.relation),
        ("unit", &config.unit),
    ];
    let given = named
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.clone()?.into())));
    let made = (!toolkit.is_parent()).then(|| ("standardise".to_string(), toolkit.to_string().into()));
    given.chain(made).collect()
}

/// The same, read back.
pub fn config(flags: &Map<String, Value>) -> LoadConfig {
    let text = |name: &str| flags.get(name).and_then(Value::as_str).map(str::to_string);
    let flag = |name: &str| flags.get(name).and_then(Value::as_bool).unwrap_or_default();
    LoadConfig {
        columns: ColumnMap {
            drug_id: text("drug_id"),
            smiles: text("smiles_column"),
            target_id: text("target_id"),
            sequence: text("sequence_column"),
            label: text("label"),
            affinity: text("affinity"),
            unit: text("unit_column"),
            measure: text("measure_column"),
            relation: text("relation_column"),
        },
        unit: text("unit"),
        prefer: text("prefer"),
        accept_values: flag("accept_values"),
        ..LoadConfig::default()
    }
}

/// Trains a run; whether it is finished. See `fusebind.train`.
#[pyfunction]
#[pyo3(signature = (recipe, data, out, *, split, seed, epochs, columns, unit, standardise, side, allow_unmatched, all_folds, resume, listener))]
#[expect(clippy::too_many_arguments, reason = "the arguments of a call in Python")]
pub fn train_run(
    py: Python<'_>,
    recipe: &str,
    data: Bound<'_, PyAny>,
    out: PathBuf,
    split: Option<String>,
    seed: u64,
    epochs: Option<u64>,
    columns: Vec<(String, String)>,
    unit: Option<String>,
    standardise: &str,
    side: Option<Bound<'_, PyAny>>,
    allow_unmatched: bool,
    all_folds: bool,
    resume: bool,
    listener: Option<Bound<'_, PyAny>>,
) -> PyResult<bool> {
    let mut recipe = Recipe::open(recipe).map_err(Fault::from)?;
    if let Some(epochs) = epochs {
        recipe.training.epochs = epochs;
        recipe.check().map_err(Fault::from)?;
    }
    let toolkit = match standardise {
        "parent" => Standardise::Parent,
        "none" => Standardise::None,
        other => {
            let message = format!("molecules are not made {other:?}");
            return Err(Fault::input(message, "give parent or none")
                .of_field("standardise")
                .into());
        }
    };
    let mut config = load_config(column_map(&columns)?, unit);
    config.censor_at_floor = recipe.censor_at_floor;
    let training = Training {
        recipe,
        data: Given::new(&data)?,
        config,
        split,
        side: SideSource::new(side.as_ref())?,
        unmatched: unmatched(allow_unmatched),
        out,
        seed,
        toolkit,
        resume,
        all_folds,
    };
    work::run(py, listener.as_ref(), |watch| training.run(watch))
}
