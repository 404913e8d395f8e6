//! What is left of all units: the hits, and counts of rows.
//!
//! Comes in: units in any order. Goes out: the best of each group, the same for every order.

use std::collections::{BTreeMap, BTreeSet};

use fusebind::{data::table::Rejection, predict::screen::Best};

use super::{
    plan::{Per, Settings},
    unit::{Compound, Hit, UnitResult},
};

/// Rejected rows that are listed.
const LISTED: usize = 100_000;
/// Compounds without a hit that may pile up before they are removed.
const SPARE: usize = 10_000;

/// See the file's header.
pub struct Tally {
    per: Per,
    kept: usize,
    groups: BTreeMap<u64, Best>,
    compounds: BTreeMap<u64, Compound>,
    /// Compounds at the last removal.
    settled: usize,
    pub rows: u64,
    pub scored: u64,
    pub left_out: u64,
    /// See [`UnitResult::left_out_by`].
    pub left_out_by: BTreeMap<String, u64>,
    pub rejected: u64,
    /// By unit, since units may come in any order.
    rejections: BTreeMap<u64, Vec<Rejection>>,
    listed: usize,
}

impl Tally {
    pub fn new(settings: &Settings) -> Self {
        Self {
            per: settings.per,
            kept: settings.kept(),
            groups: BTreeMap::new(),
            compounds: BTreeMap::new(),
            settled: 0,
            rows: 0,
            scored: 0,
            left_out: 0,
            left_out_by: BTreeMap::new(),
            rejected: 0,
            rejections: BTreeMap::new(),
            listed: 0,
        }
    }

    /// Takes a unit in.
    pub fn add(&mut self, unit: UnitResult) {
        self.rows += unit.rows;
        self.scored += unit.scored;
        self.left_out += unit.left_out;
        self.rejected += unit.rejected;
        for (flag, count) in &unit.left_out_by {
            *self.left_out_by.entry(flag.clone()).or_default() += count;
        }
        if self.listed < LISTED && !unit.rejections.is_empty() {
            self.listed += unit.rejections.len();
            self.rejections.insert(unit.unit, unit.rejections);
        }
        for hit in &unit.hits {
            let (group, ranked) = hit.ranked(self.per);
            let best = self.groups.entry(group).or_insert_with(|| Best::new(self.kept));
            best.offer(ranked);
        }
        self.compounds.extend(unit.compounds);
        if self.compounds.len() > 2 * self.settled + SPARE {
            self.settle();
        }
    }

    /// Removes the compounds whose hits were overtaken.
    fn settle(&mut self) {
        let per = self.per;
        let hits = self.groups.iter();
        let places: BTreeSet<u64> = hits
            .flat_map(|(group, best)| best.iter().map(move |ranked| Hit::of(per, *group, *ranked).place))
            .collect();
        self.compounds.retain(|place, _| places.contains(place));
        self.settled = self.compounds.len();
    }

    /// The hits of each group, from the best on.
    pub fn groups(&self) -> impl Iterator<Item = Vec<Hit>> {
        let of = |(group, best): (&u64, &Best)| {
            let ranking = best.ranking().into_iter();
            ranking.map(|ranked| Hit::of(self.per, *group, ranked)).collect()
        };
        self.groups.iter().map(of)
    }

    /// The compound at a place that has a hit.
    pub fn compound(&self, place: u64) -> Option<&Compound> {
        self.compounds.get(&place)
    }

    /// The first rejected rows.
    pub fn rejections(&self) -> Vec<Rejection> {
        self.rejections.values().flatten().take(LISTED).cloned().collect()
    }
}
