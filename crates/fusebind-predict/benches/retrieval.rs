//! The first stage of a screening on one core: products of codes, and the choice of candidates, beside the rate at which codes are read.
//!
//! ```sh
//! cargo bench --bench retrieval
//! ```

#![allow(missing_docs)]

use std::{hint::black_box, time::Instant};

use fusebind_model::retrieval::{Instructions, TargetCodes};
use fusebind_predict::screen::Candidates;

/// Compounds: their codes are larger than the caches of most machines.
const COMPOUNDS: usize = 1 << 20;
/// Compounds whose products are held at a time.
const TILE: usize = 60;
/// Candidates for each target.
const CANDIDATES: usize = 10_000;
/// Repetitions, of which the fastest counts.
const TIMES: usize = 3;

/// Bytes that look random.
fn bytes(count: usize, mut state: u64) -> Vec<i8> {
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8 as i8
    };
    (0..count).map(|_| next()).collect()
}

/// Seconds of the fastest of several runs.
fn fastest(mut work: impl FnMut()) -> f64 {
    let time = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    };
    (0..TIMES).map(time).fold(f64::INFINITY, f64::min)
}

fn products(codes: &[i8], channels: usize, targets: &TargetCodes) {
    let mut out = vec![0; TILE * targets.width()];
    for codes in codes.chunks(TILE * channels) {
        let out = &mut out[..codes.len() / channels * targets.width()];
        targets.products(codes, out);
        black_box(&out);
    }
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let Ok(pool) = pool else { return };
    let places: Vec<u64> = (0..COMPOUNDS as u64).collect();
    println!("| channels | targets | what | pairs/s | GB/s of codes |");
    println!("|---|---|---|---|---|");
    for channels in [128, 192] {
        let codes = bytes(COMPOUNDS * channels, 1);
        let show = |targets: usize, what: &str, seconds: f64| {
            let pairs = (COMPOUNDS * targets) as f64 / seconds;
            println!(
                "| {channels} | {targets} | {what} | {pairs:.2e} | {:.2} |",
                codes.len() as f64 / seconds / 1e9
            );
        };
        let words = codes.as_chunks::<8>().0;
        let seconds = fastest(|| {
            let sum = words.iter().fold(0u64, |sum, word| {
                sum.wrapping_add(u64::from_le_bytes(word.map(|code| code as u8)))
            });
            black_box(sum);
        });
        println!(
            "| {channels} | - | codes read once | - | {:.2} |",
            codes.len() as f64 / seconds / 1e9
        );
        for count in [1, 8, 512] {
            let weights = bytes(count * channels, 2);
            for instructions in Instructions::available() {
                if count == 512 && instructions == Instructions::Portable {
                    continue; // Minutes.
                }
                let targets = TargetCodes::new(&weights, channels).with(instructions);
                show(
                    count,
                    &format!("products, {instructions:?}"),
                    fastest(|| products(&codes, channels, &targets)),
                );
            }
            let seconds = fastest(|| {
                pool.install(|| {
                    let mut best = Candidates::new(&weights, channels, &vec![CANDIDATES; count]);
                    for (codes, places) in codes.chunks(65_536 * channels).zip(places.chunks(65_536)) {
                        best.offer(codes, places);
                    }
                    black_box(best.places());
                });
            });
            show(count, "candidates", seconds);
        }
    }
}
