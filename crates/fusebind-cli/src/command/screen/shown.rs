//! The hits that a page shows, picked from those that are written.
//!
//! Comes in: rows of hits with their predictions. Goes out: the first of the first groups, as the page wants them.

use fusebind::{
    features::entity::molecule::{Molecule, Property},
    predict::{Model, Prediction, output::class_set},
};

use crate::report::screening::ShownHit;

/// Groups that are shown, and hits of each of them.
const GROUPS: usize = 20;
const RANKS: i64 = 200;
/// Level of the interval and of the classes that are shown.
const LEVEL: f64 = 0.9;

/// A hit that may be shown: what it is called, and what is said of it.
pub struct Candidate<'a> {
    /// Number of its group, and its rank there.
    pub place: (usize, i64),
    pub names: [&'a str; 2],
    pub molecule: &'a Molecule,
    pub score: f64,
    pub prediction: &'a Prediction,
    /// Names of the alerts that it holds.
    pub alerts: Option<&'a str>,
}

/// A hit as the page shows it; none where it does not show it.
pub fn shown(model: &Model, is_per_target: bool, hit: &Candidate<'_>) -> Option<ShownHit> {
    let (group, rank) = hit.place;
    if group >= GROUPS || rank > RANKS {
        return None;
    }
    let [drug, target] = hit.names.map(str::to_string);
    let certainty = hit.prediction.certainty.as_ref();
    let mut lines = Vec::new();
    if let Some(binding) = certainty.and_then(|certainty| certainty.binding.as_ref()) {
        let set = binding_level(model).and_then(|level| binding.sets.get(level).copied().flatten());
        let set = set.map_or(String::new(), |set| format!(", {}", class_set(set)));
        lines.push(format!("p_bind {:.3}{set}", binding.probability));
    }
    lines.extend(certainty.map(|certainty| format!("{}: {}", certainty.domain.domain.name(), certainty.domain)));
    lines.extend(hit.alerts.map(|alerts| format!("alerts: {alerts}")));
    Some(ShownHit {
        group: if is_per_target { target.clone() } else { drug.clone() },
        rank,
        drug,
        target,
        smiles: hit.molecule.smiles.clone(),
        score: hit.score,
        interval: interval(model, hit.prediction),
        lines,
        properties: Property::ALL.map(|property| property.of(hit.molecule)),
        fingerprint: hit.molecule.fingerprint.clone(),
    })
}

fn is_level(level: f64) -> bool {
    (level - LEVEL).abs() < 1e-9
}

fn binding_level(model: &Model) -> Option<usize> {
    let binding = model.description().trust.as_ref()?.binding.as_ref()?;
    binding.levels.iter().position(|level| is_level(level.level))
}

/// The interval of the first affinity.
fn interval(model: &Model, prediction: &Prediction) -> Option<[f64; 2]> {
    let trust = model.description().trust.as_ref()?.affinity.first()?.as_ref()?;
    let level = trust.levels.iter().position(|level| is_level(level.level))?;
    let estimate = prediction.certainty.as_ref()?.affinity.first()?.as_ref()?;
    let half = estimate.half_widths.get(level).copied().flatten()?;
    let middle = prediction.affinity.first()? + estimate.offset;
    Some([middle - half, middle + half])
}
