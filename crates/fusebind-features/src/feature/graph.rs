//! The `graph` modality: a molecule as categorical atom and bond fields plus its counted circular substructures.
//!
//! Comes in: a gated [`Molecule`](crate::entity::molecule::Molecule). Goes out: [`GraphFeatures`], plain arrays without tensors.
//! Axis legend: `N` atoms, `E` directed bonds (two per chemical bond).

use serde::{Deserialize, Serialize};

/// Number of categorical fields of an atom.
pub const ATOM_FIELDS: usize = 9;
/// Number of categories of each atom field; every stored value is below its entry.
///
/// Order and categories are those of OGB (Hu et al. 2020, arXiv:2005.00687): element (atomic number - 1; 118 other),
/// chirality, total degree, formal charge (+ 5), hydrogens, radical electrons, hybridisation, aromatic, in a ring.
pub const ATOM_FIELD_SIZES: [usize; ATOM_FIELDS] = [119, 5, 12, 12, 10, 6, 6, 2, 2];
/// Number of categorical fields of a bond.
pub const BOND_FIELDS: usize = 4;
/// Number of categories of each bond field: order (single, double, triple, aromatic, other), stereo, conjugated, in a ring.
pub const BOND_FIELD_SIZES: [usize; BOND_FIELDS] = [5, 6, 2, 2];

/// One chemical bond between atoms `a` and `b` (`a < b`) with its categorical fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BondFeatures {
    /// First atom.
    pub a: u32,
    /// Second atom.
    pub b: u32,
    /// One category per bond field, see [`BOND_FIELD_SIZES`].
    pub fields: [u8; BOND_FIELDS],
}

/// Arrays of one molecule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GraphFeatures {
    /// Categorical atom fields, `[N][ATOM_FIELDS]`.
    pub atoms: Vec<[u8; ATOM_FIELDS]>,
    /// Undirected bonds.
    pub bonds: Vec<BondFeatures>,
    /// Counted circular substructures (unfolded ECFP identifiers of all radii up to 3), sorted by identifier, each once.
    pub substructures: Vec<(u32, u16)>,
}
