//! Tokens per second beside `transformers` and torch, and whether both say the same.
//!
//! ```sh
//! cargo bench -p fusebind-pretrained --bench encode -- --encoder FOLDER --inputs FILE --content protein --python PYTHON_WITH_TRANSFORMERS
//! ```
//!
//! Comes in: a folder and a file with one input per line. Goes out: lines of figures. Both take turns, so that whatever else the machine does
//! is shared by both; what counts is their ratio. `--batch` is that of the peer, which is given its best one.

#![allow(clippy::unwrap_used, missing_docs)] // a benchmark that meets the unexpected should stop

use std::{fs, process::Command, sync::Mutex, time::Instant};

use fusebind_pretrained::{Content, EmbedConfig, Encoder, Plan, Pooling};
use safetensors::SafeTensors;

fn flag(name: &str) -> Option<String> {
    let mut words = std::env::args().skip_while(|word| word != name);
    words.nth(1)
}

/// Peak of the memory of this process, in MB.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(f64::NAN)
        / 1024.0
}

/// Seconds that one pass over `texts` takes here, and its tokens.
fn ours(encoder: &Encoder, content: Content, texts: &[&str]) -> (f64, u64) {
    let config = EmbedConfig::of(encoder, content, Pooling::MeanAll);
    let plan = Plan::new(encoder, &config, texts).unwrap();
    let sums = Mutex::new(0.0);
    let started = Instant::now();
    plan.run(&|_, values| {
        *sums.lock().unwrap() += f64::from(values[0]);
        Ok(())
    })
    .unwrap();
    (started.elapsed().as_secs_f64(), plan.tokens)
}

/// The largest difference between the states of both, and the largest state.
fn difference(encoder: &Encoder, content: Content, texts: &[&str], path: &str) -> (f32, f32) {
    let bytes = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let (mut furthest, mut size) = (0.0f32, 0.0f32);
    for (at, text) in texts.iter().enumerate() {
        let Ok(due) = tensors.tensor(&at.to_string()) else {
            break;
        };
        let ids = encoder.token_ids(text, content).unwrap();
        let states = &encoder.states(&[&ids], encoder.layers())[0];
        assert_eq!(due.shape(), [ids.len(), encoder.width()], "the same tokens");
        for (x, due) in states.iter().zip(due.data().chunks_exact(4)) {
            let due = f32::from_le_bytes(due.try_into().unwrap());
            (furthest, size) = (furthest.max((x - due).abs()), size.max(due.abs()));
        }
    }
    (furthest, size)
}

fn main() {
    let (Some(folder), Some(inputs)) = (flag("--encoder"), flag("--inputs")) else {
        println!(
            "needs --encoder FOLDER --inputs FILE [--content protein|molecule|text] [--python PYTHON] [--batch N] [--rounds N]"
        );
        return;
    };
    let name = flag("--content").unwrap_or_else(|| "protein".into());
    let content = match name.as_str() {
        "protein" => Content::Protein,
        "molecule" => Content::Molecule,
        _ => Content::Text,
    };
    let opened = Instant::now();
    let encoder = Encoder::open(&folder).unwrap();
    let opened = opened.elapsed().as_secs_f64();
    let text = fs::read_to_string(&inputs).unwrap();
    let texts: Vec<&str> = text.lines().collect();
    let states = std::env::temp_dir().join(format!("fusebind-peer-{}.safetensors", std::process::id()));
    println!("{folder}: {} inputs, opened in {opened:.2} s", texts.len());
    for round in 1..=flag("--rounds").map_or(3, |rounds| rounds.parse().unwrap()) {
        let (seconds, tokens) = ours(&encoder, content, &texts);
        println!(
            "round {round}: here {:.0} tokens/s, peak {:.0} MB",
            tokens as f64 / seconds,
            peak_mb()
        );
        let Some(python) = flag("--python") else { continue };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/encode/peer.py");
        let batch = flag("--batch").unwrap_or_else(|| "8".into());
        let mut command = Command::new(python);
        command.args([script, &folder, &inputs, &name, &batch]).arg(&states);
        let output = command.output().unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let (theirs, count) = (said["seconds"].as_f64().unwrap(), said["tokens"].as_f64().unwrap());
        println!(
            "round {round}: transformers {:.0} tokens/s, peak {:.0} MB; ratio {:.2}",
            count / theirs,
            said["peak_mb"].as_f64().unwrap(),
            (tokens as f64 / seconds) / (count / theirs)
        );
        if round == 1 {
            let (furthest, size) = difference(&encoder, content, &texts, states.to_str().unwrap());
            println!("largest difference of a state {furthest:.2e}, largest state {size:.1}");
        }
    }
    let _ = fs::remove_file(states);
}
