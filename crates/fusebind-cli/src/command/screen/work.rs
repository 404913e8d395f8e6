//! A folder of units: one file for each finished unit, and the plan that they belong to.
//!
//! Comes in: units. Goes out: the same after any stop: files are written whole and renamed, and each begins with the SHA-256 of the rest.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use fusebind::{
    data::{store::sha256_of, table::write_atomically},
    predict::screen::StageReport,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{plan::Plan, unit::UnitResult};
use crate::exit::Failure;

const PLAN: &str = "plan.json";
const END: &str = "end.json";
const STAGE: &str = "stage.json";

/// How long the library is, known once it was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub rows: u64,
    pub units: u64,
}

/// See the file's header.
#[derive(Debug)]
pub struct WorkFolder(PathBuf);

impl WorkFolder {
    /// The folder for the units of `plan`; one that holds units of another plan is refused.
    pub fn create(folder: &Path, plan: &Plan) -> anyhow::Result<Self> {
        let work = Self(folder.to_path_buf());
        let file = folder.join(PLAN);
        if file.exists() {
            return match work.plan()?.difference(plan) {
                None => Ok(work),
                Some(difference) => Err(Failure::failed(
                    format!("{}: is the folder of another screening: {difference}", folder.display()),
                    "name another folder with --work, or give the same inputs and flags as before",
                )),
            };
        }
        // Another shard may write the plan between the two looks.
        let is_foreign = |name: &str| !name.starts_with('.') && name != PLAN;
        let is_used = fs::read_dir(folder).is_ok_and(|files| {
            let mut names = files.flatten().map(|file| file.file_name());
            names.any(|name| is_foreign(&name.to_string_lossy()))
        });
        if is_used {
            return Err(Failure::failed(
                format!("{}: holds something else", folder.display()),
                "name a new folder with --work",
            ));
        }
        fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be created", folder.display()))?;
        put(&file, plan)?;
        Ok(work)
    }

    /// A folder that holds units.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        match folder.join(PLAN).is_file() {
            true => Ok(Self(folder.to_path_buf())),
            false => Err(Failure::failed(
                format!("{}: is no folder of a screening: it has no {PLAN}", folder.display()),
                "name the folder that `screen run` was given with --work",
            )),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What its units belong to.
    pub fn plan(&self) -> anyhow::Result<Plan> {
        get(&self.0.join(PLAN))
    }

    /// How long the library is, where that is known.
    pub fn end(&self) -> anyhow::Result<Option<End>> {
        let file = self.0.join(END);
        file.exists().then(|| get(&file)).transpose()
    }

    pub fn put_end(&self, end: End) -> anyhow::Result<()> {
        put(&self.0.join(END), &end)
    }

    /// How a first stage chose, where there was one.
    pub fn stage(&self) -> anyhow::Result<Option<StageReport>> {
        let file = self.0.join(STAGE);
        file.exists().then(|| get(&file)).transpose()
    }

    pub fn put_stage(&self, stage: &StageReport) -> anyhow::Result<()> {
        put(&self.0.join(STAGE), stage)
    }

    pub fn has(&self, unit: u64) -> bool {
        self.file(unit).exists()
    }

    pub fn put(&self, unit: &UnitResult) -> anyhow::Result<()> {
        put(&self.file(unit.unit), unit)
    }

    pub fn get(&self, unit: u64) -> anyhow::Result<UnitResult> {
        get(&self.file(unit))
    }

    /// Units that are finished, ascending.
    pub fn units(&self) -> anyhow::Result<Vec<u64>> {
        let files = fs::read_dir(&self.0).with_context(|| format!("{} cannot be read", self.0.display()))?;
        let number = |name: &str| name.strip_prefix("unit-")?.strip_suffix(".json")?.parse().ok();
        let mut units: Vec<u64> = files
            .flatten()
            .filter_map(|file| number(&file.file_name().to_string_lossy()))
            .collect();
        units.sort_unstable();
        Ok(units)
    }

    fn file(&self, unit: u64) -> PathBuf {
        self.0.join(format!("unit-{unit:08}.json"))
    }
}

fn put(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_vec(value).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(write_atomically(path, |file| {
        writeln!(file, "{}", sha256_of(&text))?;
        file.write_all(&text)
    })?)
}

fn get<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (sum, text) = bytes.split_at(end);
    let text = text.get(1..).unwrap_or_default();
    let value = (sum == sha256_of(text).as_bytes()).then(|| serde_json::from_slice(text).ok());
    value.flatten().ok_or_else(|| {
        Failure::failed(
            format!("{}: is damaged, or of another version of fusebind", path.display()),
            "remove this file and give the same `screen run` command again: only its unit is computed anew",
        )
    })
}
