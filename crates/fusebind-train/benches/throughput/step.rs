//! A full training step: forward, loss, backward, optimizer; its phases, its share of what the machine can multiply, and peers.

use std::{error::Error, hint::black_box, path::Path, process::Command, time::Instant};

use burn::{
    optim::GradientsParams,
    tensor::{Device, Tensor},
};
use fusebind_model::{checkpoint::Archive, device::seed, model::Model};
use fusebind_train::{objective::Objective, optimizer::adamw::AdamW};

use crate::{
    Outcome,
    batches::{Batch, Bench, parameters},
    fastest, row,
};

/// Batches that peers get.
const PEER_BATCHES: usize = 2;
/// Steps whose losses are compared between devices.
const COMPARED: usize = 8;

/// Operations per second of a product of two large square matrices, on all threads.
pub fn matrix_products(device: &Device) -> Result<f64, Box<dyn Error>> {
    let size = if on_processor(device) { 1024usize } else { 8192 };
    let a = Tensor::<2>::ones([size, size], device);
    device.sync()?;
    let seconds = fastest(20, || {
        black_box(a.clone().matmul(a.clone()));
        device.sync().expect("a product of two matrices runs");
    });
    let rate = 2.0 * (size as f64).powi(3) / seconds;
    row(
        &format!("product of {size} x {size} matrices"),
        &format!("{:.0} GFLOP/s", rate / 1e9),
        "the limit",
    );
    Ok(rate)
}

fn on_processor(device: &Device) -> bool {
    *device == Device::flex()
}

/// A stage of a step and the operations of its matrix products: forward, and all with gradients of weights and of inputs that are not
/// data.
struct Stage(&'static str, f64, f64);

fn stages(model: &fusebind_model::model::ModelConfig, batch: &Batch) -> Vec<Stage> {
    let width = model.width as f64;
    let (drugs, targets) = (batch.drugs.graphs.len() as f64, batch.targets.sequences.len() as f64);
    let (atoms, pairs) = (batch.drugs.graphs.atoms.len() as f64, batch.pairs.len() as f64);
    let (c, h) = (model.graph.dim as f64, model.interaction.dim as f64);
    let (neighbours, neighbour_head) = (batch.neighbours.width as f64, model.neighbours.dim as f64);
    let data = |name, products: f64| Stage(name, 2.0 * products, 4.0 * products);
    let states = |name, products: f64| Stage(name, 2.0 * products, 6.0 * products);
    vec![
        data(
            "encode drug, substructures",
            drugs * model.graph.substructures as f64 * width,
        ),
        states(
            "encode drug, graph",
            atoms * c * c * (2 * model.graph.layers + 1) as f64 + drugs * 2.0 * c * width,
        ),
        data("encode target", targets * model.sequence.composition as f64 * width),
        states(
            "project entities",
            (drugs + targets) * width * (h + model.retrieval.dim as f64),
        ),
        data("read neighbour features", pairs * neighbours * (h + neighbour_head)),
        states(
            "pair interaction",
            pairs * h * h * (2 * model.interaction.layers) as f64,
        ),
        states("heads", pairs * (h + neighbour_head)),
    ]
}

struct Phases {
    forward: f64,
    backward: f64,
    optimizer: f64,
}

fn step(
    model: Model,
    batch: &Batch,
    (objective, optimizer): (&Objective, &mut AdamW),
    device: &Device,
) -> (Model, Phases, f64) {
    seed(device, optimizer.steps());
    let start = Instant::now();
    let entities = (&batch.drugs, &batch.targets);
    let outputs = model.forward(entities, batch.pairs.clone(), Some(&batch.neighbours), device);
    let loss = objective.loss(&outputs, &batch.labels, device);
    let value = f64::from(loss.clone().into_scalar::<f32>());
    drop(outputs);
    let forward = start.elapsed().as_secs_f64();
    let grads = GradientsParams::from_grads(loss.backward(), &model);
    device.sync().expect("gradients are computed");
    let backward = start.elapsed().as_secs_f64();
    let model = optimizer.step(model, grads, 1e-3);
    let phases = Phases {
        forward,
        backward: backward - forward,
        optimizer: start.elapsed().as_secs_f64() - backward,
    };
    (model, phases, value)
}

/// Losses of the first steps, which are the same on every device within the tolerance of its products.
fn losses(bench: &Bench<'_>, device: Device) -> Result<Vec<f64>, Box<dyn Error>> {
    let (device, recipe) = (device.autodiff(), &bench.recipe);
    let objective = Objective::new(recipe.training.objective.clone());
    let mut optimizer = AdamW::new(recipe.training.optimizer.clone());
    let mut model = recipe.model.init(&device, 1)?;
    let mut losses = Vec::new();
    for batch in bench.batches.iter().take(COMPARED) {
        let (next, _, loss) = step(model, batch, (&objective, &mut optimizer), &device);
        model = next;
        losses.push(loss);
    }
    Ok(losses)
}

pub fn measure(bench: &Bench<'_>, peak: f64, torch: Option<String>) -> Outcome {
    let device = bench.device.clone().autodiff();
    let recipe = &bench.recipe;
    let objective = Objective::new(recipe.training.objective.clone());
    let mut optimizer = AdamW::new(recipe.training.optimizer.clone());
    let mut model = recipe.model.init(&device, 1)?;
    let count = parameters(&Archive::of(&model));
    let mut best = Phases {
        forward: f64::INFINITY,
        backward: f64::INFINITY,
        optimizer: f64::INFINITY,
    };
    let mut total = f64::INFINITY;
    let first = &bench.batches[0];
    let (drugs, targets) = (first.drugs.graphs.len(), first.targets.sequences.len());
    let pairs = first.pairs.len();
    for round in 0..60 {
        let batch = &bench.batches[round % (bench.batches.len() - 1)];
        let (next, phases, _) = step(model, batch, (&objective, &mut optimizer), &device);
        model = next;
        if round >= 4 {
            total = total.min(phases.forward + phases.backward + phases.optimizer);
            best.forward = best.forward.min(phases.forward);
            best.backward = best.backward.min(phases.backward);
            best.optimizer = best.optimizer.min(phases.optimizer);
        }
    }
    let stages = stages(&recipe.model, &bench.batches[0]);
    let work: f64 = stages.iter().map(|stage| stage.2).sum();
    row(
        "training step, each entity once",
        &format!("{:.1} ms, {:.0} pairs/s", total * 1e3, pairs as f64 / total),
        &format!(
            "{pairs} pairs, {drugs} drugs, {targets} targets, {count} parameters; forward {:.1}, backward {:.1}, optimizer {:.1} ms",
            best.forward * 1e3,
            best.backward * 1e3,
            best.optimizer * 1e3
        ),
    );
    row(
        "matrix products of the step",
        &format!("{:.2} GFLOP", work / 1e9),
        &format!(
            "at least {:.1} ms; the step runs at {:.0} % of the limit",
            work / peak * 1e3,
            work / total / peak * 100.0
        ),
    );
    for Stage(name, forward, all) in stages {
        row(
            name,
            &format!("{:.0} MFLOP", all / 1e6),
            &format!("forward {:.0}; at least {:.2} ms", forward / 1e6, all / peak * 1e3),
        );
    }
    // Weights, both moments and the average are read and written, the gradient is read.
    let bytes = 36.0 * count as f64;
    row(
        "optimizer",
        &format!("{:.0} MB moved", bytes / 1e6),
        &format!("{:.0} GB/s", bytes / best.optimizer / 1e9),
    );
    if !on_processor(&bench.device) {
        let (here, there) = (losses(bench, Device::flex())?, losses(bench, bench.device.clone())?);
        let apart = |(a, b): (&f64, &f64)| (a - b).abs() / a.abs();
        row(
            &format!("losses of {COMPARED} steps, against the processor's"),
            &format!("{:.1e} apart", here.iter().zip(&there).map(apart).fold(0.0, f64::max)),
            "relative, the largest",
        );
    }
    let Some(python) = torch else {
        return Ok(());
    };
    let file = tempfile::NamedTempFile::with_suffix(".safetensors")?;
    bench.write(PEER_BATCHES, file.path())?;
    for (script, name) in [
        ("same_model.py", "the same model and batches in PyTorch"),
        ("deepdta.py", "a DeepDTA-like model in PyTorch, per pair"),
        ("graphdta.py", "a GraphDTA-like model in PyTorch, per pair"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(script);
        let device = if on_processor(&bench.device) { "cpu" } else { "cuda" };
        let arguments = [
            path.as_os_str(),
            file.path().as_os_str(),
            "--device".as_ref(),
            device.as_ref(),
        ];
        let output = Command::new(&python).args(arguments).output()?;
        if !output.status.success() {
            return Err(format!("{script}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let result: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let number = |key: &str| result[key].as_f64().unwrap_or(f64::NAN);
        let rate = number("pairs_per_second");
        let of = match script {
            "same_model.py" if number("parameters") as usize != count => {
                return Err(format!("{script} has {} parameters, not {count}", number("parameters")).into());
            }
            "same_model.py" => format!("fusebind takes {:.2} of its time", total / number("seconds_per_step")),
            _ => format!("fusebind is {:.0} times as fast", pairs as f64 / total / rate),
        };
        row(name, &format!("{:.0} pairs/s", rate), &of);
    }
    Ok(())
}
