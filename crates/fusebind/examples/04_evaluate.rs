//! Score it on the test part, beside baselines that are hard to beat.
//!
//! After `03_train`: `cargo run --release --example 04_evaluate`.

use std::{error::Error, path::Path};

use fusebind::{
    Model,
    data::{
        source::{LoadConfig, load_dataset},
        split::{Part, read_split},
    },
    features::entity::{molecule::ChematicToolkit, side::SideData},
    train::evaluate::{EvaluationConfig, EvaluationSet, evaluate},
};

fn main() -> Result<(), Box<dyn Error>> {
    let (dataset, _) = load_dataset(Path::new("runs/example/data"), &ChematicToolkit, &LoadConfig::default())?;
    let split = read_split(Path::new("runs/example/split.csv"), &dataset)?;
    let none = SideData::default();
    let set = EvaluationSet {
        dataset: &dataset,
        drug_side: &none,
        target_side: &none,
        split: &split,
        part: Part::Test,
    };
    let model = Model::open("runs/example/run")?;
    let (evaluation, _) = evaluate(model.trained(), &set, &EvaluationConfig::default())?;
    println!("{} pairs\nmodel: {:?}", evaluation.n, evaluation.metrics);
    for (name, metrics) in &evaluation.baselines {
        println!("{name}: {metrics:?}");
    }
    Ok(())
}
