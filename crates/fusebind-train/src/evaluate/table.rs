//! The scored pairs as the columns of a table: what was measured beside what is predicted.

use std::collections::HashMap;

use fusebind_data::{
    modality::ModalityTables,
    table::{Censoring, Column, Dataset, Scale},
};
use fusebind_model::trained::Description;

use super::evaluation::PairPrediction;
use crate::objective::scale_name;

/// Number of modalities present, by pair.
pub fn presence_by_pair(dataset: &Dataset, tables: &ModalityTables) -> HashMap<(u32, u32), u64> {
    let counts = tables.count_present(dataset);
    let pairs = dataset.interactions.iter().zip(counts);
    pairs.map(|(i, count)| ((i.drug, i.target), u64::from(count))).collect()
}

/// The scored pairs as the columns of a table.
pub fn pair_columns(dataset: &Dataset, model: &Description, predictions: &[PairPrediction]) -> Vec<Column> {
    let of = |p: &PairPrediction| &dataset.interactions[p.interaction as usize];
    let name = |p: &PairPrediction, side: usize| Some(dataset.names.get(p.interaction as usize)?[side].clone());
    let affinity = |p: &PairPrediction| of(p).affinity;
    let relation = |p: &PairPrediction| match affinity(p)?.censoring {
        Censoring::Exact => Some("="),
        Censoring::AtMost => Some("<="),
        Censoring::AtLeast => Some(">="),
    };
    let unit = |p: &PairPrediction| match affinity(p)?.scale {
        Scale::Kiba => Some("KIBA score"),
        _ => Some("-log10 mol/L"),
    };
    let mut columns = vec![
        Column::text("drug_id", predictions.iter().map(|p| name(p, 0))),
        Column::text("target_id", predictions.iter().map(|p| name(p, 1))),
        Column::whole("row", predictions.iter().map(|p| i64::try_from(of(p).row).ok())),
        Column::real("affinity", predictions.iter().map(|p| of(p).affinity.map(|a| a.value))),
        Column::text("relation", predictions.iter().map(relation)),
        Column::text(
            "scale",
            predictions.iter().map(|p| Some(scale_name(affinity(p)?.scale))),
        ),
        Column::text("unit", predictions.iter().map(unit)),
        Column::flag("binds", predictions.iter().map(|p| of(p).binds)),
    ];
    for (c, scale) in model.scales.iter().enumerate() {
        let name = format!("predicted_{}", scale.name);
        columns.push(Column::real(
            name,
            predictions.iter().map(|p| p.affinity.get(c).copied()),
        ));
    }
    columns.push(Column::real("probability", predictions.iter().map(|p| p.probability)));
    let threshold = model.threshold;
    columns.push(Column::real("threshold", predictions.iter().map(|_| threshold)));
    columns
}
