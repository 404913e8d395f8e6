//! The run folder: what was run, on what, how it went, and the model.
//!
//! ```text
//! RUN/recipe.toml         resolved recipe, defaults included
//! RUN/run.json            version, seed, data fingerprint, split hash, counts
//! RUN/metrics.jsonl       one JSON object per epoch
//! RUN/model.safetensors   the selected weights with all that prediction needs
//! RUN/split.json          hash and sizes of the parts
//! RUN/source.json         where the data are; written by the command line, for later commands, and no part of the run's identity
//! RUN/state/              what `train --resume` needs; removed when the run is done
//! ```

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use fusebind_features::modality::ModalityWeights;
use fusebind_model::checkpoint::{Archive, write_whole};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use crate::{Error, ErrorKind, curriculum::CurriculumState, recipe::Recipe};

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
pub struct Progress {
    /// Finished epochs.
    pub epoch: u64,
    /// Best validation score so far (larger is better) and its epoch.
    pub best: Option<(f64, u64)>,
    /// Weights of the modalities of drugs and of targets in that epoch.
    #[serde(default)]
    pub modality_weights: [ModalityWeights; 2],
    /// Whether label-free pre-training is done.
    #[serde(default)]
    pub pretrained: bool,
    /// What the curriculum has learned.
    #[serde(default)]
    pub curriculum: CurriculumState,
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

    /// Removes logged epochs after `epoch`, which a resumed run repeats.
    pub fn rewind(&self, epoch: u64) -> Result<(), Error> {
        let kept: Vec<EpochMetrics> = self.epochs()?.into_iter().filter(|m| m.epoch <= epoch).collect();
        let mut text = String::new();
        for metrics in &kept {
            let line = serde_json::to_string(metrics)
                .map_err(|e| Error::new(ErrorKind::Run, format!("an epoch cannot be logged: {e}")))?;
            text.push_str(&line);
            text.push('\n');
        }
        self.write_text("metrics.jsonl", &text)
    }

    /// Writes the state of training as one file, so that a kill leaves the old state or the new one.
    pub fn save_state(&self, parts: &[(&str, &Archive)], progress: &Progress) -> Result<(), Error> {
        let mut whole = Archive::default();
        for (part, archive) in parts {
            for (name, array) in &archive.arrays {
                whole.arrays.insert(format!("{part}:{name}"), array.clone());
            }
            for (name, value) in &archive.metadata {
                whole.metadata.insert(format!("{part}:{name}"), value.clone());
            }
        }
        let progress = serde_json::to_string(progress)
            .map_err(|e| Error::new(ErrorKind::Run, format!("progress cannot be written: {e}")))?;
        whole.metadata.insert("progress".into(), progress);
        Ok(whole.save(&self.state())?)
    }

    /// The last state, if any was written.
    pub fn load_state(&self) -> Result<Option<(StateParts, Progress)>, Error> {
        let path = self.state();
        if !path.exists() {
            return Ok(None);
        }
        let whole = Archive::open(&path)?;
        let progress = whole
            .metadata
            .get("progress")
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| Error::new(ErrorKind::Run, "holds no progress: start the run again").about(&path))?;
        Ok(Some((StateParts(whole), progress)))
    }

    /// Removes what only a resumed run needs.
    pub fn finish(&self) -> Result<(), Error> {
        let folder = self.root.join("state");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|e| io(&folder, "cannot be removed", &e))?;
        }
        Ok(())
    }

    fn state(&self) -> PathBuf {
        self.root.join("state").join("last.safetensors")
    }
}

/// The parts of a saved state.
#[derive(Clone, Debug)]
pub struct StateParts(Archive);

impl StateParts {
    /// One part, under the names it was saved with; empty if there is none.
    pub fn part(&self, part: &str) -> Archive {
        let strip = |name: &String| {
            name.strip_prefix(part)
                .and_then(|n| n.strip_prefix(':'))
                .map(str::to_string)
        };
        Archive {
            arrays: self
                .0
                .arrays
                .iter()
                .filter_map(|(n, a)| Some((strip(n)?, a.clone())))
                .collect(),
            indices: Default::default(),
            metadata: self
                .0
                .metadata
                .iter()
                .filter_map(|(n, v)| Some((strip(n)?, v.clone())))
                .collect(),
        }
    }
}
