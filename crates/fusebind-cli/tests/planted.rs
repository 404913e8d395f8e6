//! Reasons for predictions point at what makes simulated pairs bind, and those of a model of shuffled labels point elsewhere.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use support::{fusebind, text};

fn run(command: &str, folder: &Path) -> String {
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let output = fusebind(&arguments, folder);
    assert!(output.status.success(), "{command}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn atoms_and_residues_of_keys_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(
        "data simulate --rule keys --drugs 300 --targets 60 --pairs 6000 --seed 2 -o keys",
        folder,
    );
    run("data split keys --by random --seed 1 -o split.csv", folder);
    run("recipe copy demo shuffled.toml", folder);
    let recipe = fs::read_to_string(folder.join("shuffled.toml")).unwrap();
    assert!(
        !recipe.contains("[perturbation]"),
        "a recipe names only what it perturbs"
    );
    let shuffled = recipe + "\n[perturbation]\nflipped = 1.0\n";
    fs::write(folder.join("shuffled.toml"), shuffled).unwrap();
    run("train demo --data keys --split split.csv --seed 1 --out run", folder);
    run(
        "train shuffled.toml --data keys --split split.csv --seed 1 --out shuffled",
        folder,
    );

    let found = run("quality planted run --data keys --pairs 30 --against shuffled", folder);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let score = |name: &str| found[name].as_f64().unwrap();
    assert_eq!(found["pairs"], 30);
    assert!(score("atoms") > 0.85 && score("residues") > 0.8, "{found}");
    assert!(
        score("atoms_of_other").abs() < 0.3 && score("residues_of_other").abs() < 0.3,
        "{found}"
    );

    // So few pairs share no key that is new.
    run(
        "data simulate --rule keys --drugs 6 --targets 2 --pairs 12 --seed 1 -o few",
        folder,
    );
    let refused = fusebind(&["quality", "planted", "run", "--data", "few"], folder);
    assert!(!refused.status.success() && text(&refused.stderr).contains("no pair shares a key"));

    // A folder without planted keys is refused by name.
    run(
        "data simulate --drugs 20 --targets 10 --pairs 60 --seed 1 -o latent",
        folder,
    );
    let refused = fusebind(&["quality", "planted", "run", "--data", "latent"], folder);
    let said = text(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("planted_keys.json") && said.contains("--rule keys"),
        "{said}"
    );
}
