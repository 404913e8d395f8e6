//! One measured or annotated drug-target interaction, with explicit unit and censoring.

use serde::{Deserialize, Serialize};

/// The scale an affinity is expressed on after reading. Concentrations are stored as `-log10(molar)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Scale {
    /// `-log10 Kd[M]`.
    #[serde(rename = "pKd")]
    PKd,
    /// `-log10 Ki[M]`.
    #[serde(rename = "pKi")]
    PKi,
    /// `-log10 IC50[M]`.
    #[serde(rename = "pIC50")]
    PIc50,
    /// `-log10 EC50[M]`.
    #[serde(rename = "pEC50")]
    PEc50,
    /// `-log10 AC50[M]`, half-maximal activity of either direction; `Potency` of a screen is one.
    #[serde(rename = "pAC50")]
    PAc50,
    /// The KIBA score (Tang et al. 2014), dimensionless.
    #[serde(rename = "KIBA")]
    Kiba,
}

impl Scale {
    /// The name as it is written in tables and models, such as `pKd`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PKd => "pKd",
            Self::PKi => "pKi",
            Self::PIc50 => "pIC50",
            Self::PEc50 => "pEC50",
            Self::PAc50 => "pAC50",
            Self::Kiba => "KIBA",
        }
    }
}

/// Whether the value is exact or a bound on the affinity on its scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Censoring {
    /// Measured exactly.
    #[default]
    Exact,
    /// The true affinity is at most this value (`Kd > 10000 nM`).
    AtMost,
    /// The true affinity is at least this value (`Kd < 0.1 nM`).
    AtLeast,
}

/// A typed affinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affinity {
    /// Value on `scale`.
    pub value: f64,
    /// Scale of the value.
    pub scale: Scale,
    /// Exact or a bound.
    pub censoring: Censoring,
}

/// One row of the pair table after its entities have been resolved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// Index into the data set's distinct drugs.
    pub drug: u32,
    /// Index into the data set's distinct targets.
    pub target: u32,
    /// Affinity, where measured.
    pub affinity: Option<Affinity>,
    /// Binds or not, where annotated.
    pub binds: Option<bool>,
    /// 1-based data row in the pair table (header not counted); 0 for a sampled negative that no table holds.
    pub row: u64,
}

impl Interaction {
    /// Whether it is a sampled negative: presumed, not measured.
    pub fn is_presumed(&self) -> bool {
        self.row == 0
    }
}
