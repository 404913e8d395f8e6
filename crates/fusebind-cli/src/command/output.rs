//! What several commands need to write: a line on stdout, and the folder that an output lies in.

use std::{
    fs,
    io::{self, Write, stdout},
    path::Path,
};

use anyhow::Context;

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
