//! Which compounds are scored, and which of the hits are unlike each other.
//!
//! Comes in: molecules. Goes out: whether they are kept.

use fusebind_features::{
    entity::molecule::{Alerts, Molecule, Property},
    feature::fingerprint::Fingerprint,
};

/// The values of a property that are kept, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The property.
    pub property: Property,
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
}

impl std::str::FromStr for Range {
    type Err = String;

    /// Reads `weight=200..500`, `rings=1..`, `donors=..5` or `charge=0`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, range) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is no range: write it as weight=200..500"))?;
        let number = |text: &str, open: f64| match text.trim() {
            "" => Ok(open),
            text => text.parse::<f64>().map_err(|_| format!("`{text}` is no number")),
        };
        let (low, high) = range.split_once("..").unwrap_or((range, range));
        let range = Self {
            property: name.trim().parse()?,
            low: number(low, f64::NEG_INFINITY)?,
            high: number(high, f64::INFINITY)?,
        };
        match range.low <= range.high {
            true => Ok(range),
            false => Err(format!("`{text}` holds no number: the first one is the greater")),
        }
    }
}

/// What a compound must be like.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Properties.
    pub ranges: Vec<Range>,
    /// Compounds of which it must be similar to one.
    pub like: Vec<Fingerprint>,
    /// Least Tanimoto coefficient to one of them.
    pub least_similarity: f64,
    /// Substructures of which it must hold none.
    pub alerts: Alerts,
}

/// Why a compound is left out: the first of these that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// A property is out of its range.
    Property,
    /// It is like none of the wanted ones.
    Unlike,
    /// It holds a structural alert.
    Alert,
}

impl LeftOut {
    /// The flag that asked for it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Property => "--property",
            Self::Unlike => "--like",
            Self::Alert => "--alerts",
        }
    }
}

impl Filter {
    /// Whether a compound with these values of [`Property::ALL`] is within the ranges.
    pub fn is_within(&self, values: &[f64; Property::ALL.len()]) -> bool {
        let of = |property: Property| Property::ALL.iter().zip(values).find(|(own, _)| **own == property);
        let holds =
            |range: &Range| of(range.property).is_some_and(|(_, value)| (range.low..=range.high).contains(value));
        self.ranges.iter().all(holds)
    }

    /// Whether a compound is like a wanted one, or may be like any.
    pub fn is_like(&self, fingerprint: &Fingerprint) -> bool {
        let is_like = |other: &Fingerprint| fingerprint.tanimoto(other) >= self.least_similarity;
        self.like.is_empty() || self.like.iter().any(is_like)
    }

    /// Why `molecule` is left out; none where it is kept. A molecule in which alerts cannot be looked for counts as one that holds some.
    pub fn left_out(&self, molecule: &Molecule) -> Option<LeftOut> {
        let is_within = |range: &Range| (range.low..=range.high).contains(&range.property.of(molecule));
        if !self.ranges.iter().all(is_within) {
            return Some(LeftOut::Property);
        }
        if !self.is_like(&molecule.fingerprint) {
            return Some(LeftOut::Unlike);
        }
        let alarms = || self.alerts.any(&molecule.smiles).unwrap_or(true);
        (!self.alerts.is_empty() && alarms()).then_some(LeftOut::Alert)
    }

    /// Whether `molecule` is kept.
    pub fn keeps(&self, molecule: &Molecule) -> bool {
        self.left_out(molecule).is_none()
    }
}

/// The first `most` of `ranking` that are unlike every one taken before: less similar than `similarity` (leader clustering).
pub fn spread_out(ranking: &[&Fingerprint], similarity: f64, most: usize) -> Vec<usize> {
    let mut taken: Vec<usize> = Vec::new();
    for (at, fingerprint) in ranking.iter().enumerate() {
        if taken.len() == most {
            break;
        }
        if taken
            .iter()
            .all(|other| fingerprint.tanimoto(ranking[*other]) < similarity)
        {
            taken.push(at);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};

    use super::*;

    fn molecule(smiles: &str) -> Molecule {
        ChematicToolkit.molecule(smiles).expect("is valid")
    }

    #[test]
    fn ranges_and_similarities_decide() {
        let range = |text: &str| text.parse::<Range>();
        let filter = Filter {
            ranges: ["heavy-atoms=5..7", "charge=0"]
                .map(|text| range(text).expect("a range"))
                .to_vec(),
            ..Filter::default()
        };
        assert!(filter.keeps(&molecule("c1ccccc1")) && !filter.keeps(&molecule("CCO")));
        assert!(!filter.keeps(&molecule("C[N+](C)(C)CC")));
        for wrong in ["weight", "size=1..2", "rings=3..1", "rings=a.."] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
        let filter = Filter {
            like: vec![molecule("Cc1ccccc1").fingerprint],
            least_similarity: 0.5,
            ..Filter::default()
        };
        assert!(filter.keeps(&molecule("Cc1ccccc1")) && !filter.keeps(&molecule("CCO")));
        let mut alerts = Alerts::default();
        alerts.add("nitro", "[N+](=O)[O-]").expect("a pattern");
        let filter = Filter {
            ranges: vec![range("heavy-atoms=..9").expect("a range")],
            alerts,
            ..Filter::default()
        };
        let why = |smiles: &str| filter.left_out(&molecule(smiles));
        assert_eq!(why("O=[N+]([O-])c1ccccc1"), Some(LeftOut::Alert));
        assert_eq!(
            why("O=[N+]([O-])c1ccccc1CCC"),
            Some(LeftOut::Property),
            "what is cheap decides first"
        );
        assert_eq!(why("Nc1ccccc1"), None);
    }

    #[test]
    fn hits_that_are_spread_out_are_unlike_better_ones() {
        let prints = ["CCO", "CCO", "c1ccccc1", "CCCO"].map(|smiles| molecule(smiles).fingerprint);
        let all: Vec<&Fingerprint> = prints.iter().collect();
        assert_eq!(spread_out(&all, 1.0, 9), [0, 2, 3]);
        assert_eq!(spread_out(&all, 1.0, 2), [0, 2]);
    }
}
