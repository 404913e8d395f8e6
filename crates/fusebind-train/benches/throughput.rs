//! What the engine does per second, as ratios measured in one run.
//!
//! ```sh
//! cargo bench -p fusebind-train --bench throughput -- --data DIR/davis [--python PYTHON_WITH_RDKIT]
//! ```
//!
//! Comes in: a data set folder. Goes out, on stdout: a table of rates. The peer that encodes per pair is the same model on the
//! same pairs with an entity row per pair instead of one per distinct entity.

use std::{env, error::Error, path::PathBuf, process::Command, time::Instant};

use burn::{module::Module, optim::GradientsParams, tensor::Device};
use fusebind_data::{
    sampler::{BatchSampler, SamplerConfig, distinct_batch},
    source::{LoadConfig, load_dataset},
};
use fusebind_features::{
    batch::PairIndex,
    entity::molecule::{ChematicToolkit, Chemistry},
};
use fusebind_model::{
    input::{DrugStore, InputScale, TargetStore},
    model::Model,
    scoring::{Absence, EvidenceOf, Scorer},
};
use fusebind_train::recipe::Recipe;

fn main() -> Result<(), Box<dyn Error>> {
    let flag = |name: &str| {
        let mut words = env::args().skip_while(|word| word != name);
        words.next().and(words.next())
    };
    let data = PathBuf::from(flag("--data").ok_or("give a data set folder with --data")?);
    let (dataset, _) = load_dataset(&data, &ChematicToolkit, &LoadConfig::default())?;
    println!("| work | rate | |\n|---|---|---|");
    featurise(
        &dataset
            .drugs
            .iter()
            .map(|d| d.molecule.smiles.clone())
            .collect::<Vec<_>>(),
        flag("--python"),
    )?;

    let mut recipe = Recipe::open("davis")?;
    recipe.model.evidence.enabled = false;
    let device = Device::flex();
    device.seed(1);
    let drugs = DrugStore::new(dataset.drugs.iter().map(|d| &d.molecule), &recipe.model.graph);
    let targets = TargetStore::new(dataset.targets.iter().map(|t| &t.protein), &recipe.model.sequence);
    let all = |count: usize| (0..count as u32).collect::<Vec<_>>();
    let substructures = InputScale::fit(&drugs.substructures, &all(dataset.drugs.len()));
    let composition = InputScale::fit(&targets.composition, &all(dataset.targets.len()));
    let (drugs, targets) = (drugs.scaled(&substructures), targets.scaled(&composition));
    let model = recipe.model.init(&device.clone().autodiff())?;
    encode(&model.valid(), (&drugs, &targets), &device);
    let pairs: Vec<(u32, u32)> = dataset.interactions.iter().map(|i| (i.drug, i.target)).collect();
    train(model.clone(), (&drugs, &targets), &pairs, &device.clone().autodiff());
    score(&model.valid(), (&drugs, &targets), &pairs, &device);
    Ok(())
}

fn row(work: &str, count: usize, seconds: f64, what: &str, note: &str) -> f64 {
    let rate = count as f64 / seconds;
    println!("| {work} | {rate:.0} {what}/s | {note} |");
    rate
}

fn featurise(smiles: &[String], python: Option<String>) -> Result<(), Box<dyn Error>> {
    // Enough for a second or two.
    let many: Vec<&String> = smiles.iter().cycle().take(smiles.len().max(4000)).collect();
    let start = Instant::now();
    let read = many.iter().filter(|s| ChematicToolkit.molecule(s).is_ok()).count();
    let own = row(
        "SMILES to features, one core",
        read,
        start.elapsed().as_secs_f64(),
        "molecules",
        "",
    );
    let Some(python) = python else {
        return Ok(());
    };
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), many.iter().map(|s| format!("{s}\n")).collect::<String>())?;
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/peers/featurise.py");
    let output = Command::new(python).arg(script).arg(file.path()).output()?;
    let peer: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    println!(
        "| the same, RDKit from Python | {peer:.0} molecules/s | fusebind is {:.1} times as fast |",
        own / peer
    );
    Ok(())
}

fn encode(model: &Model, (drugs, targets): (&DrugStore, &TargetStore), device: &Device) {
    let timed = |count: usize, run: &dyn Fn()| {
        run();
        let (start, mut rounds) = (Instant::now(), 0);
        while rounds < 3 || start.elapsed().as_secs_f64() < 1.0 {
            run();
            rounds += 1;
        }
        (count * rounds, start.elapsed().as_secs_f64())
    };
    let ids: Vec<u32> = (0..256).map(|i| i % drugs.keys.len() as u32).collect();
    let input = drugs.batch(&ids);
    let (count, seconds) = timed(256, &|| drop(model.encode_drugs(&input, device).into_data()));
    row("encode drugs", count, seconds, "drugs", "batches of 256");
    let ids: Vec<u32> = (0..256).map(|i| i % targets.keys.len() as u32).collect();
    let input = targets.batch(&ids);
    let (count, seconds) = timed(256, &|| drop(model.encode_targets(&input, device).into_data()));
    row("encode targets", count, seconds, "targets", "batches of 256");
}

/// Forward and backward passes over batches of pairs, each entity encoded once or once per pair.
fn train(model: Model, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)], device: &Device) {
    let sampler = BatchSampler::new(SamplerConfig {
        batch_pairs: 1024,
        ..SamplerConfig::default()
    });
    let batches = sampler.epoch(pairs, 1, 0);
    let run = |once: bool, limit: usize| {
        let (start, mut seen) = (Instant::now(), 0);
        for positions in batches.iter().take(limit) {
            let own: Vec<(u32, u32)> = positions.iter().map(|p| pairs[*p as usize]).collect();
            let (drugs, targets, index) = if once {
                distinct_batch(&own)
            } else {
                let each: Vec<u32> = (0..own.len() as u32).collect();
                let (drugs, targets) = own.iter().copied().unzip();
                (
                    drugs,
                    targets,
                    PairIndex {
                        drug: each.clone(),
                        target: each,
                    },
                )
            };
            let (drugs, targets) = (stores.0.batch(&drugs), stores.1.batch(&targets));
            let outputs = model.forward((&drugs, &targets), index, None, device);
            let loss = outputs
                .joint
                .affinity
                .expect("the recipe predicts affinities")
                .powi_scalar(2)
                .mean();
            drop(GradientsParams::from_grads(loss.backward(), &model));
            seen += own.len();
        }
        (seen, start.elapsed().as_secs_f64())
    };
    run(true, 2);
    let (count, seconds) = run(true, 12);
    let once = row(
        "forward and backward, each entity once",
        count,
        seconds,
        "pairs",
        "batches of 1,024",
    );
    let (count, seconds) = run(false, 4);
    let each = row("the same, each entity once per pair", count, seconds, "pairs", "");
    println!("| gained by encoding once per batch | {:.1} times | |", once / each);
}

fn score(model: &Model, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)], device: &Device) {
    let scorer = Scorer {
        model,
        evidence: EvidenceOf::Nothing,
        absence: Absence::default(),
        trust: Default::default(),
        device,
    };
    scorer.score(stores, &pairs[..pairs.len().min(1000)], |_| {});
    let start = Instant::now();
    let count = scorer.score(stores, pairs, |_| {}).joint.affinity.len();
    row(
        "score pairs, entities encoded on the way",
        count,
        start.elapsed().as_secs_f64(),
        "pairs",
        "",
    );
}
