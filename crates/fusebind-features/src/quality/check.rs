//! Whether a mismatch model belongs to a reference set. It comes from a file: every position and length in it is compared with what it
//! indexes before it is used.
//!
//! Comes in: [`MismatchModel`] and the entities of both sides. Goes out: nothing, or what does not fit, in words.

use std::collections::BTreeMap;

use super::{calibration_map::CalibrationMap, classifier::MismatchClassifier, mismatch::MismatchModel};
use crate::neighbours::ReferenceEntities;

impl MismatchModel {
    /// Refuses a model that is not one of the entities in `sides` (drugs, targets).
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn check(&self, sides: [&ReferenceEntities; 2]) -> Result<(), String> {
        if !(0.0..1.0).contains(&self.mismatch_prior) {
            return Err(format!("a mismatch prior of {}", self.mismatch_prior));
        }
        for (at, side) in sides.into_iter().enumerate() {
            let sources = side.sources.len();
            self.classifiers[at].iter().try_for_each(|c| classifier(c, sources))?;
            for maps in &self.calibration_maps[at] {
                positions(maps, sources)?;
                maps.values().try_for_each(calibration)?;
            }
            for shares in &self.shares[at] {
                positions(shares, sources)?;
                if let Some(share) = shares.values().find(|share| !(0.0..=1.0).contains(*share)) {
                    return Err(format!("a mismatch rate of {share}"));
                }
            }
            positions(&self.excluded[at], sources)?;
            let entities = side.keys.len();
            if let Some(list) = self.excluded[at].values().find(|list| list.len() != entities) {
                return Err(format!(
                    "exclusions for {} entities where there are {entities}",
                    list.len()
                ));
            }
        }
        Ok(())
    }
}

/// Refuses positions of sources that do not exist.
fn positions<T>(by_source: &BTreeMap<usize, T>, sources: usize) -> Result<(), String> {
    match by_source.keys().find(|source| **source >= sources) {
        Some(source) => Err(format!(
            "a mismatch model of similarity {source} where there are {sources}"
        )),
        None => Ok(()),
    }
}

fn classifier(classifier: &MismatchClassifier, sources: usize) -> Result<(), String> {
    let [checked, compared] = classifier.sources;
    if checked.max(compared) >= sources || checked == compared {
        return Err(format!(
            "a mismatch classifier of similarities {checked} and {compared} where there are {sources}"
        ));
    }
    match classifier.is_whole() {
        true => Ok(()),
        false => Err("a mismatch classifier of other terms, or of numbers that are not finite".into()),
    }
}

fn calibration(map: &CalibrationMap) -> Result<(), String> {
    match map.is_whole() {
        true => Ok(()),
        false => Err("a calibration map whose scores do not rise, or of numbers that are not finite".into()),
    }
}
