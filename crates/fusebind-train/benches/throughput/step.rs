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
    fastest, peers, row,
};

/// Batches that peers get.
const PEER_BATCHES: usize = 2;
/// Steps that are timed, with those that warm up.
const ROUNDS: usize = 60;
/// Steps that warm up.
const WARM_UP: usize = 4;
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
struct Stage {
    name: &'static str,
    forward: f64,
    all: f64,
}

fn stages(model: &fusebind_model::config::ModelConfig, batch: &Batch) -> Vec<Stage> {
    let width = model.width as f64;
    let (drugs, targets) = (batch.drugs.graphs.len() as f64, batch.targets.sequences.len() as f64);
    let (atoms, pairs) = (batch.drugs.graphs.atoms.len() as f64, batch.pairs.len() as f64);
    let (c, h) = (model.graph.dim as f64, model.interaction.dim as f64);
    let (neighbours, neighbour_head) = (batch.neighbours.width as f64, model.neighbours.dim as f64);
    let stage = |name, products: f64, passes: f64| Stage {
        name,
        forward: 2.0 * products,
        all: 2.0 * passes * products,
    };
    let data = |name, products: f64| stage(name, products, 2.0);
    let states = |name, products: f64| stage(name, products, 3.0);
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

/// The fastest of many steps.
struct Fastest {
    phases: Phases,
    total: f64,
    parameters: usize,
}

fn fastest_step(bench: &Bench<'_>) -> Result<Fastest, Box<dyn Error>> {
    let device = bench.device.clone().autodiff();
    let recipe = &bench.recipe;
    let objective = Objective::new(recipe.training.objective.clone());
    let mut optimizer = AdamW::new(recipe.training.optimizer.clone());
    let mut model = recipe.model.init(&device, 1)?;
    let mut fastest = Fastest {
        phases: Phases {
            forward: f64::INFINITY,
            backward: f64::INFINITY,
            optimizer: f64::INFINITY,
        },
        total: f64::INFINITY,
        parameters: parameters(&Archive::of(&model)),
    };
    for round in 0..ROUNDS {
        let batch = &bench.batches[round % (bench.batches.len() - 1)];
        let (next, phases, _) = step(model, batch, (&objective, &mut optimizer), &device);
        model = next;
        if round >= WARM_UP {
            let Fastest {
                phases: best, total, ..
            } = &mut fastest;
            *total = total.min(phases.forward + phases.backward + phases.optimizer);
            best.forward = best.forward.min(phases.forward);
            best.backward = best.backward.min(phases.backward);
            best.optimizer = best.optimizer.min(phases.optimizer);
        }
    }
    Ok(fastest)
}

/// Measures a step against the limit of `peak` operations per second, and against peers in the Python `torch`.
pub fn measure(bench: &Bench<'_>, peak: f64, torch: Option<String>) -> Outcome {
    let fastest = fastest_step(bench)?;
    rows_of_step(bench, &fastest, peak);
    if !on_processor(&bench.device) {
        let (here, there) = (losses(bench, Device::flex())?, losses(bench, bench.device.clone())?);
        let apart = |(a, b): (&f64, &f64)| (a - b).abs() / a.abs();
        row(
            &format!("losses of {COMPARED} steps, against the processor's"),
            &format!("{:.1e} apart", here.iter().zip(&there).map(apart).fold(0.0, f64::max)),
            "relative, the largest",
        );
    }
    match torch {
        Some(python) => rows_of_peers(bench, &fastest, &python),
        None => Ok(()),
    }
}

fn rows_of_step(bench: &Bench<'_>, fastest: &Fastest, peak: f64) {
    let Fastest {
        phases,
        total,
        parameters,
    } = fastest;
    let first = &bench.batches[0];
    let (drugs, targets) = (first.drugs.graphs.len(), first.targets.sequences.len());
    let pairs = first.pairs.len();
    row(
        "training step, each entity once",
        &format!("{:.1} ms, {:.0} pairs/s", total * 1e3, pairs as f64 / total),
        &format!(
            "{pairs} pairs, {drugs} drugs, {targets} targets, {parameters} parameters; forward {:.1}, backward {:.1}, optimizer {:.1} ms",
            phases.forward * 1e3,
            phases.backward * 1e3,
            phases.optimizer * 1e3
        ),
    );
    let stages = stages(&bench.recipe.model, first);
    let work: f64 = stages.iter().map(|stage| stage.all).sum();
    row(
        "matrix products of the step",
        &format!("{:.2} GFLOP", work / 1e9),
        &format!(
            "at least {:.1} ms; the step runs at {:.0} % of the limit",
            work / peak * 1e3,
            work / total / peak * 100.0
        ),
    );
    for Stage { name, forward, all } in stages {
        row(
            name,
            &format!("{:.0} MFLOP", all / 1e6),
            &format!("forward {:.0}; at least {:.2} ms", forward / 1e6, all / peak * 1e3),
        );
    }
    // Weights, both moments and the average are read and written, the gradient is read.
    let bytes = 36.0 * *parameters as f64;
    row(
        "optimizer",
        &format!("{:.0} MB moved", bytes / 1e6),
        &format!("{:.0} GB/s", bytes / phases.optimizer / 1e9),
    );
}

/// Runs each peer in a process of its own, on the batches that fusebind ran on.
fn rows_of_peers(bench: &Bench<'_>, fastest: &Fastest, python: &str) -> Outcome {
    let file = tempfile::NamedTempFile::with_suffix(".safetensors")?;
    peers::write(bench, PEER_BATCHES, file.path())?;
    let (count, pairs) = (fastest.parameters, bench.batches[0].pairs.len());
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
        let output = Command::new(python).args(arguments).output()?;
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
            "same_model.py" => format!(
                "fusebind takes {:.2} of its time",
                fastest.total / number("seconds_per_step")
            ),
            _ => format!("fusebind is {:.0} times as fast", pairs as f64 / fastest.total / rate),
        };
        row(name, &format!("{:.0} pairs/s", rate), &of);
    }
    Ok(())
}
