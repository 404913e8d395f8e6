//! What several commands need to write: a line on stdout, and the folder that an output lies in.

use std::{
    fs,
    io::{self, Write, stdout},
    path::{Component, Path, PathBuf},
};

use anyhow::Context;

use crate::exit::Failure;

/// Prints a line on stdout; a closed pipe ends the program quietly.
pub fn say(line: impl std::fmt::Display) -> io::Result<()> {
    writeln!(stdout().lock(), "{line}")
}

/// Creates the folder of `output`, so that `--out runs/first` works in an empty folder.
pub fn create_parent(output: &Path) -> anyhow::Result<()> {
    match output.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => {
            fs::create_dir_all(parent).with_context(|| format!("the folder {} cannot be created", parent.display()))
        }
        None => Ok(()),
    }
}

/// Refuses an output that is one of the `inputs` or lies in one of them, whatever way its path is spelled. Comes before anything is
/// written.
pub fn refuse_input<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<()> {
    let is_read = |input: &Path| match fs::read_dir(input) {
        Ok(files) => files.flatten().any(|file| is_same_file(output, &file.path())),
        Err(_) => is_same_file(output, input),
    };
    match inputs.into_iter().find(|input| is_read(input)) {
        None => Ok(()),
        Some(input) => Err(Failure::misuse(
            format!(
                "{}: is read from {}, and is not written to",
                output.display(),
                input.display()
            ),
            "name another file for the output",
        )),
    }
}

/// Whether both paths lead to one file, also through links and through folders that do not exist yet.
fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (fs::metadata(one), fs::metadata(other)) {
        use std::os::unix::fs::MetadataExt;
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    matches!((resolved(one), resolved(other)), (Some(one), Some(other)) if one == other)
}

/// The path without links, `.` and `..`, where its folders need not exist: they would be created on the way.
fn resolved(path: &Path) -> Option<PathBuf> {
    let mut whole = std::env::current_dir().ok()?;
    for component in path.components() {
        match component {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            other => whole.push(other),
        }
        whole = fs::canonicalize(&whole).unwrap_or(whole);
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_that_is_read_is_refused_however_it_is_spelled() {
        let folder = tempfile::tempdir().expect("a folder");
        let (data, table) = (folder.path().join("data"), folder.path().join("data/pairs.csv"));
        fs::create_dir(&data).expect("a folder");
        fs::write(&table, "x").expect("a file");
        fs::hard_link(&table, folder.path().join("link.csv")).expect("a link");
        let spelled = data.join("../data/pairs.csv");
        let through_nothing = data.join("not-there/../pairs.csv");
        for (output, input) in [
            (&table, &table),
            (&spelled, &table),
            (&through_nothing, &table),
            (&folder.path().join("link.csv"), &table),
            (&table, &data),
        ] {
            assert!(refuse_input(output, [input.as_path()]).is_err(), "{}", output.display());
        }
        let fresh = folder.path().join("fresh.csv");
        assert!(refuse_input(&fresh, [table.as_path(), data.as_path()]).is_ok());
    }
}
