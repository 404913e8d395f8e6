//! What the engine does per second, as ratios measured in one run.
//!
//! ```sh
//! cargo bench -p fusebind-train --bench throughput -- --data DIR/davis [--python PYTHON_WITH_RDKIT] [--torch PYTHON_WITH_TORCH] \
//!   [--recipe davis] [--only featurise|step|score] [--device cpu|cuda]
//! ```
//!
//! Comes in: a data set folder. Goes out, on stdout: a table of rates. Peers run in Python, each in its own process, on the batches
//! that fusebind ran on (`benches/peers`), and on the same device.

mod batches;
mod featurise;
mod peers;
mod score;
mod step;

use std::{env, error::Error, path::PathBuf};

use fusebind_data::source::{LoadConfig, load_dataset};
use fusebind_features::entity::molecule::ChematicToolkit;
use fusebind_model::device::DeviceChoice;

/// What every part of the benchmark may return.
type Outcome = Result<(), Box<dyn Error>>;

/// As in the program, as is the option.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

fn main() {
    // SAFETY: the function refuses a number that is no option and writes to one entry of the allocator's table. No other thread runs
    // yet that could read it meanwhile.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
    // As in the program: everything inside the pool.
    if let Some(error) = rayon::scope(|_| run().err().map(|error| error.to_string())) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Outcome {
    let flag = |name: &str| {
        let mut words = env::args().skip_while(|word| word != name);
        words.next().and(words.next())
    };
    let data = PathBuf::from(flag("--data").ok_or("give a data set folder with --data")?);
    let only = flag("--only");
    let wanted = |part: &str| only.as_ref().is_none_or(|only| only == part);
    let choice: DeviceChoice = flag("--device").as_deref().unwrap_or("cpu").parse()?;
    let device = choice.resolve()?.device;
    let (dataset, _) = load_dataset(&data, &ChematicToolkit, &LoadConfig::default())?;
    println!("| work | measured | |\n|---|---|---|");
    if wanted("featurise") {
        featurise::measure(&dataset, flag("--python"))?;
    }
    let bench = batches::Bench::new(&dataset, flag("--recipe").as_deref().unwrap_or("davis"), device)?;
    let peak = step::matrix_products(&bench.device)?;
    if wanted("step") {
        step::measure(&bench, peak, flag("--torch"))?;
    }
    if wanted("score") {
        score::measure(&bench, peak)?;
    }
    Ok(())
}

/// Prints a line of the table.
fn row(work: &str, measured: &str, note: &str) {
    println!("| {work} | {measured} | {note} |");
}

/// Seconds of one call of `run`: the fastest of several, as a shared machine only ever adds to it.
fn fastest(rounds: usize, mut run: impl FnMut()) -> f64 {
    run();
    let timed = || {
        let start = std::time::Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    std::iter::repeat_with(timed).take(rounds).fold(f64::INFINITY, f64::min)
}
