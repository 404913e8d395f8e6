//! The five modalities, under one name each everywhere: features, encoders, recipes, flags and docs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// A kind of data about a drug or a target.
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

/// Some of the modalities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ModalitySet(u8);

impl ModalitySet {
    /// The set that holds every modality.
    pub const ALL: Self = Self((1 << Modality::ALL.len()) - 1);

    /// Adds a modality.
    pub fn insert(&mut self, modality: Modality) {
        self.0 |= 1 << modality as u8;
    }

    /// Whether a modality is in the set.
    pub fn contains(self, modality: Modality) -> bool {
        self.0 >> modality as u8 & 1 == 1
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either set.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is not in the set.
    pub fn complement(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }

    /// The modalities in the set.
    pub fn iter(self) -> impl Iterator<Item = Modality> {
        Modality::ALL.into_iter().filter(move |m| self.contains(*m))
    }
}

/// Weight of each modality, from 0 to 1; 1 where none is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModalityWeights([f32; Modality::ALL.len()]);

impl Default for ModalityWeights {
    fn default() -> Self {
        Self([1.0; Modality::ALL.len()])
    }
}

impl ModalityWeights {
    /// Weight of one modality.
    pub fn of(self, modality: Modality) -> f32 {
        self.0[modality as usize]
    }

    /// Sets the weight of one modality, limited to 0 to 1.
    pub fn set(&mut self, modality: Modality, weight: f32) {
        self.0[modality as usize] = weight.clamp(0.0, 1.0);
    }

    /// Both at once: the product, modality by modality.
    pub fn and(self, other: Self) -> Self {
        let mut both = self;
        both.0.iter_mut().zip(other.0).for_each(|(a, b)| *a *= b);
        both
    }
}

impl FromIterator<Modality> for ModalitySet {
    fn from_iter<I: IntoIterator<Item = Modality>>(modalities: I) -> Self {
        let mut set = Self::default();
        modalities.into_iter().for_each(|m| set.insert(m));
        set
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
    fn sets_hold_what_was_put_in() {
        let some: ModalitySet = [Modality::Text, Modality::Graph].into_iter().collect();
        assert_eq!(some.iter().collect::<Vec<_>>(), [Modality::Graph, Modality::Text]);
        assert!(!some.complement().contains(Modality::Text) && some.complement().contains(Modality::Bioassay));
        assert_eq!(some.union(some.complement()), ModalitySet::ALL);
    }

    #[test]
    fn weights_multiply_and_stay_between_0_and_1() {
        let (mut a, mut b) = (ModalityWeights::default(), ModalityWeights::default());
        a.set(Modality::Text, 0.5);
        b.set(Modality::Text, 0.4);
        b.set(Modality::Graph, 7.0);
        let both = a.and(b);
        assert!((both.of(Modality::Text) - 0.2).abs() < 1e-6);
        assert_eq!((both.of(Modality::Graph), both.of(Modality::Bioassay)), (1.0, 1.0));
    }

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
