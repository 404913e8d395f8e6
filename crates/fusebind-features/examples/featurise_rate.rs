//! Molecules per second on one core: `cargo run --release -p fusebind-features --example featurise_rate -- FILE [--dump]`.
//!
//! Comes in: a file with one SMILES per line. Goes out, on stdout: the rate of the whole reader (gate, salts, identity,
//! graph, substructures) and of the circular substructures alone; with `--dump` instead one line per molecule
//! (identity, scaffold, ECFP4 on-bits, separated by tabs), to compare with another toolkit.

use std::{env, error::Error, fs, hint::black_box, time::Instant};

use fusebind_features::{
    entity::molecule::{ChematicToolkit, Chemistry, Molecule},
    feature::{
        graph::GraphFeatures,
        morgan::{AtomInvariant, BondInvariant, environments},
    },
};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("give a file with one SMILES per line")?;
    let text = fs::read_to_string(file)?;
    let smiles: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if env::args().nth(2).as_deref() == Some("--dump") {
        dump(&smiles);
        return Ok(());
    }
    let start = Instant::now();
    let molecules: Vec<Molecule> = smiles
        .iter()
        .filter_map(|smiles| ChematicToolkit.molecule(smiles).ok())
        .collect();
    rate("read and featurised", smiles.len(), start);
    println!("{} refused", smiles.len() - molecules.len());
    let graphs: Vec<_> = molecules.iter().map(|molecule| invariants(&molecule.graph)).collect();
    let start = Instant::now();
    for (atoms, bonds) in &graphs {
        environments(atoms, bonds, 2, |environment| {
            let identifier = environment.identifier;
            black_box(identifier);
        });
    }
    rate("ECFP4 identifiers", graphs.len(), start);
    Ok(())
}

fn rate(what: &str, count: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{what}: {count} molecules in {seconds:.3} s, {:.0} per second on one core",
        count as f64 / seconds
    );
}

fn dump(smiles: &[&str]) {
    for smiles in smiles {
        match ChematicToolkit.molecule(smiles) {
            Ok(molecule) => {
                let bits: Vec<String> = molecule.fingerprint.bits().map(|bit| bit.to_string()).collect();
                let scaffold = molecule.scaffold().unwrap_or_else(|error| error.to_string());
                println!("{}\t{scaffold}\t{}", molecule.smiles, bits.join(" "));
            }
            Err(error) => println!("refused\t{error}\t"),
        }
    }
}

/// Invariants from the categorical fields: enough to time the algorithm.
fn invariants(graph: &GraphFeatures) -> (Vec<AtomInvariant>, Vec<BondInvariant>) {
    let atoms = graph.atoms.iter().map(|fields| AtomInvariant {
        element: fields[0] + 1,
        degree: fields[2],
        hydrogens: fields[4],
        charge: fields[3] as i8 - 5,
        in_ring: fields[8] == 1,
    });
    let bonds = graph.bonds.iter().map(|bond| BondInvariant {
        a: bond.a,
        b: bond.b,
        kind: [1, 2, 3, 12, 17][usize::from(bond.fields[0])],
    });
    (atoms.collect(), bonds.collect())
}
