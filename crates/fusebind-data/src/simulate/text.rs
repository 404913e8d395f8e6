//! Descriptions: one statement per latent number, in words, some of them wrong.
//!
//! Comes in: a latent. Goes out: sentences whose order and phrasing are random. A statement says how strong the number is and
//! which way it points; with the probability `noise` it points the wrong way.

use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::latent::{Latent, RANK};

/// What a positive and a negative number is called, for drugs.
const DRUG_TRAITS: [(&str, &str); RANK] = [
    ("lipophilic", "hydrophilic"),
    ("rigid", "flexible"),
    ("basic", "acidic"),
    ("compact", "elongated"),
    ("slowly cleared by the liver", "rapidly cleared by the liver"),
    ("sedating in animals", "stimulating in animals"),
];
/// The same for targets.
const TARGET_TRAITS: [(&str, &str); RANK] = [
    ("a deep pocket", "a shallow pocket"),
    ("an ordered hinge", "a disordered hinge"),
    ("an acidic cleft", "a basic cleft"),
    ("a fast turnover", "a slow turnover"),
    ("regulation by phosphorylation", "regulation by proteolysis"),
    ("activity as a dimer", "activity as a monomer"),
];
const FAMILIES: [&str; 8] = [
    "serine kinase",
    "tyrosine kinase",
    "nuclear receptor",
    "aspartic protease",
    "ion channel",
    "deacetylase",
    "phosphodiesterase",
    "methyltransferase",
];

/// How a weak, a middling and a strong number of a drug is called.
const DRUG_DEGREES: [&str; 3] = ["marginally", "moderately", "strongly"];
/// The same for targets.
const TARGET_DEGREES: [&str; 3] = ["slight signs of", "signs of", "clear signs of"];

/// The words for one number.
fn statement(
    value: f64,
    (positive, negative): (&'static str, &'static str),
    degrees: [&str; 3],
    flipped: bool,
) -> String {
    let word = if (value > 0.0) != flipped { positive } else { negative };
    let degree = match value.abs() {
        size if size < 0.35 => degrees[0],
        size if size < 1.0 => degrees[1],
        _ => degrees[2],
    };
    format!("{degree} {word}")
}

/// One sentence per number, in random order.
fn describe(
    latent: &Latent,
    (traits, degrees): (&[(&'static str, &'static str); RANK], [&str; 3]),
    openings: [&str; 3],
    noise: f64,
    random: &mut ChaCha8Rng,
) -> String {
    let mut sentences: Vec<String> = latent
        .iter()
        .zip(traits)
        .map(|(value, words)| {
            let opening = openings[random.random_range(0..openings.len())];
            let flipped = random.random::<f64>() < noise;
            format!("{opening} {}.", statement(*value, *words, degrees, flipped))
        })
        .collect();
    sentences.shuffle(random);
    sentences.join(" ")
}

/// A description of a drug.
pub(super) fn of_drug(latent: &Latent, noise: f64, random: &mut ChaCha8Rng) -> String {
    let openings = ["The compound is", "It is", "Studies report that it is"];
    describe(latent, (&DRUG_TRAITS, DRUG_DEGREES), openings, noise, random)
}

/// A description of a target of family number `family`.
pub(super) fn of_target(family: usize, latent: &Latent, noise: f64, random: &mut ChaCha8Rng) -> String {
    let openings = ["The protein shows", "It shows", "Structures give"];
    let sentences = describe(latent, (&TARGET_TRAITS, TARGET_DEGREES), openings, noise, random);
    format!("A {}. {sentences}", FAMILIES[family % FAMILIES.len()])
}
