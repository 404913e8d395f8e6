//! Scores of a run from Python, beside baselines.

use std::path::{Path, PathBuf};

use fusebind::{
    data::{
        source::LoadConfig,
        split::{Part, Split},
        table::Dataset,
    },
    features::neighbours::Mask,
    model::device::DeviceChoice,
    predict::{EncoderFolders, KeptIn, open_trained},
    train::{
        evaluate::{EvaluationConfig, EvaluationSet, evaluate, pair_columns, presence_by_pair},
        recipe::Recipe,
        run_dir::{
            EMBEDDINGS, RunDir, RunInfo,
            source::{RunSource, SplitSource},
        },
        run_split::{IsOther, run_split},
    },
};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::{
    cells::{Places, batch},
    error::Fault,
    model::{column_map, unmatched},
    screen::Given,
    side::{SideSource, SideTables, Unmatched, modalities},
    table::Table,
    train::{config, dataset, load_config, method, named_split, say_rejected, write_page},
    work::{self, Watch},
};

/// What is scored, and on what.
struct Scoring {
    run: PathBuf,
    data: Option<Given>,
    config: LoadConfig,
    split: Option<String>,
    part: Part,
    side: SideSource,
    unmatched: Unmatched,
    baselines: bool,
    without: Vec<String>,
    encoders: Vec<PathBuf>,
    without_encoders: bool,
}

impl Scoring {
    /// Where the data are: what the caller gave, or else what the run remembers.
    fn find_data(&mut self, run: &RunDir) -> Result<Given, Fault> {
        if let Some(data) = self.data.take() {
            return Ok(data);
        }
        let Some(known) = RunSource::<Map<String, Value>>::read(run)? else {
            let message = format!("{}: this run does not remember its data set", run.root().display());
            return Err(Fault::input(message, "give the data that it was trained on as `data`"));
        };
        self.config = config(&known.tables);
        self.split = self.split.take().or_else(|| known.split.map(remembered));
        if let (SideSource::Nothing, Some(folder)) = (&self.side, known.modalities) {
            self.side = SideSource::Folder(folder);
        }
        Ok(Given::Path(known.data))
    }

    fn run(mut self, watch: &Watch) -> Result<(String, Table), Fault> {
        let run = RunDir::open(&self.run)?;
        let (recipe, info) = (run.recipe()?, run.info()?);
        if !run.model().is_file() {
            let message = format!(
                "{}: this run is not finished, and there is no model yet",
                run.root().display()
            );
            return Err(Fault::model(message, "train it once more with `resume=True`"));
        }
        let device = DeviceChoice::Cpu.resolve()?.device;
        let encoders = EncoderFolders {
            folders: std::mem::take(&mut self.encoders),
            without: self.without_encoders,
            kept: KeptIn::ReadOnly(run.root().join(EMBEDDINGS)),
        };
        let trained = open_trained(&run.model(), &device, &encoders)?;
        let without = modalities(&self.without)?;
        trained.check_without(without)?;
        let data = self.find_data(&run)?;
        self.config.censor_at_floor = recipe.censor_at_floor;
        self.config.keep_names = true;
        let (dataset, rejections) = dataset(&data, &self.config, trained.description.standardise)?;
        say_rejected(&rejections, watch);
        let split = self.split(&dataset, (&recipe, &info), run.root(), watch)?;
        let inputs = &trained.description.inputs;
        let fields = [&inputs.drug.text_fields[..], &inputs.target.text_fields[..]];
        let side = SideTables::new(&self.side, &dataset, fields, self.unmatched)?;
        let known = side.tables.as_ref().map(|tables| presence_by_pair(&dataset, tables));
        let lookup = (known.as_ref()).map(|known| move |d: u32, t: u32| known.get(&(d, t)).copied().unwrap_or(0));
        let mask = Mask {
            drug: without,
            target: without,
            ..Mask::default()
        };
        let set = EvaluationSet {
            dataset: &dataset,
            drug_side: &side.side[0],
            target_side: &side.side[1],
            split: &split,
            part: self.part,
        };
        let how = EvaluationConfig {
            mask,
            baselines: self.baselines,
            presence: lookup.as_ref().map(|f| f as &dyn Fn(u32, u32) -> u64),
        };
        let (evaluation, predictions) = evaluate(&trained, &set, &how)?;
        evaluation.notes.iter().for_each(|note| watch.say(note));
        // The page tells of the model as it was trained: scores of a part of it, or of other pairs, are no part of that.
        let is_whole = without.is_empty() && !self.without_encoders;
        if self.part == Part::Test && is_whole && split.hash == info.split_hash {
            write_page(&run, Some(&evaluation), watch);
        }
        let columns = pair_columns(&dataset, &trained.description, &predictions);
        let places = Places {
            at: None,
            rows: predictions.len(),
        };
        let columns = columns.into_iter().map(|column| places.column(column)).collect();
        Ok((serde_json::to_string(&evaluation)?, Table::new(batch(columns)?)))
    }

    /// The split that the run was trained on, or another with a note.
    fn split(
        &self,
        dataset: &Dataset,
        (recipe, info): (&Recipe, &RunInfo),
        root: &Path,
        watch: &Watch,
    ) -> Result<Split, Fault> {
        // A run of data in memory has its split in its folder.
        let own = root.join("split.csv");
        let kept = || own.is_file().then(|| own.display().to_string());
        let flag = self
            .split
            .clone()
            .or_else(|| recipe.split.column.is_none().then(kept).flatten());
        let (split, is_other) = match method(dataset, flag.as_deref()) {
            Some(_) => {
                let split = named_split(dataset, flag.as_deref(), recipe, info.seed)?;
                let is_other = split.hash != info.split_hash;
                (split, is_other)
            }
            None => {
                let (split, IsOther(is_other)) = run_split(dataset, flag.as_deref(), recipe, info)?;
                (split, is_other)
            }
        };
        if is_other {
            watch.say("this is not the split the model was trained on; pairs of this part may have been in training");
        }
        Ok(split)
    }
}

fn remembered(split: SplitSource) -> String {
    match split {
        SplitSource::File(file) => file.display().to_string(),
        SplitSource::Column(column) => column,
    }
}

/// Scores a run: the evaluation as JSON, and the scored pairs. See `fusebind.evaluate`.
#[pyfunction]
#[pyo3(signature = (run, *, data, split, part, columns, unit, side, allow_unmatched, baselines, without, encoders, without_encoders, listener))]
#[expect(clippy::too_many_arguments, reason = "the arguments of a call in Python")]
pub fn evaluate_run(
    py: Python<'_>,
    run: PathBuf,
    data: Option<Bound<'_, PyAny>>,
    split: Option<String>,
    part: &str,
    columns: Vec<(String, String)>,
    unit: Option<String>,
    side: Option<Bound<'_, PyAny>>,
    allow_unmatched: bool,
    baselines: bool,
    without: Vec<String>,
    encoders: Vec<PathBuf>,
    without_encoders: bool,
    listener: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, Table)> {
    let known = Part::ALL.into_iter().find(|known| known.name() == part);
    let remedy = "give train, valid or test";
    let part = known.ok_or_else(|| Fault::input(format!("a split has no part {part:?}"), remedy).of_field("part"))?;
    let scoring = Scoring {
        run,
        data: data.as_ref().map(Given::new).transpose()?,
        config: load_config(column_map(&columns)?, unit),
        split,
        part,
        side: SideSource::new(side.as_ref())?,
        unmatched: unmatched(allow_unmatched),
        baselines,
        without,
        encoders,
        without_encoders,
    };
    work::run(py, listener.as_ref(), |watch| scoring.run(watch))
}
