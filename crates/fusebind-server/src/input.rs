//! From a body to the pairs that are asked for.
//!
//! Comes in: JSON, or a table as text. Goes out: [`Asked`]: rows in the order of the body, each with a pair or with what is wrong with it.

use std::sync::Arc;

use fusebind_predict::{Compound, Pair, SideRecord, Target};
use rayon::prelude::*;
use serde_json::Value;

use crate::{
    reader::Reader,
    refusal::{Refusal, RowFault},
    rows::{Asked, Entity, Product, Row, check_count},
    table,
    wire::{Body, Fields, List},
};

/// Rows from which on reading them is shared among threads.
const MANY: usize = 64;

impl Reader<'_> {
    /// The pairs of a JSON body, at most `most` of them.
    pub(crate) fn pairs(self, body: Body, most: usize, limit: &'static str) -> Result<Asked, Refusal> {
        let mut asked = match (body.pairs, body.compounds, body.targets) {
            (Some(pairs), None, None) => {
                check_count(pairs.len(), most, limit)?;
                let rows = self.each(pairs, |at, value| self.pair(at, value));
                Asked {
                    rows,
                    ..Asked::default()
                }
            }
            (None, Some(compounds), Some(targets)) => self.product(compounds, targets, most, limit)?.into_asked(),
            _ => {
                return Err(Refusal::malformed(
                    "the body has neither `pairs` nor both `compounds` and `targets`, or has all of them",
                    "send one of the two",
                ));
            }
        };
        asked.sequences = body.sequences;
        Ok(asked)
    }

    /// Compounds and proteins of a body, with at most `most` pairs.
    pub(crate) fn product(
        self,
        compounds: Value,
        targets: Value,
        most: usize,
        limit: &'static str,
    ) -> Result<Product, Refusal> {
        let compounds = List::parse("compounds", compounds, "compounds.smi")?;
        let targets = List::parse("targets", targets, "targets.fasta")?;
        let mut notes = Vec::new();
        let targets = match targets {
            List::Rows(rows) => {
                check_count(rows.len(), most, limit)?;
                self.each(rows, |at, value| self.listed_target(at, value))
            }
            List::Text { name, text } => table::targets(self, &name, text, &mut notes)?,
        };
        let room = most / targets.len().max(1);
        let compounds = match compounds {
            List::Rows(rows) => {
                check_product(rows.len(), targets.len(), room, (most, limit))?;
                self.each(rows, |at, value| self.listed_compound(at, value))
            }
            List::Text { name, text } => {
                let compounds = table::compounds(self, &name, text, &mut notes)?;
                check_product(compounds.len(), targets.len(), room, (most, limit))?;
                compounds
            }
        };
        Ok(Product {
            compounds,
            targets,
            notes,
        })
    }

    fn each<T: Send>(self, rows: Vec<Value>, read: impl Fn(u64, Value) -> T + Sync) -> Vec<T> {
        let read = |(at, value): (usize, Value)| read(at as u64 + 1, value);
        match rows.len() < MANY {
            true => rows.into_iter().enumerate().map(read).collect(),
            false => rows.into_par_iter().enumerate().map(read).collect(),
        }
    }

    fn pair(self, number: u64, value: Value) -> Row {
        let mut row = Row {
            number: Some(number),
            entities: [None, None],
            id: None,
            names: [None, None],
            pair: Err(RowFault::new("", "", "")),
        };
        row.pair = Fields::of(value).and_then(|fields| self.named_pair(fields, &mut row));
        row
    }

    fn named_pair(self, mut fields: Fields, row: &mut Row) -> Result<Pair, RowFault> {
        let limits = self.limits;
        row.id = fields.id("id", limits.id_letters)?;
        row.names[0] = fields.id("drug_id", limits.id_letters)?;
        row.names[1] = fields.id("target_id", limits.id_letters)?;
        let smiles = fields.text("smiles", limits.smiles_letters)?;
        let sequence = fields.text("sequence", limits.sequence_letters)?;
        let drug_side = fields.side("drug_side", limits.side_values)?;
        let target_side = fields.side("target_side", limits.side_values)?;
        fields.finish()?;
        let compound = with_compound_side(self.compound(&smiles, "smiles")?, drug_side, "drug_side")?;
        let target = with_target_side(self.target(&sequence, "sequence")?, target_side, "target_side")?;
        Ok(Pair::new(compound, target))
    }

    /// Side data of a list; where they are not read, the field stays and is refused.
    fn side(self, fields: &mut Fields) -> Result<Option<SideRecord>, RowFault> {
        match self.with_side {
            true => fields.side("side", self.limits.side_values),
            false => Ok(None),
        }
    }

    fn listed_compound(self, number: u64, value: Value) -> Entity<Compound> {
        let mut id = None;
        let read = |mut fields: Fields| {
            id = fields.id("id", self.limits.id_letters)?;
            let smiles = fields.text("smiles", self.limits.smiles_letters)?;
            let side = self.side(&mut fields)?;
            fields.finish()?;
            with_compound_side(self.compound(&smiles, "smiles")?, side, "side")
        };
        let value = Fields::of(value).and_then(read);
        Entity { number, id, value }
    }

    fn listed_target(self, number: u64, value: Value) -> Entity<Target> {
        let mut id = None;
        let read = |mut fields: Fields| {
            id = fields.id("id", self.limits.id_letters)?;
            let sequence = fields.text("sequence", self.limits.sequence_letters)?;
            let side = self.side(&mut fields)?;
            fields.finish()?;
            with_target_side(self.target(&sequence, "sequence")?, side, "side")
        };
        let value = Fields::of(value).and_then(read);
        Entity { number, id, value }
    }
}

fn with_compound_side(
    compound: Arc<Compound>,
    side: Option<SideRecord>,
    field: &str,
) -> Result<Arc<Compound>, RowFault> {
    let Some(side) = side else { return Ok(compound) };
    let with = Compound::clone(&compound).with_side(side);
    with.map(Arc::new)
        .map_err(|error| RowFault::new(field, error.to_string(), "fix the side data"))
}

fn with_target_side(target: Arc<Target>, side: Option<SideRecord>, field: &str) -> Result<Arc<Target>, RowFault> {
    let Some(side) = side else { return Ok(target) };
    let with = Target::clone(&target).with_side(side);
    with.map(Arc::new)
        .map_err(|error| RowFault::new(field, error.to_string(), "fix the side data"))
}

fn check_product(
    compounds: usize,
    targets: usize,
    room: usize,
    (most, limit): (usize, &'static str),
) -> Result<(), Refusal> {
    match compounds <= room {
        true => Ok(()),
        false => check_count(compounds.saturating_mul(targets.max(1)), most, limit),
    }
}
