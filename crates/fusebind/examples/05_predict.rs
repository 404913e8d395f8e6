//! Predict pairs that are in memory, with intervals, the domain and the reasons.
//!
//! After `03_train`: `cargo run --release --example 05_predict`.

use std::error::Error;

use fusebind::{Model, Pair};

fn main() -> Result<(), Box<dyn Error>> {
    let model = Model::open("runs/example/run")?;
    let sequence = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVV";
    let pairs = [
        Pair::parse("CC(=O)Oc1ccccc1C(=O)O", sequence)?,
        Pair::parse("CN1CCC[C@H]1c1cccnc1", sequence)?,
    ];
    for (prediction, explanation) in model.predict(&pairs).iter().zip(model.explain(&pairs)) {
        println!("affinity {:.2}", prediction.affinity[0]);
        if let Some(certainty) = &prediction.certainty {
            let estimate = certainty.affinity[0].as_ref();
            let error = estimate.map_or("unknown".into(), |estimate| format!("{:.2}", estimate.expected_error));
            println!("  expected error {error}; {}", certainty.domain);
        }
        for neighbour in explanation.neighbours.iter().take(3) {
            println!("  rests on {} with {}", neighbour.drug, neighbour.target);
        }
    }
    Ok(())
}
