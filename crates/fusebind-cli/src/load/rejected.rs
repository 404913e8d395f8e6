//! Rejected rows: a summary on stderr, and all of them in a file beside the output.

use std::{
    fs,
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

/// Removes the list that an earlier run left: beside a clean result it would be taken for the list of this run. Other files of its name
/// are left alone.
fn remove_old(file: &Path) {
    let is_ours = fs::read_to_string(file).is_ok_and(|text| text.lines().next() == Some(HEADER));
    if is_ours {
        // What cannot be removed does no harm to the result.
        let _ = fs::remove_file(file);
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
        Some(file) => match write_rejections(file, rejections) {
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
}
