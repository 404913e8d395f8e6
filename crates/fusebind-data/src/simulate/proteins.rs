//! Targets from families: a common ancestor that members mutate, and conserved motifs in fixed slots.
//!
//! `latent = 0.6 family + 0.4 (motif of slot 1 + .. + motif of slot 4)`. All of it is in the sequence.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    config::{Rule, SimulateConfig},
    keys::{KEYS, Places},
    latent::{Latent, RANK, Stream, add, missing, normal, random_latent, stream},
    text,
    universe::SimulatedTarget,
};

const FAMILIES: usize = 8;
const MOTIFS: usize = 12;
const SLOTS: usize = 4;
const MOTIF_LENGTH: usize = 12;
/// Residues with the frequencies, in percent, that vertebrate proteins have (rounded).
const RESIDUES: &[u8; 100] =
    b"AAAAAAAAARRRRRNNNNNDDDDDDCCQQQQEEEEEEEGGGGGGGHHHIIIIILLLLLLLLLKKKKKKMMFFFFPPPPSSSSSSSTTTTTTWYYYVVVVV";
/// Probability that a residue of the ancestor, or of a motif, is another one in a member.
const MUTATION: (f64, f64) = (0.3, 0.03);

fn residue(random: &mut ChaCha8Rng) -> u8 {
    RESIDUES[random.random_range(0..RESIDUES.len())]
}

fn mutate(residues: &[u8], rate: f64, random: &mut ChaCha8Rng) -> Vec<u8> {
    residues
        .iter()
        .map(|own| {
            if random.random_bool(rate) {
                residue(random)
            } else {
                *own
            }
        })
        .collect()
}

struct Family {
    /// Stretches before, between and after the motif slots.
    stretches: Vec<Vec<u8>>,
    latent: Latent,
    bias: f64,
}

struct Motif {
    residues: Vec<u8>,
    latent: Latent,
    bias: f64,
}

/// Families, and the motifs that all of them draw from.
fn ancestors(seed: u64) -> (Vec<Family>, Vec<Motif>) {
    let mut random = stream(seed, Stream::Motifs);
    let families: Vec<Family> = (0..FAMILIES)
        .map(|_| Family {
            stretches: (0..=SLOTS)
                .map(|_| (0..random.random_range(25..60)).map(|_| residue(&mut random)).collect())
                .collect(),
            latent: random_latent(&mut random, RANK),
            bias: normal(&mut random),
        })
        .collect();
    let motifs: Vec<Motif> = (0..MOTIFS)
        .map(|_| Motif {
            residues: (0..MOTIF_LENGTH).map(|_| residue(&mut random)).collect(),
            latent: random_latent(&mut random, RANK),
            bias: normal(&mut random),
        })
        .collect();
    (families, motifs)
}

/// The targets of a universe.
pub(super) fn targets(config: &SimulateConfig) -> Vec<SimulatedTarget> {
    let (families, motifs) = ancestors(config.seed);
    let mut random = stream(config.seed, Stream::Proteins);
    let mut words = stream(config.seed, Stream::TextTarget);
    let gone = missing(
        config.targets,
        config.missing.text_target,
        stream(config.seed, Stream::MissingTextTarget),
    );
    gone.into_iter()
        .enumerate()
        .map(|(number, gone)| {
            let family = number % FAMILIES;
            let Family {
                stretches,
                latent: common,
                bias,
            } = &families[family];
            let mut latent = [0.0; RANK];
            add(&mut latent, 0.6, common);
            let mut bias = 0.6 * bias;
            let (mut sequence, mut keys) = (vec![b'M'], Places::new());
            for (slot, stretch) in stretches.iter().enumerate() {
                sequence.extend(mutate(stretch, MUTATION.0, &mut random));
                if slot < SLOTS {
                    let drawn = random.random_range(0..MOTIFS);
                    let motif = &motifs[drawn];
                    if config.rule == Rule::Keys && drawn < KEYS {
                        let first = sequence.len() + 1;
                        keys.entry(drawn)
                            .or_insert_with(Vec::new)
                            .extend(first..first + MOTIF_LENGTH);
                    }
                    sequence.extend(mutate(&motif.residues, MUTATION.1, &mut random));
                    add(&mut latent, 0.4, &motif.latent);
                    bias += 0.4 * motif.bias;
                }
            }
            let written = text::of_target(family, &latent, config.noise.text, &mut words);
            SimulatedTarget {
                id: format!("ST{:04}", number + 1),
                sequence: sequence.into_iter().map(char::from).collect(),
                family,
                latent,
                bias: 0.3 * bias,
                keys,
                text: (!gone).then_some(written),
            }
        })
        .collect()
}
