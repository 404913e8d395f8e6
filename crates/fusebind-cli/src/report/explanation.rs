//! Explanations as a page: for each pair the drawn molecule with its coloured atoms, the sequence strip, the modalities and the neighbours.

use fusebind::{
    features::entity::molecule::draw,
    predict::{
        Prediction,
        explain::{Explanation, PartReason, PartReasons},
    },
    report::{Block, Page, Section, Table},
};

use serde::Serialize;

/// Windows in a row of the sequence strip.
const STRIP: usize = 20;

/// A pair, its prediction and the reasons for it.
#[derive(Serialize)]
pub struct Explained<'a> {
    /// Row of the output.
    pub row: u64,
    /// What the user calls the drug.
    pub drug: &'a str,
    /// What the user calls the target.
    pub target: &'a str,
    /// The molecule that was read.
    pub smiles: &'a str,
    #[serde(skip)]
    /// The prediction.
    pub prediction: &'a Prediction,
    /// The reasons.
    #[serde(flatten)]
    pub reasons: &'a Explanation,
}

impl Explained<'_> {
    /// Names and values for the head of a section.
    fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![(
            "prediction".to_string(),
            format!("{:.3} {}", self.reasons.prediction, self.reasons.unit),
        )];
        if let Some(p) = self.prediction.probability {
            facts.push(("probability".into(), format!("{p:.3}")));
        }
        if let Some(certainty) = &self.prediction.certainty {
            if let Some(Some(estimate)) = certainty.affinity.first() {
                facts.push(("error to expect".into(), format!("{:.2}", estimate.expected_error)));
            }
            if let Some(binding) = &certainty.binding {
                facts.push(("calibrated probability".into(), format!("{:.3}", binding.probability)));
            }
            let domain = &certainty.domain;
            facts.push(("domain".into(), format!("{}: {domain}", domain.domain.name())));
        }
        facts
    }
}

/// The page of all explained pairs.
pub fn page(model: &str, pairs: &[Explained<'_>]) -> Page {
    Page {
        title: "Why these predictions".into(),
        summary: vec![
            format!("Model: {model}. {} pairs.", pairs.len()),
            "An effect is the prediction less the prediction without the part: what is blue or positive raises it, what is red or negative lowers it. \
             Atoms and residues are left out one at a time, so their effects need not add up; what they leave open is stated."
                .into(),
        ],
        sections: pairs.iter().map(section).collect(),
    }
}

fn section(pair: &Explained<'_>) -> Section {
    let reasons = pair.reasons;
    let mut blocks = vec![
        Block::Facts(pair.facts()),
        Block::Table(modalities(reasons)),
        Block::Table(neighbours(reasons)),
    ];
    blocks.extend(molecule(pair.smiles, reasons));
    blocks.push(Block::Text(format!(
        "The sequence as a whole adds {:+.3} {}; its windows leave {:+.3} of that open.",
        reasons.residues.whole, reasons.unit, reasons.residues.unexplained
    )));
    blocks.push(Block::Table(strip(&reasons.residues)));
    Section {
        title: format!("{} and {}", pair.drug, pair.target),
        blocks,
    }
}

fn table(caption: &str, header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table {
        caption: caption.into(),
        header: header.iter().map(|name| name.to_string()).collect(),
        rows,
    }
}

fn modalities(reasons: &Explanation) -> Table {
    let of = &reasons.modalities;
    let row = |name: &str, value: f64| vec![name.to_string(), format!("{value:+.3}")];
    let mut rows = vec![row("what is said of an unknown pair", of.prior)];
    rows.extend(of.shares.iter().map(|share| row(&share.input, share.share)));
    rows.push(row("prediction", of.prediction));
    table(
        "What each input adds (Shapley values; they add up)",
        &["input", &reasons.unit],
        rows,
    )
}

fn neighbours(reasons: &Explanation) -> Table {
    let rows = reasons.neighbours.iter().map(|pair| {
        vec![
            pair.drug.clone(),
            format!("{:.2}", pair.drug_similarity),
            pair.target.clone(),
            format!("{:.2}", pair.target_similarity),
            format!("{:.2}", pair.label),
            format!("{:+.3}", pair.effect),
        ]
    });
    table(
        "Training pairs that it rests on",
        &[
            "drug",
            "similarity",
            "target",
            "similarity",
            &format!("label, {}", reasons.label_unit),
            "effect",
        ],
        rows.collect(),
    )
}

/// The drawn molecule; a line of text where it cannot be drawn.
fn molecule(smiles: &str, reasons: &Explanation) -> Vec<Block> {
    let Some(atoms) = &reasons.atoms else {
        return vec![Block::Text(
            "The atoms of a molecule with isotopes are not told apart.".into(),
        )];
    };
    let weights: Vec<f64> = atoms.parts.iter().map(|part| part.effect).collect();
    let note = format!(
        "The structure as a whole adds {:+.3} {}; its atoms leave {:+.3} of that open.",
        atoms.whole, reasons.unit, atoms.unexplained
    );
    match draw(smiles, &weights) {
        Ok(svg) => vec![Block::Drawing {
            title: format!("Effect of each atom, {smiles}"),
            svg,
            note,
        }],
        Err(_) => vec![Block::Text(note)],
    }
}

/// The windows with the largest effects, in the order of the sequence.
fn strip(residues: &PartReasons) -> Table {
    let mut parts = residues.parts.clone();
    parts.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    parts.truncate(STRIP);
    parts.sort_by_key(|part| part.first);
    let row = |part: &PartReason| vec![format!("{}-{}", part.first, part.last), format!("{:+.3}", part.effect)];
    let rows = parts.iter().map(row).collect();
    table("Residues with the largest effects", &["residues", "effect"], rows)
}
