//! A folder that is built aside and appears whole.
//!
//! Comes in: the folder to be. Goes out: a hidden folder beside it, of a name that nobody can guess, which gets its name when it is
//! finished. One that an ended process has left is removed: nobody holds the lock of its mark.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use fusebind_features::atomic::unguessable;

use crate::{Error, ErrorKind};

/// A file that is locked while its folder is built.
const MARK: &str = ".building";

/// A folder beside the one that it becomes.
pub struct StagedFolder {
    aside: PathBuf,
    target: PathBuf,
    finished: bool,
    /// Holds the lock.
    _mark: File,
}

impl StagedFolder {
    /// A folder that will become `target`, which must be new or empty.
    pub fn new(target: &Path) -> Result<Self, Error> {
        // An empty folder may be reached by a link.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_path_buf());
        let taken = target.is_file() || fs::read_dir(&target).is_ok_and(|mut entries| entries.next().is_some());
        let name = match (taken, target.file_name()) {
            (false, Some(name)) => name.to_string_lossy().into_owned(),
            _ => {
                return Err(Error::new(ErrorKind::Config, "the folder is not empty")
                    .in_file(&target)
                    .hint("name a new folder"));
            }
        };
        if let Some(parent) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(|source| Error::write(parent, source))?;
        }
        remove_left_over(&target, &name);
        let aside = target.with_file_name(format!(".{name}.{}.partial", unguessable()));
        // One that exists is somebody else's.
        fs::create_dir(&aside).map_err(|source| Error::write(&aside, source))?;
        let mark = File::create_new(aside.join(MARK)).map_err(|source| Error::write(&aside, source))?;
        let _ = mark.try_lock();
        Ok(Self {
            aside,
            target,
            finished: false,
            _mark: mark,
        })
    }

    /// Where files are put until the folder is finished.
    pub fn path(&self) -> &Path {
        &self.aside
    }

    /// Gives the folder its name.
    pub fn finish(mut self) -> Result<(), Error> {
        let fault = |source| Error::write(&self.target, source);
        fs::remove_file(self.aside.join(MARK)).map_err(fault)?;
        fs::rename(&self.aside, &self.target).map_err(fault)?;
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

/// Removes the folders that ended processes have built aside for `target`.
fn remove_left_over(target: &Path, name: &str) {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let begin = format!(".{name}.");
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))
        .into_iter()
        .flatten()
        .flatten()
    {
        let other = entry.file_name();
        let ours = (other.to_str()).is_some_and(|other| other.starts_with(&begin) && other.ends_with(".partial"));
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        // A folder without a mark is being made, or finished.
        let mark = || File::open(entry.path().join(MARK));
        if ours && is_folder && mark().is_ok_and(|mark| mark.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_and_leftovers_of_ended_processes_go() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("set");
        let left = folder.path().join(".set.0123456789abcdef.partial");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(MARK), "").unwrap();
        let staged = StagedFolder::new(&target).unwrap();
        assert!(!left.exists(), "nobody holds it");
        let other = StagedFolder::new(&target).unwrap();
        assert!(staged.path().is_dir(), "a living one stays");
        fs::write(staged.path().join("pairs.csv"), "a").unwrap();
        assert!(!target.exists());
        staged.finish().unwrap();
        drop(other);
        let names = |path: &Path| {
            fs::read_dir(path)
                .unwrap()
                .flatten()
                .map(|e| e.file_name())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (names(folder.path()), names(&target)),
            (vec!["set".into()], vec!["pairs.csv".into()])
        );
        assert!(StagedFolder::new(&target).is_err(), "not empty");
    }
}
