//! The `graph` modality: a molecule as categorical atom and bond fields plus its counted circular substructures.
//!
//! Comes in: a gated [`Molecule`](crate::entity::molecule::Molecule). Goes out: [`GraphFeatures`], plain arrays without tensors.
//! Axis legend: `N` atoms, `E` directed bonds (two per chemical bond).

/// Number of categorical fields of an atom.
pub const ATOM_FIELDS: usize = 9;
/// Number of categories of each atom field; every stored value is below its entry.
///
/// Order: element, total degree, formal charge, hybridisation, implicit + explicit H count, aromatic, in ring,
/// chirality, radical or isotope flag.
pub const ATOM_FIELD_SIZES: [usize; ATOM_FIELDS] = [119, 12, 12, 8, 10, 2, 2, 4, 2];
/// Number of categorical fields of a bond.
pub const BOND_FIELDS: usize = 4;
/// Number of categories of each bond field: order (single, double, triple, aromatic, other), conjugated, in ring, stereo.
pub const BOND_FIELD_SIZES: [usize; BOND_FIELDS] = [5, 2, 2, 6];

/// One chemical bond between atoms `a` and `b` (`a < b`) with its categorical fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BondFeatures {
    /// First atom.
    pub a: u32,
    /// Second atom.
    pub b: u32,
    /// One category per bond field, see [`BOND_FIELD_SIZES`].
    pub fields: [u8; BOND_FIELDS],
}

/// Arrays of one molecule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphFeatures {
    /// Categorical atom fields, `[N][ATOM_FIELDS]`.
    pub atoms: Vec<[u8; ATOM_FIELDS]>,
    /// Undirected bonds.
    pub bonds: Vec<BondFeatures>,
    /// Counted circular substructures (unfolded ECFP identifiers of all radii up to 3), sorted by identifier, each once.
    pub substructures: Vec<(u32, u16)>,
}
