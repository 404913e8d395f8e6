//! Predictions as the columns of a table: the schema that every surface writes.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `row` | whole | row of the table of pairs, or a running number |
//! | `drug_id`, `target_id` | text | names that the user gave |
//! | `drug_row`, `target_row` | whole | rows of the tables of compounds and proteins, where all were paired with all |
//! | `smiles` | text | the molecule that was read |
//! | `prediction`, `unit` | real, text | affinity on the first scale, or the probability of binding; `prediction_SCALE` for further scales |
//! | `probability` | real | probability of binding |
//! | `binds`, `threshold` | yes or no, real | whether the probability reaches the threshold, which validation chose |
//! | `inputs` | text | modalities that were used |
//! | `weight_*`, `mismatch_probability_*` | real | of each modality |

use crate::{model::Model, prediction::Prediction, request::Request};

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
    let constant = |name: String, value: &str| text(name, predictions.iter().map(|_| value.to_string()));
    for (at, scale) in model.scales().enumerate() {
        let suffix = if at == 0 { String::new() } else { format!("_{scale}") };
        let values = predictions.iter().map(|p| p.affinity.get(at).copied());
        columns.push(real(format!("prediction{suffix}"), values));
        columns.push(constant(format!("unit{suffix}"), scale));
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
    columns.push(OutputColumn {
        name: "binds".into(),
        values: OutputValues::Flag(predictions.iter().map(|p| p.binds).collect()),
    });
    let threshold = model.description().threshold;
    columns.push(real("threshold", predictions.iter().map(|_| threshold)));
    columns
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
