//! A batch: distinct drugs, distinct targets and index pairs between them.
//!
//! This is the law the engine rests on: an entity is encoded once per batch and gathered to its pairs.
//! Ragged arrays are packed behind offsets, never padded. Axis legend: `B` entities, `N` atoms, `E` directed bonds,
//! `L` residues (all summed over the batch), `P` pairs.

mod bag;
mod row_index;

pub use bag::{Bag, Words};
pub use row_index::RowIndex;

use crate::feature::{
    graph::{ATOM_FIELDS, BOND_FIELDS, GraphFeatures},
    sequence::SequenceFeatures,
};

/// Molecular graphs packed one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphBatch {
    /// First atom of each graph, and the total as the last entry, `[B + 1]`.
    pub offsets: Vec<u32>,
    /// Categorical atom fields, `[N][ATOM_FIELDS]`.
    pub atoms: Vec<[u8; ATOM_FIELDS]>,
    /// Atom that each directed bond comes from, `[E]`.
    pub source: Vec<u32>,
    /// First incoming directed bond of each atom, `[N + 1]`: bonds are sorted by the atom they lead to.
    pub incoming: Vec<u32>,
    /// Categorical bond fields, `[E][BOND_FIELDS]`.
    pub bonds: Vec<[u8; BOND_FIELDS]>,
}

impl GraphBatch {
    /// Packs `graphs` in their order.
    pub fn pack<'a>(graphs: impl IntoIterator<Item = &'a GraphFeatures>) -> Self {
        let mut batch = Self {
            offsets: vec![0],
            incoming: vec![0],
            ..Self::default()
        };
        for graph in graphs {
            batch.push(graph);
        }
        batch
    }

    fn push(&mut self, graph: &GraphFeatures) {
        let first = self.atoms.len() as u32;
        self.atoms.extend_from_slice(&graph.atoms);
        self.offsets.push(self.atoms.len() as u32);
        let mut directed: Vec<(u32, u32, [u8; BOND_FIELDS])> = Vec::with_capacity(2 * graph.bonds.len());
        for bond in &graph.bonds {
            directed.push((bond.b, bond.a, bond.fields));
            directed.push((bond.a, bond.b, bond.fields));
        }
        directed.sort_by_key(|&(to, from, _)| (to, from));
        let mut next = directed.into_iter().peekable();
        for atom in 0..graph.atoms.len() as u32 {
            while let Some((_, from, fields)) = next.next_if(|&(to, _, _)| to == atom) {
                self.source.push(first + from);
                self.bonds.push(fields);
            }
            self.incoming.push(self.source.len() as u32);
        }
    }

    /// Number of graphs `B`.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether the batch holds no graph.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Residue tokens packed one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SequenceBatch {
    /// First residue of each sequence, and the total as the last entry, `[B + 1]`.
    pub offsets: Vec<u32>,
    /// Residue tokens, `[L]`.
    pub residues: Vec<u8>,
}

impl SequenceBatch {
    /// Packs `sequences` in their order.
    pub fn pack<'a>(sequences: impl IntoIterator<Item = &'a SequenceFeatures>) -> Self {
        let mut batch = Self {
            offsets: vec![0],
            residues: Vec::new(),
        };
        for sequence in sequences {
            batch.residues.extend_from_slice(&sequence.residues);
            batch.offsets.push(batch.residues.len() as u32);
        }
        batch
    }

    /// Number of sequences `B`.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether the batch holds no sequence.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Index pairs between the distinct drugs and the distinct targets of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairIndex {
    /// Position of the pair's drug among the batch's drugs, `[P]`.
    pub drug: Vec<u32>,
    /// Position of the pair's target among the batch's targets, `[P]`.
    pub target: Vec<u32>,
}

impl PairIndex {
    /// Number of pairs `P`.
    pub fn len(&self) -> usize {
        self.drug.len()
    }

    /// Whether the batch holds no pair.
    pub fn is_empty(&self) -> bool {
        self.drug.is_empty()
    }
}
