//! Predictions as the columns of a table: the schema that every surface writes.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `row` | whole | row of the table of pairs, or a running number |
//! | `drug_id`, `target_id` | text | names that the user gave |
//! | `drug_row`, `target_row` | whole | rows of the tables of compounds and proteins, where all were paired with all |
//! | `smiles` | text | the molecule that was read |
//! | `prediction`, `unit` | real, text | affinity on the first scale, or the probability of binding; `prediction_SCALE` for further scales |
//! | `spread`, `probability_spread` | real | of an ensemble: standard deviation over its members, on the scale and of the probability; `spread_SCALE` for further scales |
//! | `probability` | real | probability of binding |
//! | `binds`, `threshold` | yes or no, real | whether the probability reaches the threshold, which validation chose |
//! | `pkd`, `pkd_lo_90`, `pkd_hi_90`, .. | real | affinity on its scale, in small letters, and its intervals of 80, 90 and 95 %; differs from `prediction` after `fusebind calibrate` alone |
//! | `pkd_expected_error` | real | mean absolute error to expect |
//! | `p_bind` | real | calibrated probability of binding |
//! | `set_80`, `set_90`, `set_95` | text | classes that cannot be ruled out: `binds`, `not`, `either`, or `neither` |
//! | `domain`, `domain_reason` | text | `inside`, `edge` or `outside` of what the model knows, and why |
//! | `nearest_drug`, `nearest_drug_similarity` | text, real | most similar training compound, by its name in training, and its Tanimoto coefficient |
//! | `nearest_target`, `nearest_target_similarity` | text, real | most similar training protein, and the cosine of their 3-mers |
//! | `drug_distance`, `target_distance` | real | distance of the embedding from those of training, 1 where a twentieth of training lies further out |
//! | `drug_pairs`, `target_pairs` | whole | training pairs of the compound and of the protein |
//! | `inputs` | text | modalities that were used |
//! | `weight_*`, `mismatch_probability_*` | real | of each modality |

use fusebind_eval::conformal::ClassSet;

use crate::{
    model::Model,
    prediction::{Certainty, Prediction},
    request::Request,
};

/// Values of a column, one for each row; `None` is an empty cell.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputValues {
    /// Text.
    Text(Vec<Option<String>>),
    /// Real numbers.
    Real(Vec<Option<f64>>),
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Yes or no.
    Flag(Vec<Option<bool>>),
}

/// A column of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    /// Header.
    pub name: String,
    /// Values.
    pub values: OutputValues,
}

fn text(name: impl Into<String>, values: impl Iterator<Item = String>) -> OutputColumn {
    OutputColumn {
        name: name.into(),
        values: OutputValues::Text(values.map(Some).collect()),
    }
}

fn real(name: impl Into<String>, values: impl Iterator<Item = Option<f64>>) -> OutputColumn {
    OutputColumn {
        name: name.into(),
        values: OutputValues::Real(values.collect()),
    }
}

fn rows(name: &str, values: impl Iterator<Item = u64>) -> OutputColumn {
    OutputColumn {
        name: name.into(),
        values: OutputValues::Whole(
            values
                .map(|row| i64::try_from(row).ok().filter(|row| *row > 0))
                .collect(),
        ),
    }
}

/// The columns of `predictions`, which are those of the rows of `request`; `smiles` gives the molecule of a distinct compound.
pub fn columns<'a>(
    model: &Model,
    request: &Request,
    smiles: impl Fn(u32) -> &'a str,
    predictions: &[Prediction],
) -> Vec<OutputColumn> {
    let drugs = || request.pairs.iter().map(|pair| &request.drugs[pair.0 as usize]);
    let targets = || request.pairs.iter().map(|pair| &request.targets[pair.1 as usize]);
    let mut columns = vec![
        text("drug_id", drugs().map(|name| name.id.clone())),
        text("target_id", targets().map(|name| name.id.clone())),
        text("smiles", drugs().map(|name| smiles(name.entity).to_string())),
    ];
    columns.extend(answers(model, predictions));
    columns.extend(certainties(model, predictions));
    columns.extend(explanations(model, predictions));
    columns.push(rows("row", request.rows.iter().copied()));
    if request.is_product {
        columns.push(rows("drug_row", drugs().map(|name| name.row)));
        columns.push(rows("target_row", targets().map(|name| name.row)));
    }
    columns
}

/// Affinities and probabilities.
fn answers(model: &Model, predictions: &[Prediction]) -> Vec<OutputColumn> {
    let mut columns = Vec::new();
    let is_ensemble = !model.description().members.is_empty();
    let constant = |name: String, value: &str| text(name, predictions.iter().map(|_| value.to_string()));
    for (at, scale) in model.scales().enumerate() {
        let suffix = if at == 0 { String::new() } else { format!("_{scale}") };
        let values = predictions.iter().map(|p| p.affinity.get(at).copied());
        columns.push(real(format!("prediction{suffix}"), values));
        columns.push(constant(format!("unit{suffix}"), scale));
        if is_ensemble {
            let spread = predictions.iter().map(|p| p.affinity_spread.get(at).copied());
            columns.push(real(format!("spread{suffix}"), spread));
        }
    }
    if !model.description().model.heads.binding {
        return columns;
    }
    let probabilities = || predictions.iter().map(|p| p.probability);
    // The main prediction has one name whatever a model was trained on.
    if model.scales().next().is_none() {
        columns.push(real("prediction", probabilities()));
        columns.push(constant("unit".into(), "probability"));
    }
    columns.push(real("probability", probabilities()));
    if is_ensemble {
        let spread = predictions.iter().map(|p| p.probability_spread);
        columns.push(real("probability_spread", spread));
    }
    columns.push(OutputColumn {
        name: "binds".into(),
        values: OutputValues::Flag(predictions.iter().map(|p| p.binds).collect()),
    });
    let threshold = model.description().threshold;
    columns.push(real("threshold", predictions.iter().map(|_| threshold)));
    columns
}

/// How sure the predictions are; nothing for a model that cannot tell.
fn certainties(model: &Model, predictions: &[Prediction]) -> Vec<OutputColumn> {
    let Some(trust) = &model.description().trust else {
        return Vec::new();
    };
    let certain = || predictions.iter().map(|p| p.certainty.as_ref());
    let mut columns = Vec::new();
    for (at, scale) in model.scales().enumerate() {
        let name = column_name(scale);
        let value = |p: &Prediction| {
            let estimate = p.certainty.as_ref().and_then(|c| c.affinity.get(at)?.as_ref());
            Some(p.affinity.get(at)? + estimate.map_or(0.0, |estimate| estimate.offset))
        };
        columns.push(real(name.clone(), predictions.iter().map(value)));
        let Some(of_scale) = trust.affinity.get(at).and_then(Option::as_ref) else {
            continue;
        };
        for (place, level) in of_scale.levels.iter().enumerate() {
            for (bound, sign) in [("lo", -1.0), ("hi", 1.0)] {
                let limit = |p: &Prediction| {
                    let estimate = p.certainty.as_ref()?.affinity.get(at)?.as_ref()?;
                    Some(value(p)? + sign * estimate.half_widths[place]?)
                };
                let column = format!("{name}_{bound}_{}", percent(level.level));
                columns.push(real(column, predictions.iter().map(limit)));
            }
        }
        let error = |c: Option<&Certainty>| Some(c?.affinity.get(at)?.as_ref()?.expected_error);
        columns.push(real(format!("{name}_expected_error"), certain().map(error)));
    }
    if let Some(binding) = &trust.binding {
        columns.push(real(
            "p_bind",
            certain().map(|c| Some(c?.binding.as_ref()?.probability)),
        ));
        for (place, level) in binding.levels.iter().enumerate() {
            let set = |c: Option<&Certainty>| c?.binding.as_ref()?.sets[place].map(|set| class_set(set).to_string());
            columns.push(OutputColumn {
                name: format!("set_{}", percent(level.level)),
                values: OutputValues::Text(certain().map(set).collect()),
            });
        }
    }
    columns.extend(surroundings(model, predictions));
    columns
}

/// Why the pair lies where it does, and what was presumed.
fn reason(certainty: Certainty) -> String {
    let presumed = match certainty.is_presumed_inert {
        true => "; the compound is a solvent, sugar, amino acid or other small molecule, presumed not to bind",
        false => "",
    };
    let sides = ["drug", "target"].into_iter().zip(certainty.familiarity);
    let patterns = sides.filter(|(_, familiarity)| familiarity.has_new_pattern);
    let patterns: String = patterns
        .map(|(side, _)| format!("; no training {side} has exactly the modalities that this one has"))
        .collect();
    format!("{}{patterns}{presumed}", certainty.domain)
}

/// Where the pairs lie, and what of training is nearest.
fn surroundings(model: &Model, predictions: &[Prediction]) -> Vec<OutputColumn> {
    let certain = || predictions.iter().map(|p| p.certainty.clone().unwrap_or_default());
    let mut columns = vec![
        text("domain", certain().map(|c| c.domain.domain.name().to_string())),
        text("domain_reason", certain().map(reason)),
    ];
    for (side, what) in ["drug", "target"].into_iter().enumerate() {
        let entity = |c: Certainty| [c.evidence.drug, c.evidence.target][side];
        let name = |c: Certainty| {
            entity(c)
                .nearest
                .map(|(id, _)| model.training_name(side, id).to_string())
        };
        columns.push(OutputColumn {
            name: format!("nearest_{what}"),
            values: OutputValues::Text(certain().map(name).collect()),
        });
        let similarity = |c: Certainty| entity(c).nearest.map(|(_, similarity)| f64::from(similarity));
        columns.push(real(format!("nearest_{what}_similarity"), certain().map(similarity)));
        let distance = |c: Certainty| c.familiarity[side].distance;
        columns.push(real(format!("{what}_distance"), certain().map(distance)));
        columns.push(OutputColumn {
            name: format!("{what}_pairs"),
            values: OutputValues::Whole(certain().map(|c| Some(i64::from(entity(c).partners))).collect()),
        });
    }
    columns
}

/// A scale as the name of a column: `pKd` is `pkd`.
pub fn column_name(scale: &str) -> String {
    let letter = |c: char| {
        if c.is_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    scale.chars().map(letter).collect()
}

fn percent(level: f64) -> u32 {
    (100.0 * level).round() as u32
}

/// The classes of a set in one word.
pub fn class_set(set: ClassSet) -> &'static str {
    match (set.binds, set.not) {
        (true, true) => "either",
        (true, false) => "binds",
        (false, true) => "not",
        (false, false) => "neither",
    }
}

/// What the predictions rest on.
fn explanations(model: &Model, predictions: &[Prediction]) -> Vec<OutputColumn> {
    let mut columns = vec![text("inputs", predictions.iter().map(|p| p.inputs.to_string()))];
    for (at, name) in model.weight_names().into_iter().enumerate() {
        let weights = predictions.iter().map(|p| p.weights.get(at).copied().flatten());
        let name = name.replace(' ', "_");
        columns.push(real(format!("weight_{name}"), weights));
        // Structures are never checked.
        if !matches!(name.as_str(), "graph" | "sequence") {
            let of = |p: &Prediction| p.mismatch_probabilities.get(at).copied().flatten();
            columns.push(real(format!("mismatch_probability_{name}"), predictions.iter().map(of)));
        }
    }
    columns
}
