//! Prints what each batch order costs on a data set folder: mean distinct drugs and targets per batch.
//!
//! `cargo run -p fusebind-data --example reuse -- DIR [BATCH_PAIRS]`

use std::path::Path;

use fusebind_data::{
    sampler::{BatchSampler, Order, SamplerConfig, reuse},
    source::{LoadConfig, load_dataset},
};
use fusebind_features::entity::molecule::ChematicToolkit;

fn main() -> Result<(), fusebind_data::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(dir) = arguments.first() else {
        eprintln!("usage: reuse DIR [BATCH_PAIRS]");
        return Ok(());
    };
    let batch_pairs = arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(1024);
    let (dataset, _) = load_dataset(Path::new(dir), &ChematicToolkit, &LoadConfig::default())?;
    let pairs: Vec<(u32, u32)> = dataset.interactions.iter().map(|i| (i.drug, i.target)).collect();
    println!("order,block_batches,mixing,batches,drugs,targets,pairs,pairs_per_entity");
    for order in [Order::Shuffled, Order::DrugBlocks, Order::TargetBlocks, Order::Blocks] {
        for (block_batches, mixing) in [(1, 0.0), (4, 0.0), (4, 0.2)] {
            let config = SamplerConfig {
                batch_pairs,
                order,
                block_batches,
                mixing,
            };
            let cost = reuse(&BatchSampler::new(config).epoch(&pairs, 0, 0), &pairs);
            println!(
                "{order:?},{block_batches},{mixing},{},{:.0},{:.0},{:.0},{:.2}",
                cost.batches, cost.drugs, cost.targets, cost.pairs, cost.pairs_per_entity
            );
        }
    }
    Ok(())
}
