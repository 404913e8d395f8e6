//! Writing files whole or not at all, with an error that says what to do.

use std::{
    fs::File,
    io::{self, BufWriter},
    path::Path,
};

use fusebind_features::atomic;

use crate::Error;

/// [`atomic::write_atomically`] with an [`Error`] that names the file and the fix.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), Error> {
    atomic::write_atomically(path, fill).map_err(|source| Error::write(path, source))
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

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
