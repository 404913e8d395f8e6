//! What messages promise: the flags that they name exist.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use support::{fusebind, text};

/// Every `--flag` in the code of a folder, comments apart.
fn flags_in(folder: &Path, flags: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            flags_in(&path, flags);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for part in code.flat_map(|line| line.split("--").skip(1)) {
                let flag: String = part
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                    .collect();
                if flag.len() > 2 && !flag.starts_with('-') {
                    flags.insert(format!("--{flag}"));
                }
            }
        }
    }
}

#[test]
fn every_flag_that_a_message_names_exists() {
    let folder = tempfile::tempdir().unwrap();
    let page = |command: &[&str]| text(&fusebind(&[command, &["--help"]].concat(), folder.path()).stdout);
    let commands = [
        "check",
        "split",
        "prepare",
        "import",
        "merge",
        "exclude",
        "screening",
        "simulate",
    ];
    let mut help: String = commands.iter().map(|command| page(&["data", command])).collect();
    for command in [
        &["train"][..],
        &["evaluate"],
        &["predict"],
        &["robustness"],
        &["quality", "estimate"],
        &["library", "build"],
    ] {
        help += &page(command);
    }
    let mut named = BTreeSet::new();
    for source in ["fusebind-data/src", "fusebind-features/src"] {
        flags_in(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(source),
            &mut named,
        );
    }
    assert!(
        named.contains("--accept-values") && named.contains("--smiles-column"),
        "{named:?}"
    );
    let unknown: Vec<_> = named.iter().filter(|flag| !help.contains(flag.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
