//! The five modalities, under one name each everywhere: features, encoders, recipes, flags and docs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// A kind of evidence about a drug or a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Molecular graph of a drug.
    Graph,
    /// Sequence of a target.
    Sequence,
    /// Descriptions of a drug or of a target.
    Text,
    /// Expression signatures of a drug, or of the perturbation of a target.
    Transcriptome,
    /// Assay outcomes of a drug.
    Bioassay,
}

impl Modality {
    /// Every modality.
    pub const ALL: [Self; 5] = [
        Self::Graph,
        Self::Sequence,
        Self::Text,
        Self::Transcriptome,
        Self::Bioassay,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Sequence => "sequence",
            Self::Text => "text",
            Self::Transcriptome => "transcriptome",
            Self::Bioassay => "bioassay",
        }
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Modality {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|m| m.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::new(ErrorKind::Modality, format!("`{text}` is no modality: use {names}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_strangers_are_refused() {
        for modality in Modality::ALL {
            assert_eq!(modality.name().parse::<Modality>().expect("a modality"), modality);
        }
        assert!(
            "image"
                .parse::<Modality>()
                .is_err_and(|e| e.to_string().contains("bioassay"))
        );
    }
}
