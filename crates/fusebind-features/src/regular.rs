//! Files that are read whole, and regular files alone.
//!
//! Comes in: a path. Goes out: what the file holds. A named pipe would wait for a writer and a device need not end, so that the kind of
//! file is looked at before it is opened.

use std::{fs, io, path::Path};

/// Refuses what is no regular file.
///
/// # Errors
/// Where there is no file, or something else than one.
pub fn check(path: &Path) -> io::Result<()> {
    let found = fs::metadata(path)?;
    match (found.is_file(), found.is_dir()) {
        (true, _) => Ok(()),
        (false, true) => Err(io::ErrorKind::IsADirectory.into()),
        (false, false) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a device, a pipe or a socket, not a regular file",
        )),
    }
}

/// The bytes of a regular file.
///
/// # Errors
/// As [`check`], and where it cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    check(path)?;
    fs::read(path)
}

/// The text of a regular file.
///
/// # Errors
/// As [`read`], and where it is not UTF-8.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    check(path)?;
    fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_device_is_not_read() {
        let refused = read(Path::new("/dev/zero")).expect_err("no end");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(
            read_to_string(Path::new("/")).expect_err("a folder").kind(),
            io::ErrorKind::IsADirectory
        );
        assert_eq!(
            read(Path::new("/no/such")).expect_err("nothing").kind(),
            io::ErrorKind::NotFound
        );
    }
}
