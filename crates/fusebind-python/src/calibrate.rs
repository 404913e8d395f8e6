//! A model calibrated on labelled pairs of its user, from Python.
//!
//! Comes in: a run folder or a model file, and labelled pairs. Goes out: a model file with the same weights.

use std::{fs, path::PathBuf};

use fusebind::{
    data::source::{LabelPolicy, LoadConfig},
    model::{device::DeviceChoice, model_file::ModelFile},
    predict::{EncoderFolders, KeptIn, open_trained},
    train::calibrate::recalibrate,
};
use pyo3::prelude::*;

use crate::{
    error::Fault,
    mark::model_file,
    model::{column_map, unmatched},
    screen::Given,
    side::{SideSource, SideTables, Unmatched},
    train::{dataset, load_config, say_rejected},
    work::{self, Watch},
};

/// What is calibrated, on what.
struct Calibration {
    model: PathBuf,
    data: Given,
    config: LoadConfig,
    side: SideSource,
    unmatched: Unmatched,
    encoders: EncoderFolders,
    out: PathBuf,
}

impl Calibration {
    fn run(&self, watch: &Watch) -> Result<(), Fault> {
        if self.out.exists() {
            let message = format!("{}: exists already", self.out.display());
            return Err(Fault::input(message, "name a new file as `out`"));
        }
        let path = model_file(&self.model);
        let trained = open_trained(&path, &DeviceChoice::Cpu.resolve()?.device, &self.encoders)?;
        let (dataset, rejections) = dataset(&self.data, &self.config, trained.description.standardise)?;
        dataset.notes.iter().for_each(|note| watch.say(note));
        say_rejected(&rejections, watch);
        let inputs = &trained.description.inputs;
        let fields = [&inputs.drug.text_fields[..], &inputs.target.text_fields[..]];
        let side = SideTables::new(&self.side, &dataset, fields, self.unmatched)?;
        side.notes.iter().for_each(|note| watch.say(note));
        let (trust, own) = recalibrate(&trained, &dataset, [&side.side[0], &side.side[1]])?;
        let (mut file, _) = ModelFile::open(&path)?;
        file.description.trust = Some(trust);
        if let Some(folder) = self.out.parent() {
            fs::create_dir_all(folder)?;
        }
        file.save(&self.out)?;
        own.notes(&trained.description).iter().for_each(|note| watch.say(note));
        Ok(())
    }
}

/// Fits intervals and probabilities of a model to labelled pairs. See `fusebind.calibrate`.
#[pyfunction]
#[pyo3(signature = (model, data, out, *, columns, unit, side, allow_unmatched, encoders, without_encoders, listener))]
#[expect(clippy::too_many_arguments, reason = "the arguments of a call in Python")]
pub fn calibrate_model(
    py: Python<'_>,
    model: PathBuf,
    data: Bound<'_, PyAny>,
    out: PathBuf,
    columns: Vec<(String, String)>,
    unit: Option<String>,
    side: Option<Bound<'_, PyAny>>,
    allow_unmatched: bool,
    encoders: Vec<PathBuf>,
    without_encoders: bool,
    listener: Option<Bound<'_, PyAny>>,
) -> PyResult<()> {
    let calibration = Calibration {
        model,
        data: Given::new(&data)?,
        config: LoadConfig {
            labels: LabelPolicy::Required,
            ..load_config(column_map(&columns)?, unit)
        },
        side: SideSource::new(side.as_ref())?,
        unmatched: unmatched(allow_unmatched),
        encoders: EncoderFolders {
            folders: encoders,
            without: without_encoders,
            kept: KeptIn::Memory,
        },
        out,
    };
    work::run(py, listener.as_ref(), |watch| calibration.run(watch))
}
