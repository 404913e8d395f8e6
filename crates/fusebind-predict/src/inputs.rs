//! Which modalities a prediction rests on.

use fusebind_features::modality::{Modality, ModalitySet};

/// Modalities used for a drug and a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Of the drug.
    pub drug: ModalitySet,
    /// Of the target.
    pub target: ModalitySet,
}

impl std::fmt::Display for Inputs {
    /// Names, those of side modalities with their side: `graph,drug text,sequence`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = (self.drug.iter().map(|m| name("drug", m)))
            .chain(self.target.iter().map(|m| name("target", m)))
            .collect();
        f.write_str(&names.join(","))
    }
}

pub(crate) fn name(side: &str, modality: Modality) -> String {
    match modality {
        Modality::Graph | Modality::Sequence => modality.name().to_string(),
        _ => format!("{side} {modality}"),
    }
}
