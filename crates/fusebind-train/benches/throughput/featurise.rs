//! SMILES to graph features, against RDKit from Python.

use std::{path::Path, process::Command, time::Instant};

use fusebind_data::table::Dataset;
use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};

use crate::{Outcome, row};

pub fn measure(dataset: &Dataset, python: Option<String>) -> Outcome {
    let smiles: Vec<&str> = dataset.drugs.iter().map(|d| d.molecule.smiles.as_str()).collect();
    // Enough for a second or two.
    let many: Vec<&str> = smiles.iter().copied().cycle().take(smiles.len().max(4000)).collect();
    let start = Instant::now();
    let read = many.iter().filter(|s| ChematicToolkit.molecule(s).is_ok()).count();
    let own = read as f64 / start.elapsed().as_secs_f64();
    row(
        "SMILES to features, one core",
        &format!("{own:.0} molecules/s"),
        "gate, identity, graph, ECFP4",
    );
    let Some(python) = python else {
        return Ok(());
    };
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), many.iter().map(|s| format!("{s}\n")).collect::<String>())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/featurise.py");
    let output = Command::new(python).arg(script).arg(file.path()).output()?;
    let peers = [
        "the same, RDKit from Python",
        "and with arrays that do not depend on the spelling, as here",
    ];
    for (name, line) in peers.iter().zip(String::from_utf8(output.stdout)?.lines()) {
        let peer: f64 = line.trim().parse()?;
        row(
            name,
            &format!("{peer:.0} molecules/s"),
            &format!("fusebind is {:.1} times as fast", own / peer),
        );
    }
    Ok(())
}
