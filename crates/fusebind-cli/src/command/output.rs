//! What several commands need to write: a line on stdout, the folder that an output lies in, and what an output must not replace.
//!
//! Every command that writes calls [`protect`] with all that it writes and all that it reads, before anything is written.

use std::{
    fs,
    io::{self, StdoutLock, Write, stdout},
    path::{Component, Path, PathBuf},
};

use anyhow::Context;

use crate::{exit::Failure, stdio::stdout_was_closed};

/// Folders inside folders that are looked into for inputs.
const DEPTH: usize = 3;
/// What is read of a run folder; the first file tells it from other folders.
const RUN_FILES: [&str; 7] = [
    "run.json",
    "recipe.toml",
    "metrics.jsonl",
    "model.safetensors",
    "split.json",
    "source.json",
    "state/last.safetensors",
];

/// Prints a line on stdout; a closed pipe ends the program quietly.
pub fn say(line: impl std::fmt::Display) -> io::Result<()> {
    writeln!(open_stdout()?, "{line}")
}

/// Standard output, unless there was none when the program started (`>&-`).
pub fn open_stdout() -> io::Result<StdoutLock<'static>> {
    match stdout_was_closed() {
        true => Err(io::Error::other(
            "standard output is closed: redirect it to a file, or name one with -o",
        )),
        false => Ok(stdout().lock()),
    }
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

/// Refuses outputs that are one of the `inputs` or lie in one of them, whatever way their paths are spelled; and what is no name of a
/// file or folder: `/`, a device, a pipe. Comes before anything is written.
pub fn protect<'a, O: AsRef<Path>>(
    outputs: impl IntoIterator<Item = O>,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> anyhow::Result<()> {
    let inputs: Vec<&Path> = inputs.into_iter().collect();
    for output in outputs {
        let output = output.as_ref();
        // A file is written beside its place and renamed, which would replace a device.
        let is_special = fs::metadata(output).is_ok_and(|found| !found.is_file() && !found.is_dir());
        let is_root = resolved(output).is_some_and(|path| path.file_name().is_none());
        if is_root || is_special {
            return Err(Failure::misuse(
                format!("{}: is no place for an output", output.display()),
                "name a new file or folder",
            ));
        }
        if let Some(input) = inputs.iter().find(|input| is_read(input, output)) {
            return Err(Failure::misuse(
                format!(
                    "{}: is read from {}, and is not written to",
                    output.display(),
                    input.display()
                ),
                "name another file for the output",
            ));
        }
    }
    Ok(())
}

/// Whether `output` is `input`, or is one of its files. Of a run folder only what training wrote is read.
fn is_read(input: &Path, output: &Path) -> bool {
    match input.join(RUN_FILES[0]).is_file() {
        true => RUN_FILES.iter().any(|file| is_same_file(output, &input.join(file))),
        false => holds(input, output, DEPTH),
    }
}

fn holds(input: &Path, output: &Path, depth: usize) -> bool {
    let inside = || fs::read_dir(input).map(|files| files.flatten().any(|file| holds(&file.path(), output, depth - 1)));
    // What does not exist yet is none of the files of a folder.
    is_same_file(output, input) || depth > 0 && output.exists() && inside().unwrap_or(false)
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
        let deep = data.join("modalities/drug_text.csv");
        fs::create_dir(data.join("modalities")).expect("a folder");
        fs::write(&deep, "x").expect("a file");
        let spelled = data.join("../data/pairs.csv");
        let through_nothing = data.join("not-there/../pairs.csv");
        for (output, input) in [
            (&table, &table),
            (&spelled, &table),
            (&through_nothing, &table),
            (&folder.path().join("link.csv"), &table),
            (&table, &data),
            (&deep, &data),
            (&data, &data),
        ] {
            assert!(protect([output], [input.as_path()]).is_err(), "{}", output.display());
        }
        let fresh = folder.path().join("fresh.csv");
        assert!(protect([&fresh, &data.join("new.csv")], [table.as_path(), data.as_path()]).is_ok());
        assert!(protect([Path::new("/"), fresh.as_path()], []).is_err());
        assert!(protect([fresh.as_path(), table.as_path()], [table.as_path()]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_not_replaced_and_links_are_followed() {
        assert!(protect([Path::new("/dev/null")], []).is_err());
        let folder = tempfile::tempdir().expect("a folder");
        let (table, link) = (folder.path().join("pairs.csv"), folder.path().join("out.csv"));
        fs::write(&table, "x").expect("a file");
        std::os::unix::fs::symlink(&table, &link).expect("a link");
        assert!(protect([&link], [table.as_path()]).is_err());
    }

    #[test]
    fn results_may_lie_in_the_run_folder_that_they_belong_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = folder.path();
        for file in ["run.json", "model.safetensors", "predictions.csv"] {
            fs::write(run.join(file), "x").expect("a file");
        }
        assert!(protect([run.join("predictions.csv")], [run]).is_ok());
        assert!(protect([run.join("model.safetensors")], [run]).is_err());
    }
}
