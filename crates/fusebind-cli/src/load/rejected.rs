//! Rejected rows: a summary on stderr, and all of them in a file beside the output.

use std::path::{Path, PathBuf};

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

/// Sums up rejected rows, and writes all of them to `file` where there is one.
pub fn report_rejections(rejections: &[Rejection], file: Option<&Path>, console: &Console) -> anyhow::Result<()> {
    if rejections.is_empty() {
        return Ok(());
    }
    match file {
        Some(file) => {
            write_rejections(file, rejections)?;
            let (count, file) = (rejections.len(), file.display());
            console.note(format_args!("{count} rejected rows, with reasons: {file}"));
        }
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
