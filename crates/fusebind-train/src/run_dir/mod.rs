//! The run folder: what was run, on what, how it went, and the model.
//!
//! ```text
//! RUN/recipe.toml         resolved recipe, defaults included
//! RUN/run.json            version, seed, data fingerprint, split hash, counts
//! RUN/metrics.jsonl       one JSON object per epoch
//! RUN/model.safetensors   the selected weights with all that prediction needs
//! RUN/split.json          hash and sizes of the parts
//! RUN/source.json         where the data are; written by the surfaces, for later commands, and no part of the run's identity
//! RUN/members/, hold_outs/  runs of further models while they are trained
//! RUN/embeddings/         what pretrained encoders computed, where no cache was named
//! RUN/state/              what `train --resume` needs; removed when the run is done
//! ```

mod selection;
pub mod source;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use fusebind_model::checkpoint::{Archive, Known, Section, Sections, write_whole};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use crate::{Error, ErrorKind, curriculum::CurriculumState, recipe::Recipe};

pub use selection::Selection;

/// Folder of embeddings in a run folder.
pub const EMBEDDINGS: &str = "embeddings";

/// Sections of a saved state: weights, the optimizer, the weights to end with, and [`Progress`].
const STATE: [Known; 4] = [
    Known {
        name: "model",
        version: 1,
    },
    Known {
        name: "optimizer",
        version: 1,
    },
    Known {
        name: "best",
        version: 1,
    },
    PROGRESS,
];
const PROGRESS: Known = Known {
    name: "progress",
    version: 1,
};

/// Identity of a run: a resumed run must agree in all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of fusebind.
    pub version: String,
    /// Seed.
    pub seed: u64,
    /// Fingerprint of the data set.
    pub data_fingerprint: String,
    /// Fingerprint of the side data.
    #[serde(default)]
    pub side_fingerprint: String,
    /// Hash of the split.
    pub split_hash: String,
    /// Training, validation and test pairs.
    pub pairs: [usize; 3],
}

/// How far a run has come, written with its state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Finished epochs.
    pub epoch: u64,
    /// The epoch that the run ends with so far.
    pub selection: Option<Selection>,
    /// Whether label-free pre-training is done.
    pub pretrained: bool,
    /// What the curriculum has learned.
    pub curriculum: CurriculumState,
    /// The finished epochs. `metrics.jsonl` is a copy for readers: a resumed run writes it again from here.
    pub epochs: Vec<EpochMetrics>,
}

impl Progress {
    /// What in it does not go together, in words.
    fn disagreement(&self) -> Option<String> {
        let numbered = self.epochs.iter().zip(1..).all(|(epoch, number)| epoch.epoch == number);
        if !numbered || self.epochs.len() as u64 != self.epoch {
            return Some(format!(
                "{} epochs are listed, {} finished",
                self.epochs.len(),
                self.epoch
            ));
        }
        let kept = self.selection.as_ref()?.epoch;
        (kept == 0 || kept > self.epoch).then(|| format!("epoch {kept} is kept of {}", self.epoch))
    }
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Epoch, counted from 1.
    pub epoch: u64,
    /// Mean training loss.
    pub train_loss: f64,
    /// Validation score by name; empty without a validation part.
    pub valid: std::collections::BTreeMap<String, f64>,
    /// Weight of each modality in the epoch; empty without a curriculum.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub modality_weights: std::collections::BTreeMap<String, f64>,
    /// Share of the loss that each modality has saved so far; empty without a curriculum.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub measured_importance: std::collections::BTreeMap<String, f64>,
    /// Learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// Wall time of the epoch in seconds.
    pub seconds: f64,
}

/// A run folder on disk.
#[derive(Clone, Debug)]
pub struct RunDir {
    root: PathBuf,
}

fn io(path: &Path, what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what}: {error}")).about(path)
}

/// Removes a folder that may not be there.
fn remove(folder: &Path) -> Result<(), Error> {
    match folder.exists() {
        true => fs::remove_dir_all(folder).map_err(|e| io(folder, "cannot be removed", &e)),
        false => Ok(()),
    }
}

impl RunDir {
    /// A new folder; one that already holds a run is refused.
    pub fn create(root: &Path) -> Result<Self, Error> {
        if root.join("run.json").exists() {
            return Err(Error::new(ErrorKind::Run, "already holds a run")
                .about(root)
                .hint("name another folder with --out, or continue this one with --resume"));
        }
        fs::create_dir_all(root.join("state")).map_err(|e| io(root, "cannot be created", &e))?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    /// An existing run.
    pub fn open(root: &Path) -> Result<Self, Error> {
        if root.join("run.json").is_file() {
            return Ok(Self {
                root: root.to_path_buf(),
            });
        }
        Err(Error::new(ErrorKind::Run, "is no run folder (no run.json)")
            .about(root)
            .hint("name a folder that `fusebind train --out` wrote"))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The model's file.
    pub fn model(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }

    /// Whether there is a model and nothing left to do: to go on would train the run from its start.
    pub fn is_finished(&self) -> bool {
        self.is_trained() && !self.hold_outs().exists()
    }

    /// Whether there is a model and no state to go on from; hold-outs may still be missing.
    pub fn is_trained(&self) -> bool {
        self.model().is_file() && !self.state().is_file()
    }

    fn hold_outs(&self) -> PathBuf {
        self.root.join("hold_outs")
    }

    /// Folder of the run of a hold-out.
    pub fn hold_out(&self, number: u32) -> PathBuf {
        self.hold_outs().join(number.to_string())
    }

    fn members(&self) -> PathBuf {
        self.root.join("members")
    }

    /// Folder of the run of a further member of an ensemble.
    pub fn member(&self, number: u64) -> PathBuf {
        self.members().join(number.to_string())
    }

    /// Folder of the run of the structure model that belongs to the model of this run.
    pub fn structure(&self) -> PathBuf {
        self.members().join("structure")
    }

    /// Removes the runs of the members and of structure models, whose weights the model has now.
    pub fn remove_members(&self) -> Result<(), Error> {
        remove(&self.members())
    }

    /// Says that hold-outs are to follow.
    pub fn begin_calibration(&self) -> Result<(), Error> {
        let folder = self.hold_outs();
        fs::create_dir_all(&folder).map_err(|e| io(&folder, "cannot be created", &e))
    }

    /// Removes the hold-outs, of which the model has everything now.
    pub fn calibrated(&self) -> Result<(), Error> {
        remove(&self.hold_outs())
    }

    /// Takes the folder for this process, until the file is dropped.
    ///
    /// # Errors
    /// Where another process has it, or nothing can be written there.
    pub fn lock(&self) -> Result<File, Error> {
        let folder = self.root.join("state");
        fs::create_dir_all(&folder).map_err(|e| io(&folder, "cannot be created", &e))?;
        let path = folder.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| io(&path, "cannot be opened", &e))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Error::new(ErrorKind::Run, "another process trains in this folder")
                .about(&self.root)
                .hint("wait until it ends, or name another folder with --out")),
            // Some network file systems have no locks; a run there is as safe as it was without.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    fn write_text(&self, name: &str, text: &str) -> Result<(), Error> {
        Ok(write_whole(&self.root.join(name), text.as_bytes())?)
    }

    /// Writes a JSON file of the run.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|e| Error::new(ErrorKind::Run, format!("{name} cannot be written: {e}")))?;
        self.write_text(name, &(text + "\n"))
    }

    /// Reads a JSON file of the run.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let path = self.root.join(name);
        let text = fs::read_to_string(&path).map_err(|e| io(&path, "cannot be read", &e))?;
        serde_json::from_str(&text).map_err(|e| Error::new(ErrorKind::Run, format!("is damaged: {e}")).about(&path))
    }

    /// Writes what identifies the run.
    pub fn begin(&self, recipe: &Recipe, info: &RunInfo) -> Result<(), Error> {
        self.write_text("recipe.toml", &recipe.to_toml()?)?;
        self.write_json("run.json", info)
    }

    /// The resolved recipe.
    pub fn recipe(&self) -> Result<Recipe, Error> {
        let path = self.root.join("recipe.toml");
        let text = fs::read_to_string(&path).map_err(|e| io(&path, "cannot be read", &e))?;
        match &Recipe::old_names(&text)[..] {
            [] => Recipe::parse(&text).map_err(|e| e.about(&path)),
            old => Err(self.of_before(&format!(" ({})", old.join(", ")))),
        }
    }

    /// What identifies the run.
    pub fn info(&self) -> Result<RunInfo, Error> {
        let path = self.root.join("run.json");
        let text = fs::read_to_string(&path).map_err(|e| io(&path, "cannot be read", &e))?;
        serde_json::from_str(&text).map_err(|e| match e.classify() {
            // JSON with other fields is no damage.
            Category::Data => self.of_before(&format!(" (run.json: {e})")),
            _ => Error::new(ErrorKind::Run, format!("is damaged: {e}")).about(&path),
        })
    }

    /// The error of a run folder whose keys have other names today.
    fn of_before(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::Run,
            format!("this run folder was written by fusebind before its keys were renamed{what}"),
        )
        .about(&self.root)
        .hint("train again, or rename the keys as docs/glossary.md lists them")
    }

    /// Appends an epoch to the log.
    pub fn log(&self, metrics: &EpochMetrics) -> Result<(), Error> {
        let path = self.root.join("metrics.jsonl");
        let line = serde_json::to_string(metrics)
            .map_err(|e| Error::new(ErrorKind::Run, format!("an epoch cannot be logged: {e}")))?;
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| io(&path, "cannot be opened", &e))?;
        writeln!(file, "{line}").map_err(|e| io(&path, "cannot be written", &e))
    }

    /// The epochs logged so far.
    pub fn epochs(&self) -> Result<Vec<EpochMetrics>, Error> {
        let path = self.root.join("metrics.jsonl");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).map_err(|e| io(&path, "cannot be read", &e))?;
        // A kill can cut the last line short; the epochs before it are valid.
        Ok(text.lines().map_while(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Writes `metrics.jsonl` anew with the epochs of a state, whatever it holds: a resumed run repeats later ones.
    pub fn rewind(&self, epochs: &[EpochMetrics]) -> Result<(), Error> {
        let mut text = String::new();
        for metrics in epochs {
            let line = serde_json::to_string(metrics)
                .map_err(|e| Error::new(ErrorKind::Run, format!("an epoch cannot be logged: {e}")))?;
            text.push_str(&line);
            text.push('\n');
        }
        self.write_text("metrics.jsonl", &text)
    }

    /// Writes the state of training as one file, so that a kill leaves the old state or the new one.
    pub fn save_state(&self, state: StateParts, progress: &Progress) -> Result<(), Error> {
        let mut sections = Sections::default();
        for (known, part) in STATE.into_iter().zip([state.model, state.optimizer, state.best]) {
            let section = Section::of_archive(known.version, part)?;
            sections.by_name.insert(known.name.into(), section);
        }
        let progress = Section::of(PROGRESS.version, progress)?;
        sections.by_name.insert(PROGRESS.name.into(), progress);
        Ok(sections.save(&self.state())?)
    }

    /// The last state, if any was written; a damaged one is refused.
    pub fn load_state(&self) -> Result<Option<(StateParts, Progress)>, Error> {
        let path = self.state();
        if !path.exists() {
            return Ok(None);
        }
        let (mut sections, _) = Sections::open(&path, &STATE)?;
        let progress: Progress = sections.take(PROGRESS.name)?.parse(PROGRESS.name)?;
        if let Some(wrong) = progress.disagreement() {
            return Err(Error::new(
                ErrorKind::Run,
                format!("section `{}` disagrees with itself: {wrong}", PROGRESS.name),
            )
            .about(&path)
            .hint("the state cannot be used: train again in a new folder"));
        }
        let mut part = |name| sections.take(name)?.into_archive(name);
        let parts = StateParts {
            model: part("model")?,
            optimizer: part("optimizer")?,
            best: part("best")?,
        };
        Ok(Some((parts, progress)))
    }

    /// Removes what only a resumed run needs.
    pub fn finish(&self) -> Result<(), Error> {
        remove(&self.root.join("state"))
    }

    fn state(&self) -> PathBuf {
        self.root.join("state").join("last.safetensors")
    }
}

/// The parts of a saved state.
#[derive(Clone, Debug)]
pub struct StateParts {
    /// Weights as they are.
    pub model: Archive,
    /// State of the optimizer.
    pub optimizer: Archive,
    /// Weights that the run ends with so far; empty where there are none.
    pub best: Archive,
}
