//! Rejected rows: a summary on stderr, and all of them in a file beside the output.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use fusebind::data::table::{Rejection, write_rejections};

use crate::console::Console;

/// Rejected rows that are printed one by one.
const SHOWN: usize = 5;

/// The file of rejected rows beside `output`.
pub fn rejected_beside(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(".rejected.csv");
    output.with_file_name(name)
}

/// How a list of rejected rows begins.
const HEADER: &str = "file,row,field,value,reason";

/// Whether the file is a list of rejected rows.
fn is_list(file: &Path) -> bool {
    let mut first = String::new();
    // A longer first line is that of another file.
    let most = HEADER.len() as u64 + 2;
    let read = File::open(file).and_then(|file| BufReader::new(file.take(most)).read_line(&mut first));
    read.is_ok() && first.trim_end() == HEADER
}

/// Removes the list that an earlier run left: beside a clean result it would be taken for the list of this run. Other files of its name
/// are left alone.
fn remove_old(file: &Path) {
    if is_list(file) {
        // What cannot be removed does no harm to the result.
        let _ = fs::remove_file(file);
    }
}

/// Writes the list, unless something else has its name.
fn put(file: &Path, rejections: &[Rejection]) -> Result<(), String> {
    match file.exists() && !is_list(file) {
        true => Err(format!(
            "{}: holds something else; move it, or name another output",
            file.display()
        )),
        false => write_rejections(file, rejections).map_err(|error| error.to_string()),
    }
}

/// Sums up rejected rows, and writes all of them to `file` where there is one. Where it cannot be written the result stands all the same.
pub fn report_rejections(rejections: &[Rejection], file: Option<&Path>, console: &Console) -> anyhow::Result<()> {
    if rejections.is_empty() {
        file.into_iter().for_each(remove_old);
        return Ok(());
    }
    let count = rejections.len();
    match file {
        Some(file) => match put(file, rejections) {
            Ok(()) => console.note(format_args!("{count} rejected rows, with reasons: {}", file.display())),
            Err(error) => console.note(format_args!(
                "{count} rejected rows; their list is not written: {error}"
            )),
        },
        None => console.note(format_args!("{} rejected rows:", rejections.len())),
    }
    for rejection in rejections.iter().take(SHOWN) {
        console.note(format_args!("  {rejection}"));
    }
    if rejections.len() > SHOWN {
        console.note(format_args!("  and {} more", rejections.len() - SHOWN));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_rows_lie_beside_the_output() {
        for (output, file) in [
            ("out/p.parquet", "out/p.parquet.rejected.csv"),
            ("runs/a/", "runs/a.rejected.csv"),
        ] {
            assert_eq!(rejected_beside(Path::new(output)), Path::new(file));
        }
    }

    #[test]
    fn a_list_goes_with_its_rows_and_another_file_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (list, own) = (
            folder.path().join("a.rejected.csv"),
            folder.path().join("b.rejected.csv"),
        );
        let rejections = [Rejection::new("pairs.csv", 3, "no")];
        let console = Console::new(true);
        fs::write(&own, "my,notes\n").expect("a file");
        for rejections in [&rejections[..], &[]] {
            for file in [&list, &own] {
                report_rejections(rejections, Some(file), &console).expect("results do not depend on the list");
            }
            assert_eq!(list.exists(), !rejections.is_empty());
            assert_eq!(fs::read_to_string(&own).expect("a file"), "my,notes\n");
        }
    }
}
