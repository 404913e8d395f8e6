//! A unit: consecutive rows of a library, scored, and the hits among them.
//!
//! Comes in: rows. Goes out: [`UnitResult`], which depends on these rows and the plan alone.

use std::collections::BTreeMap;

use fusebind::{
    data::{
        source::{LibraryText, Structure},
        store::NumberedRow,
        table::Rejection,
    },
    features::entity::molecule::{Molecule, Standardise},
    predict::screen::{Best, Filter, LeftOut, Panel, Ranked},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::plan::{Per, Plan};

/// Rows that are featurised and scored at a time: their graphs are what takes memory.
const ROWS: usize = 4096;
/// Rejected rows of a unit that are listed.
const LISTED: usize = 1000;

/// The compound of a hit, as its row says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compound {
    pub file: u32,
    pub row: u64,
    pub id: String,
    pub text: String,
    pub is_mol_block: bool,
}

/// A compound with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Bits of the score: text would round it.
    pub score: u64,
    /// Place of the compound among all rows.
    pub place: u64,
    pub target: u32,
}

/// See the file's header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitResult {
    pub unit: u64,
    pub rows: u64,
    /// Compounds that were scored.
    pub scored: u64,
    /// Compounds that the filters left out.
    pub left_out: u64,
    /// How many of them by which flag, and how many pairs by `--domain`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out_by: BTreeMap<String, u64>,
    pub rejected: u64,
    /// The first of them.
    pub rejections: Vec<Rejection>,
    pub hits: Vec<Hit>,
    /// Compounds of the hits, by place.
    pub compounds: BTreeMap<u64, Compound>,
}

/// What units are computed with.
pub struct Job<'a> {
    pub plan: &'a Plan,
    pub panel: &'a Panel<'a>,
    pub filter: &'a Filter,
    /// What is made of molecules.
    pub toolkit: Standardise,
}

impl Compound {
    /// The molecule, or why there is none.
    pub fn molecule(&self, toolkit: Standardise) -> Result<Molecule, String> {
        let text = LibraryText {
            id: String::new(),
            text: self.text.clone(),
            structure: match self.is_mol_block {
                true => Structure::MolBlock,
                false => Structure::Smiles,
            },
            field: "".into(),
        };
        text.molecule(&toolkit)
    }
}

impl Hit {
    /// Its score.
    pub fn score(&self) -> f64 {
        f64::from_bits(self.score)
    }

    /// What it is one of the best of, and what it is ranked by there.
    pub fn ranked(&self, per: Per) -> (u64, Ranked) {
        let (group, place) = match per {
            Per::Target => (u64::from(self.target), self.place),
            Per::Compound => (self.place, u64::from(self.target)),
        };
        let score = self.score();
        (group, Ranked { score, place })
    }

    /// The hit that is ranked so in a group.
    pub fn of(per: Per, group: u64, ranked: Ranked) -> Self {
        let (place, target) = match per {
            Per::Target => (ranked.place, group),
            Per::Compound => (group, ranked.place),
        };
        Self {
            score: ranked.score.to_bits(),
            place,
            target: target as u32,
        }
    }
}

impl UnitResult {
    /// Scores the rows of a unit.
    pub fn compute(job: &Job<'_>, unit: u64, rows: &[NumberedRow]) -> Self {
        let mut result = Self {
            unit,
            rows: rows.len() as u64,
            ..Self::default()
        };
        let mut best: BTreeMap<u64, Best> = BTreeMap::new();
        for rows in rows.chunks(ROWS) {
            result.score(job, rows, &mut best);
        }
        let per = job.plan.settings.per;
        for (group, best) in &best {
            result
                .hits
                .extend(best.ranking().into_iter().map(|ranked| Hit::of(per, *group, ranked)));
        }
        for hit in &result.hits {
            // Places ascend, though those of a stored library may have gaps.
            let row = &rows[rows.partition_point(|row| row.place < hit.place)];
            if let Ok(content) = &row.row.content {
                result.compounds.entry(hit.place).or_insert_with(|| Compound {
                    file: row.file,
                    row: row.row.row,
                    id: content.id.clone(),
                    text: content.text.clone(),
                    is_mol_block: content.structure == Structure::MolBlock,
                });
            }
        }
        result
    }

    /// Counts what a flag left out.
    fn count(&mut self, flag: &str, count: u64) {
        *self.left_out_by.entry(flag.to_string()).or_default() += count;
    }

    fn score(&mut self, job: &Job<'_>, rows: &[NumberedRow], best: &mut BTreeMap<u64, Best>) {
        let read = |row: &NumberedRow| -> Result<Result<Molecule, LeftOut>, Rejection> {
            let content = row.row.content.as_ref().map_err(Clone::clone)?;
            let molecule = content.molecule(&job.toolkit).map_err(|reason| {
                let file = job
                    .plan
                    .library
                    .get(row.file as usize)
                    .map_or("--smiles", |mark| &mark.path);
                Rejection::new(file, row.row.row, reason).of(&*content.field, &content.text)
            })?;
            Ok(job.filter.left_out(&molecule).map_or(Ok(molecule), Err))
        };
        let all: Vec<_> = rows.par_iter().map(read).collect();
        let (mut molecules, mut places) = (Vec::new(), Vec::new());
        for (row, read) in rows.iter().zip(all) {
            match read {
                Ok(Ok(molecule)) => {
                    molecules.push(molecule);
                    places.push(row.place);
                }
                Ok(Err(reason)) => {
                    self.left_out += 1;
                    self.count(reason.flag(), 1);
                }
                Err(rejection) => {
                    self.rejected += 1;
                    if self.rejections.len() < LISTED {
                        self.rejections.push(rejection);
                    }
                }
            }
        }
        self.scored += molecules.len() as u64;
        let molecules: Vec<&Molecule> = molecules.iter().collect();
        let settings = &job.plan.settings;
        let scores = job.panel.scores(&molecules, settings.domain);
        if settings.domain.is_some() {
            let outside = scores.iter().filter(|score| score.is_none()).count();
            self.count("--domain", outside as u64);
        }
        for (scores, place) in scores.chunks(job.panel.len().max(1)).zip(places) {
            for (score, target) in scores.iter().zip(0..) {
                let Some(score) = *score else { continue };
                let score = score.to_bits();
                let (group, ranked) = Hit { score, place, target }.ranked(settings.per);
                let best = best.entry(group).or_insert_with(|| Best::new(settings.kept()));
                best.offer(ranked);
            }
        }
    }
}
