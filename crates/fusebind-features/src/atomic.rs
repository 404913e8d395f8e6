//! Files that appear under their name complete, or not at all.
//!
//! Comes in: a path and what to write. Goes out: a file that was written beside its place under a temporary name, synchronised
//! to disk and renamed. The temporary name is unpredictable and must be new, so that no link of that name is followed.
//!
//! ```
//! use std::io::Write;
//! use fusebind_features::atomic::write_atomically;
//! # let path = std::env::temp_dir().join(format!("fusebind-atomic-{}.txt", std::process::id()));
//! write_atomically(&path, |file| file.write_all(b"whole"))?;
//! assert_eq!(std::fs::read(&path)?, b"whole");
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), std::io::Error>(())
//! ```

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// Names that are tried before the folder is taken for unusable.
const ATTEMPTS: usize = 16;
/// Age from which on an unlocked temporary file is nobody's.
const LEFT_OVER: Duration = Duration::from_secs(60);

/// Sixteen hexadecimal digits that nobody can guess.
pub fn unguessable() -> String {
    // The keys of each `RandomState` are random.
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}

/// Whether a process of this machine runs; taken for granted where the system does not tell. One that has ended and whose parent
/// has not asked for its exit code yet does not run.
fn is_running(process: u32) -> bool {
    if !Path::new("/proc/self").exists() {
        return true;
    }
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
        return false;
    };
    // The state follows the name of the program, which may hold anything.
    let state = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim_start().chars().next());
    !matches!(state, Some('Z' | 'X'))
}

/// Whether `path` is a file of an ended process: nobody holds its lock, and its process is gone or it is not as fresh as one whose lock is
/// still to come.
fn is_left_over(path: &Path, process: Option<u32>) -> bool {
    let known = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file);
    let Some(age) = known.and_then(|known| known.modified().ok()?.elapsed().ok()) else {
        return false;
    };
    let is_old = age > LEFT_OVER || process.is_some_and(|process| !is_running(process));
    is_old && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Removes the temporary files of `name`, or of any file, that killed processes have left in `folder`.
fn tidy(folder: &Path, name: Option<&OsStr>) {
    let begin = name.map(|name| format!(".{}.", name.to_string_lossy()));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let Some(process) = other.to_str().and_then(|other| temporary(other, begin.as_deref())) else {
            continue;
        };
        if is_left_over(&entry.path(), process) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether `name` is that of a temporary file, of the file whose names begin so if one is given, and the process that made it if it says.
fn temporary(name: &str, begin: Option<&str>) -> Option<Option<u32>> {
    let (file, digits, process) = {
        let rest = name.strip_suffix(".tmp")?;
        let (before, last) = rest.rsplit_once('.')?;
        match last.parse::<u32>() {
            // Sixteen digits are no number of a process.
            Ok(process) if last.len() < 16 => {
                let (file, digits) = before.rsplit_once('.')?;
                (file, digits, Some(process))
            }
            _ => (before, last, None),
        }
    };
    let of_file = begin.is_none_or(|begin| format!("{file}.") == begin);
    let ours = file.starts_with('.') && digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    (ours && of_file).then_some(process)
}

/// Removes the temporary files that killed processes have left in `folder`.
pub fn remove_left_over(folder: &Path) {
    tidy(folder, None);
}

/// A file that gets its name when it is finished; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct NewFile {
    temporary: PathBuf,
    path: PathBuf,
}

impl NewFile {
    /// A file that will be `path`, open for writing under its temporary name.
    ///
    /// # Errors
    /// Where `path` is a folder, and where its folder cannot be written to.
    pub fn create(path: &Path) -> io::Result<(Self, File)> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = folder_of(path);
        tidy(folder, Some(name));
        let mut attempt = 1;
        loop {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}.{}.tmp", unguessable(), std::process::id()));
            let temporary = folder.join(hidden);
            match File::create_new(&temporary) {
                Ok(file) => {
                    // A sign of life; where there are no locks, nothing is taken for left over before its process ends.
                    let _ = file.try_lock();
                    let path = path.to_path_buf();
                    return Ok((Self { temporary, path }, file));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives the file, which was synchronised and closed, its name.
    ///
    /// # Errors
    /// Where it cannot be renamed.
    pub fn finish(self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
        // The rename itself is made durable where the platform can open folders.
        if let Ok(folder) = File::open(folder_of(&self.path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; after a failed write a second failure adds nothing.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Writes `path` through `fill`. On any failure (a full disk, say) the former content of `path` stays as it was and nothing is
/// left behind.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let (new, file) = NewFile::create(path)?;
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    fill(&mut writer)?;
    writer.flush()?;
    writer.get_ref().sync_all()?;
    drop(writer);
    new.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("fusebind-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("the temporary folder is writable");
        folder
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = folder("failed-write");
        let path = folder.join("out.csv");
        write_atomically(&path, |file| file.write_all(b"old")).expect("written");
        let error = write_atomically(&path, |file| {
            file.write_all(b"half of the ta")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(error.expect_err("full disk").kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).expect("readable"), b"old");
        assert_eq!(fs::read_dir(&folder).expect("readable").count(), 1);
        fs::remove_dir_all(&folder).expect("removable");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_ended_process_that_nobody_has_waited_for_does_not_run() {
        let mut child = std::process::Command::new("true").spawn().expect("it starts");
        let id = child.id();
        while is_running(id) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(Path::new(&format!("/proc/{id}")).exists(), "it is not waited for yet");
        child.wait().expect("it ends");
        assert!(!is_running(id) && is_running(std::process::id()));
    }

    #[test]
    fn a_folder_or_a_missing_parent_is_refused() {
        let folder = folder("refused-write");
        let kind = |path: &Path| write_atomically(path, |_| Ok(())).expect_err("refused").kind();
        assert_eq!(kind(&folder), io::ErrorKind::IsADirectory);
        assert_eq!(kind(&folder.join("no/out.csv")), io::ErrorKind::NotFound);
        fs::remove_dir_all(&folder).expect("removable");
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_no_link_is_followed() {
        let folder = folder("left-over");
        let path = folder.join("a.csv");
        let old = std::time::SystemTime::now() - 2 * LEFT_OVER;
        let file = |name: &str| {
            let file = File::create(folder.join(name)).expect("created");
            file.set_modified(old).expect("dated");
            file
        };
        drop(file(".a.csv.0123456789abcdef.tmp"));
        let held = file(".a.csv.0123456789abcde0.tmp");
        held.try_lock().expect("free");
        drop(file(".b.csv.0123456789abcdef.tmp"));
        // No process has this number: fresh as it is, the file is nobody's.
        drop(File::create(folder.join(".a.csv.0123456789abcdef.4194305.tmp")).expect("created"));
        let fresh = format!(".a.csv.0123456789abcdef.{}.tmp", std::process::id());
        drop(File::create(folder.join(&fresh)).expect("created"));
        fs::write(folder.join("a.csv.partial"), "theirs").expect("written");
        write_atomically(&path, |file| file.write_all(b"new")).expect("written");
        let mut names: Vec<_> = fs::read_dir(&folder)
            .expect("readable")
            .flatten()
            .map(|e| e.file_name())
            .collect();
        names.sort();
        let kept = [
            ".a.csv.0123456789abcde0.tmp",
            fresh.as_str(),
            ".b.csv.0123456789abcdef.tmp",
            "a.csv",
            "a.csv.partial",
        ];
        assert_eq!(names, kept);
        assert_eq!(fs::read(folder.join("a.csv.partial")).expect("readable"), b"theirs");
        remove_left_over(&folder);
        assert!(!folder.join(".b.csv.0123456789abcdef.tmp").exists(), "of any file");
        assert!(folder.join(&fresh).exists() && folder.join(".a.csv.0123456789abcde0.tmp").exists());
        fs::remove_dir_all(&folder).expect("removable");
    }

    #[test]
    fn temporary_names_differ() {
        let folder = folder("temporary-names");
        let create = || NewFile::create(&folder.join("a")).expect("created").0;
        let (first, second) = (create(), create());
        assert_ne!(first.temporary, second.temporary);
        drop((first, second));
        fs::remove_dir_all(&folder).expect("removable");
    }
}
