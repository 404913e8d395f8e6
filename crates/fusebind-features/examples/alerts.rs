//! Which structural alerts molecules hold, and how long that takes: to compare with other toolkits.
//!
//! Comes in: a file of `SMARTS<tab>name` and a file of SMILES, one a line. Goes out, on stdout: for each molecule its canonical SMILES and the names
//! of what it holds, with tabs between them; on stderr: the patterns that cannot be read, and the time of a molecule.

use std::{env, error::Error, fs, time::Instant};

use fusebind_features::entity::molecule::{Alerts, ChematicToolkit, Chemistry};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = env::args().skip(1).collect();
    let [patterns, molecules] = &files[..] else {
        return Err("give a file of SMARTS and a file of SMILES".into());
    };
    let mut alerts = Alerts::default();
    for line in fs::read_to_string(patterns)?.lines() {
        let (smarts, name) = line.split_once('\t').unwrap_or((line, line));
        if let Err(error) = alerts.add(name, smarts) {
            eprintln!("{name}: {error}");
        }
    }
    let (mut seconds, mut count) = (0.0, 0);
    for line in fs::read_to_string(molecules)?.lines() {
        let Ok(molecule) = ChematicToolkit.molecule(line) else {
            println!("!");
            continue;
        };
        let begun = Instant::now();
        let found = alerts.of(&molecule.smiles)?;
        seconds += begun.elapsed().as_secs_f64();
        count += 1;
        println!("{}", [&[molecule.smiles.as_str()], &found[..]].concat().join("\t"));
    }
    eprintln!(
        "{} patterns, {count} molecules, {:.3} ms a molecule",
        alerts.len(),
        1e3 * seconds / f64::from(count.max(1))
    );
    Ok(())
}
