//! Rows as they are answered. Comes in: entities of a list. Goes out: [`Asked`]: pairs in order, and what is wrong with the others.

use std::sync::Arc;

use fusebind_predict::{Compound, Pair, Target};

use crate::refusal::{Refusal, RowFault};

/// A row that is answered.
#[derive(Debug)]
pub(crate) struct Row {
    /// Number of the row; with all compounds against all proteins a running number, and none for an entity that cannot be read.
    pub(crate) number: Option<u64>,
    /// Numbers of its compound and of its protein, with all against all.
    pub(crate) entities: [Option<u64>; 2],
    /// What the client calls the pair, the compound and the protein.
    pub(crate) id: Option<String>,
    pub(crate) names: [Option<String>; 2],
    pub(crate) pair: Result<Pair, RowFault>,
}

/// Everything that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) rows: Vec<Row>,
    /// How a table was read where that is not plain.
    pub(crate) notes: Vec<String>,
    /// Whether each result has the sequence of its protein.
    pub(crate) sequences: bool,
}

/// A compound or a protein of a list.
#[derive(Debug)]
pub(crate) struct Entity<T> {
    pub(crate) number: u64,
    pub(crate) id: Option<String>,
    pub(crate) value: Result<Arc<T>, RowFault>,
}

/// Compounds and proteins that go all with all.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) compounds: Vec<Entity<Compound>>,
    pub(crate) targets: Vec<Entity<Target>>,
    pub(crate) notes: Vec<String>,
}

/// Refuses too many rows.
pub(crate) fn check_count(count: usize, most: usize, limit: &'static str) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    let reason = format!("{count} rows are more than the limit of {most}");
    let remedy = "send fewer rows, or ask for a job with the header `Prefer: respond-async`";
    Err(Refusal::beyond(limit, most, reason, remedy))
}

impl Product {
    /// The pairs, compounds first. An entity that cannot be read has one row of its own.
    pub(crate) fn into_asked(self) -> Asked {
        let mut rows = Vec::new();
        let mut number = 0;
        for compound in &self.compounds {
            let Ok(drug) = &compound.value else { continue };
            for target in &self.targets {
                let Ok(protein) = &target.value else { continue };
                number += 1;
                rows.push(Row {
                    number: Some(number),
                    entities: [Some(compound.number), Some(target.number)],
                    id: None,
                    names: [compound.id.clone(), target.id.clone()],
                    pair: Ok(Pair::new(drug.clone(), protein.clone())),
                });
            }
        }
        rows.extend(self.faults());
        Asked {
            rows,
            notes: self.notes,
            ..Asked::default()
        }
    }

    /// The entities that cannot be read.
    pub(crate) fn faults(&self) -> Vec<Row> {
        let drugs = self.compounds.iter().filter_map(|compound| {
            let fault = compound.value.as_ref().err()?;
            Some(fault_row(
                [Some(compound.number), None],
                [compound.id.clone(), None],
                fault,
            ))
        });
        let targets = self.targets.iter().filter_map(|target| {
            let fault = target.value.as_ref().err()?;
            Some(fault_row([None, Some(target.number)], [None, target.id.clone()], fault))
        });
        drugs.chain(targets).collect()
    }
}

fn fault_row(entities: [Option<u64>; 2], names: [Option<String>; 2], fault: &RowFault) -> Row {
    Row {
        number: None,
        entities,
        id: None,
        names,
        pair: Err(fault.clone()),
    }
}
