//! A screening benchmark from a data set: which hidden actives of a target rank above decoys, and which targets of a drug above all others?
//!
//! Comes in: a data set with binding labels or affinities. Goes out: the same data set without the hidden actives, and two test parts, as
//! split columns: `split_screening` with each target's sequence in full, `split_screening_construct` with a tagged construct of it, as
//! people crystallise and assay them. A third column, `split_fishing`, asks the other way round: some drugs against all proteins ([`Fished`]).
//!
//! Scaffolds are hidden at random until the wanted share of the drugs is, so that the library is new: neither an active nor a decoy of the
//! test part is in training, nor is its scaffold. With [`Library::Known`] each target hides scaffolds of its own, and a hidden
//! active may be in training with other targets, as in the search for new uses of known drugs. Decoys are ligands of other targets: for each hidden active
//! the drugs nearest to it in [`PROPERTIES`] whose fingerprint is unlike every active of the target (as DUD-E, Mysinger et al. 2012,
//! doi 10.1021/jm300687e, but from known ligands, so that a decoy is not recognised by being no drug). They are presumed not to bind.

mod fishing;
mod properties;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fusebind_features::{entity::protein::Protein, random::Stream};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Error, ErrorKind,
    table::{Dataset, Interaction, Scale, Target},
};

pub use fishing::Fished;
pub use properties::{PROPERTIES, properties};

/// Split column of the test pairs with sequences in full.
pub const FULL: &str = "split_screening";
/// Split column of the test pairs with constructs.
pub const CONSTRUCT: &str = "split_screening_construct";

/// Split column of the test pairs of drugs with all proteins.
pub const FISHING: &str = "split_fishing";

/// Tag in front of a construct.
const TAG: &str = "MGSSHHHHHHSSGLVPRGSHM";
/// Share of the sequence that a construct keeps, from its middle.
const KEPT: f64 = 0.6;
/// Fewest hidden actives of a target.
const LEAST_HIDDEN: usize = 5;
/// Stream of the choice of drugs, above those of targets.
const FISHED: u64 = u64::MAX;
/// Share of the training pairs that validate.
const VALID: f64 = 0.1;

/// What is known of the drugs of the test part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// Nothing: they and their scaffolds are not in training.
    #[default]
    New,
    /// They may be in training with other targets.
    Known,
}

/// How a benchmark is built.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreeningConfig {
    /// Fewest known actives of a target that is part of it.
    pub least_actives: usize,
    /// What is known of the drugs of the test part.
    pub library: Library,
    /// Share of the drugs, or of the actives of each target, that is hidden.
    pub hidden: f64,
    /// Decoys per hidden active.
    pub decoys: usize,
    /// Highest Tanimoto coefficient of a decoy with any active of the target.
    pub most_similar: f64,
    /// Most targets, those with most actives first.
    pub most_targets: usize,
    /// Most drugs that are asked for their targets, each with all proteins.
    pub most_fished: usize,
    /// Least affinity of an active; by scale 7 (100 nM), 12.1 for KIBA. Only for pairs without a label.
    pub active: Option<f64>,
    /// Seed.
    pub seed: u64,
}

impl Default for ScreeningConfig {
    fn default() -> Self {
        Self {
            least_actives: 20,
            library: Library::New,
            hidden: 0.3,
            decoys: 30,
            most_similar: 0.35,
            most_targets: 200,
            most_fished: 50,
            active: None,
            seed: 1,
        }
    }
}

/// What was built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScreeningReport {
    /// Targets of the benchmark.
    pub targets: usize,
    /// Hidden actives.
    pub actives: usize,
    /// Decoys.
    pub decoys: usize,
    /// Drugs that are asked for their targets.
    pub fished: usize,
    /// Hidden targets of these drugs.
    pub fished_targets: usize,
    /// Training pairs that are left.
    pub train: usize,
    /// Targets with enough actives that were left out: all actives share one scaffold, or too few decoys were found.
    pub left_out: usize,
}

/// Whether an interaction is of an active; `None` where it says nothing.
fn is_active(interaction: &Interaction, least: Option<f64>) -> Option<bool> {
    interaction.binds.or_else(|| {
        let affinity = interaction.affinity?;
        let usual = if affinity.scale == Scale::Kiba { 12.1 } else { 7.0 };
        Some(affinity.value >= least.unwrap_or(usual))
    })
}

/// What is asked.
struct Tests {
    screens: Vec<Screen>,
    /// Targets that were left out.
    left_out: usize,
    fished: Vec<Fished>,
}

/// One target of the benchmark.
struct Screen {
    target: u32,
    hidden: Vec<u32>,
    decoys: Vec<u32>,
}

/// Builds the benchmark.
///
/// # Errors
/// Where no target has enough actives, or nothing would be left to train on.
pub fn screening_benchmark(dataset: &Dataset, config: &ScreeningConfig) -> Result<(Dataset, ScreeningReport), Error> {
    let mut labels = fishing::Labels::new();
    for interaction in &dataset.interactions {
        if let Some(active) = is_active(interaction, config.active) {
            let of_target = labels.entry(interaction.target).or_default();
            *of_target.entry(interaction.drug).or_insert(false) |= active;
        }
    }
    let candidates = candidates(&labels, config)?;
    let ligands: BTreeSet<u32> = labels.values().flat_map(actives_of).collect();
    let seed = Stream::new(config.seed);
    let library: Option<BTreeSet<u32>> = match config.library {
        Library::New => Some(
            hidden_scaffolds(dataset, &ligands, config.hidden, seed)
                .into_iter()
                .collect(),
        ),
        Library::Known => None,
    };
    let search = Search {
        dataset,
        config,
        ligands: library.as_ref().map_or(&ligands, |library| library),
        rows: standardised(dataset),
    };
    let screens: Vec<Option<Screen>> = candidates
        .par_iter()
        .map(|(target, actives)| {
            let hidden = match &library {
                Some(library) => actives.iter().copied().filter(|drug| library.contains(drug)).collect(),
                None => hidden_scaffolds(dataset, actives, config.hidden, seed.child(u64::from(*target))),
            };
            search.screen(*target, actives, hidden, &labels[target])
        })
        .collect();
    let left_out = screens.iter().filter(|screen| screen.is_none()).count();
    let screens: Vec<Screen> = screens.into_iter().flatten().collect();
    if screens.is_empty() {
        let reason = "no target has both hidden actives and decoys";
        return Err(Error::new(ErrorKind::Infeasible, reason).hint("use a larger data set, or a smaller --decoys"));
    }
    let fished = fishing::fishing(
        &labels,
        dataset.targets.len(),
        library.as_ref(),
        config.most_fished,
        seed.child(FISHED),
    );
    let tests = Tests {
        screens,
        left_out,
        fished,
    };
    Ok(assemble(dataset, config, &tests, library.as_ref()))
}

fn actives_of(drugs: &BTreeMap<u32, bool>) -> Vec<u32> {
    drugs.iter().filter(|drug| *drug.1).map(|drug| *drug.0).collect()
}

/// Targets with enough actives, with these: those with most first.
fn candidates(labels: &fishing::Labels, config: &ScreeningConfig) -> Result<Vec<(u32, Vec<u32>)>, Error> {
    let mut candidates: Vec<(u32, Vec<u32>)> = (labels.iter())
        .map(|(target, drugs)| (*target, actives_of(drugs)))
        .filter(|(_, actives)| actives.len() >= config.least_actives)
        .collect();
    if candidates.is_empty() {
        let reason = format!("no target has {} known actives", config.least_actives);
        return Err(Error::new(ErrorKind::Infeasible, reason).hint("give a smaller --least-actives"));
    }
    candidates.sort_by_key(|(target, actives)| (std::cmp::Reverse(actives.len()), *target));
    candidates.truncate(config.most_targets);
    Ok(candidates)
}

/// Drugs of whole scaffolds, chosen at random until `share` of the drugs is; ascending.
fn hidden_scaffolds<'a>(
    dataset: &Dataset,
    drugs: impl IntoIterator<Item = &'a u32>,
    share: f64,
    seed: Stream,
) -> Vec<u32> {
    let mut scaffolds: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for &drug in drugs {
        let molecule = &dataset.drugs[drug as usize].molecule;
        // Acyclic molecules are scaffolds of their own.
        let scaffold = molecule.scaffold().ok().filter(|s| !s.is_empty());
        let scaffold = scaffold.unwrap_or_else(|| molecule.smiles.clone());
        scaffolds.entry(scaffold).or_default().push(drug);
    }
    let wanted = share * scaffolds.values().map(Vec::len).sum::<usize>() as f64;
    let mut groups: Vec<Vec<u32>> = scaffolds.into_values().collect();
    groups.shuffle(&mut seed.generator());
    let mut hidden: Vec<u32> = Vec::new();
    for group in groups {
        if (hidden.len() + group.len()) as f64 <= wanted {
            hidden.extend(group);
        }
    }
    hidden.sort_unstable();
    hidden
}

/// What decoys are searched in.
struct Search<'a> {
    dataset: &'a Dataset,
    config: &'a ScreeningConfig,
    /// Drugs that may be decoys.
    ligands: &'a BTreeSet<u32>,
    /// Scaled properties of all drugs.
    rows: Vec<[f32; PROPERTIES]>,
}

impl Search<'_> {
    /// Finds decoys for the hidden actives of a target; `None` where fewer than five are hidden or decoys are fewer than actives.
    fn screen(&self, target: u32, actives: &[u32], hidden: Vec<u32>, labelled: &BTreeMap<u32, bool>) -> Option<Screen> {
        if hidden.len() < LEAST_HIDDEN || hidden.len() == actives.len() {
            return None;
        }
        let print = |drug: u32| &self.dataset.drugs[drug as usize].molecule.fingerprint;
        let unlike = |drug: &u32| {
            let similar = |active: &u32| print(*active).tanimoto(print(*drug)) > self.config.most_similar;
            !labelled.contains_key(drug) && !actives.iter().any(similar)
        };
        let pool: Vec<u32> = self.ligands.iter().copied().filter(unlike).collect();
        let mut decoys: BTreeSet<u32> = BTreeSet::new();
        for &drug in &hidden {
            let own = &self.rows[drug as usize];
            let distance = |other: u32| -> f32 {
                let other = &self.rows[other as usize];
                own.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum()
            };
            let mut near: Vec<(f32, u32)> = (pool.iter())
                .filter(|other| !decoys.contains(*other))
                .map(|other| (distance(*other), *other))
                .collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            decoys.extend(near.iter().take(self.config.decoys).map(|n| n.1));
        }
        (decoys.len() >= hidden.len()).then(|| Screen {
            target,
            hidden,
            decoys: decoys.into_iter().collect(),
        })
    }
}

/// Properties of all drugs, each scaled to unit deviation.
fn standardised(dataset: &Dataset) -> Vec<[f32; PROPERTIES]> {
    let mut rows: Vec<[f32; PROPERTIES]> = (dataset.drugs.par_iter())
        .map(|drug| properties(&drug.molecule))
        .collect();
    let count = rows.len().max(1) as f32;
    for at in 0..PROPERTIES {
        let mean = rows.iter().map(|row| row[at]).sum::<f32>() / count;
        let variance = rows.iter().map(|row| (row[at] - mean).powi(2)).sum::<f32>() / count;
        let scale = 1.0 / variance.sqrt().max(1e-6);
        rows.iter_mut().for_each(|row| row[at] *= scale);
    }
    rows
}

/// The middle of a sequence behind a tag; short sequences keep all of it.
fn construct(sequence: &str) -> String {
    let length = sequence.len();
    let kept = ((length as f64 * KEPT) as usize).max(60).min(length);
    let start = (length - kept) / 2;
    format!("{TAG}{}", &sequence[start..start + kept])
}

fn assemble(
    dataset: &Dataset,
    config: &ScreeningConfig,
    tests: &Tests,
    library: Option<&BTreeSet<u32>>,
) -> (Dataset, ScreeningReport) {
    let of_targets = (tests.screens.iter()).flat_map(|screen| screen.hidden.iter().map(|drug| (*drug, screen.target)));
    let of_drugs = (tests.fished.iter()).flat_map(|fished| fished.hidden.iter().map(|target| (fished.drug, *target)));
    let hidden: BTreeSet<(u32, u32)> = of_targets.chain(of_drugs).collect();
    let mut built = Dataset {
        drugs: dataset.drugs.clone(),
        targets: dataset.targets.clone(),
        standardise: dataset.standardise,
        ..Dataset::default()
    };
    let is_hidden = |i: &Interaction| match library {
        Some(library) => library.contains(&i.drug),
        None => hidden.contains(&(i.drug, i.target)),
    };
    let kept = dataset.interactions.iter().filter(|i| !is_hidden(i));
    built.interactions = kept.copied().collect();
    let train = built.interactions.len();
    let mut parts: [Vec<Option<String>>; 3] = Default::default();
    let mut order: Vec<usize> = (0..train).collect();
    order.shuffle(&mut Stream::new(config.seed).generator());
    let valid = (VALID * train as f64) as usize;
    let mut training = vec![Some("train".to_string()); train];
    order[..valid]
        .iter()
        .for_each(|at| training[*at] = Some("valid".into()));
    parts.iter_mut().for_each(|column| column.clone_from(&training));
    let mut report = ScreeningReport {
        targets: tests.screens.len(),
        fished: tests.fished.len(),
        fished_targets: tests.fished.iter().map(|fished| fished.hidden.len()).sum(),
        train,
        left_out: tests.left_out,
        ..ScreeningReport::default()
    };
    add_screens(&mut built, &mut parts, &tests.screens, &mut report);
    add_fished(&mut built, &mut parts, &tests.fished);
    for (at, interaction) in built.interactions.iter_mut().enumerate() {
        interaction.row = at as u64 + 1;
    }
    let names = [FULL, CONSTRUCT, FISHING].map(str::to_string);
    built.split_columns = names.into_iter().zip(parts).collect();
    if tests.fished.is_empty() {
        built.split_columns.remove(FISHING);
    }
    built.refresh_fingerprint();
    (built, report)
}

/// Adds a test pair of the split at `column`.
fn add_test(built: &mut Dataset, parts: &mut [Vec<Option<String>>; 3], column: usize, pair: (u32, u32, bool)) {
    let (drug, target, binds) = pair;
    built.interactions.push(Interaction {
        drug,
        target,
        affinity: None,
        binds: Some(binds),
        row: 0,
    });
    for (at, parts) in parts.iter_mut().enumerate() {
        parts.push((at == column).then(|| "test".to_string()));
    }
}

/// Adds the pairs of drugs with all proteins.
fn add_fished(built: &mut Dataset, parts: &mut [Vec<Option<String>>; 3], fished: &[Fished]) {
    for one in fished {
        for (targets, binds) in [(&one.hidden, true), (&one.others, false)] {
            for target in targets {
                add_test(built, parts, 2, (one.drug, *target, binds));
            }
        }
    }
}

/// Adds the pairs of targets with hidden actives and decoys, each once in full and once with the construct.
fn add_screens(
    built: &mut Dataset,
    parts: &mut [Vec<Option<String>>; 3],
    screens: &[Screen],
    report: &mut ScreeningReport,
) {
    let mut by_sequence: HashMap<String, u32> = (built.targets.iter().enumerate())
        .map(|(at, target)| (target.protein.sequence.clone(), at as u32))
        .collect();
    for screen in screens {
        let of_construct = construct_of(built, &mut by_sequence, screen.target);
        let labelled = screen
            .hidden
            .iter()
            .map(|d| (*d, true))
            .chain(screen.decoys.iter().map(|d| (*d, false)));
        for (drug, binds) in labelled {
            for (column, target) in [(0, Some(screen.target)), (1, of_construct)] {
                let Some(target) = target else { continue };
                add_test(built, parts, column, (drug, target, binds));
            }
        }
        report.actives += screen.hidden.len();
        report.decoys += screen.decoys.len();
    }
}

/// The construct of a target as a target of its own; `None` where it is another target of the set.
fn construct_of(built: &mut Dataset, by_sequence: &mut HashMap<String, u32>, target: u32) -> Option<u32> {
    let whole = &built.targets[target as usize];
    let protein = Protein::parse(&construct(&whole.protein.sequence)).ok()?;
    let id = format!("{}-construct", whole.ids.first().map_or("target", String::as_str));
    let number = built.targets.len() as u32;
    if by_sequence.insert(protein.sequence.clone(), number).is_some() {
        return None;
    }
    built.targets.push(Target {
        ids: vec![id],
        keys: BTreeMap::new(),
        protein,
    });
    Some(number)
}
