//! A folder that is built aside and appears whole.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Error, ErrorKind};

/// A folder beside the one that it becomes.
pub struct StagedFolder {
    aside: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl StagedFolder {
    /// A folder that will become `target`, which must be new or empty.
    pub fn new(target: &Path) -> Result<Self, Error> {
        let taken = target.is_file() || fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
        let name = match (taken, target.file_name()) {
            (false, Some(name)) => name.to_string_lossy().into_owned(),
            _ => {
                return Err(Error::new(ErrorKind::Config, "the folder is not empty")
                    .in_file(target)
                    .hint("name a new folder"));
            }
        };
        let aside = target.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        fs::create_dir_all(&aside).map_err(|source| Error::write(&aside, source))?;
        Ok(Self {
            aside,
            target: target.to_path_buf(),
            finished: false,
        })
    }

    /// Where files are put until the folder is finished.
    pub fn path(&self) -> &Path {
        &self.aside
    }

    /// Gives the folder its name.
    pub fn finish(mut self) -> Result<(), Error> {
        fs::rename(&self.aside, &self.target).map_err(|source| Error::write(&self.target, source))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_dir_all(&self.aside);
        }
    }
}
