//! A file appears under its name complete, or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::Error;

/// Removes the temporary file unless it was renamed.
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // The write already failed; a second failure here adds nothing.
            let _ = fs::remove_file(path);
        }
    }
}

/// Writes `path` through `fill`: into a temporary file beside it, synchronised to disk, then renamed. On any failure (a full
/// disk, say) the former content of `path` stays as it was and nothing is left behind.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), Error> {
    let fault = |source: io::Error| Error::write(path, source);
    if path.is_dir() {
        return Err(fault(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let name = path
        .file_name()
        .ok_or_else(|| fault(io::Error::from(io::ErrorKind::InvalidInput)))?;
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    let temporary = directory.join(hidden);
    let mut guard = Temporary(None);
    let file = File::create(&temporary).map_err(fault)?;
    guard.0 = Some(temporary.clone());
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    fill(&mut writer).map_err(fault)?;
    writer.flush().map_err(fault)?;
    writer.get_ref().sync_all().map_err(fault)?;
    drop(writer);
    fs::rename(&temporary, path).map_err(fault)?;
    guard.0 = None;
    // The rename itself is made durable where the platform can open directories.
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_full_disk_leaves_the_old_file_and_no_half_written_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv");
        fs::write(&path, "old").unwrap();
        let error = write_atomically(&path, |writer| {
            writer.write_all(b"half of the ta")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Write);
        assert!(error.to_string().contains("hint: free some space"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_or_a_missing_parent_is_a_clear_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_atomically(dir.path(), |_| Ok(())).unwrap_err();
        assert!(error.remedy().contains("file name"), "{error}");
        let error = write_atomically(&dir.path().join("no/out.csv"), |_| Ok(())).unwrap_err();
        assert!(error.remedy().contains("parent directory"), "{error}");
    }
}
