//! The commands that a user can copy when the demo is done. Comes in: its folder and universe. Goes out: lines of a shell.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use fusebind::data::simulate::Universe;

/// How the program was called, evaluation, prediction of one pair, the page, and training.
pub fn next_steps(folder: &Path, universe: &Universe) -> [String; 8] {
    let program = env::args_os().next().unwrap_or_else(|| "fusebind".into());
    let fusebind = quoted(&program);
    let at = |part: &str| quoted(part.split('/').fold(folder.to_path_buf(), |path, name| path.join(name)));
    let run = at("run");
    let drug = universe.drugs.iter().map(|drug| drug.smiles.as_str());
    let target = universe.targets.iter().map(|target| target.sequence.as_str());
    let (smiles, sequence) = (shortest(drug), shortest(target));
    [
        "# score the model again, with all baselines".into(),
        format!("{fusebind} evaluate {run}"),
        "# predict one pair".into(),
        format!(
            "{fusebind} predict {run} --smiles {} --sequence {sequence}",
            quoted(smiles)
        ),
        "# look at predictions in a browser".into(),
        format!("{fusebind} serve {run}"),
        "# train on your own data: put your table in place of the data, and write its split with `data split`".into(),
        format!(
            "{fusebind} train default --data {} --split {} --epochs 5 --out {}",
            at("data"),
            at("split.csv"),
            at("second-run")
        ),
    ]
}

/// The shortest text, so that a command fits on a screen.
fn shortest<'a>(texts: impl Iterator<Item = &'a str>) -> &'a str {
    texts.min_by_key(|text| text.len()).unwrap_or_default()
}

/// A word of a shell, in double quotes where it holds anything but letters, digits and the signs of paths.
fn quoted(word: impl AsRef<OsStr>) -> String {
    let word = PathBuf::from(word.as_ref()).display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/\\:._-".contains(c);
    match word.chars().all(plain) && !word.is_empty() {
        true => word,
        false => format!("\"{word}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_split_are_quoted() {
        assert_eq!(quoted("runs/first"), "runs/first");
        assert_eq!(quoted("my runs/first"), "\"my runs/first\"");
        assert_eq!(quoted("CC(=O)O"), "\"CC(=O)O\"");
    }
}
