//! Simple properties of a molecule, counted on its graph.
//!
//! Comes in: a molecule. Goes out: numbers. Donors and acceptors are those of Lipinski et al. 1997 (doi 10.1016/S0169-409X(96)00423-1): hydrogens
//! on N and O, and N and O. Rings are independent cycles.

use super::chemistry::Molecule;
use crate::feature::graph::BondFeatures;

/// A property that a compound is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// Heavy atoms.
    HeavyAtoms,
    /// Molecular weight in Da.
    Weight,
    /// Hydrogens on N and O.
    Donors,
    /// N and O.
    Acceptors,
    /// Single bonds outside of rings between atoms that have further neighbours.
    RotatableBonds,
    /// Formal charge.
    Charge,
    /// Independent rings.
    Rings,
}

/// Standard atomic weights (IUPAC) by atomic number; mass number of the longest-lived isotope where there is none.
const WEIGHTS: [f64; 118] = [
    1.008, 4.0026, 6.94, 9.0122, 10.81, 12.011, 14.007, 15.999, 18.998, 20.180, 22.990, 24.305, 26.982, 28.085, 30.974,
    32.06, 35.45, 39.95, 39.098, 40.078, 44.956, 47.867, 50.942, 51.996, 54.938, 55.845, 58.933, 58.693, 63.546, 65.38,
    69.723, 72.630, 74.922, 78.971, 79.904, 83.798, 85.468, 87.62, 88.906, 91.224, 92.906, 95.95, 97.0, 101.07, 102.91,
    106.42, 107.87, 112.41, 114.82, 118.71, 121.76, 127.60, 126.90, 131.29, 132.91, 137.33, 138.91, 140.12, 140.91,
    144.24, 145.0, 150.36, 151.96, 157.25, 158.93, 162.50, 164.93, 167.26, 168.93, 173.05, 174.97, 178.49, 180.95,
    183.84, 186.21, 190.23, 192.22, 195.08, 196.97, 200.59, 204.38, 207.2, 208.98, 209.0, 210.0, 222.0, 223.0, 226.0,
    227.0, 232.04, 231.04, 238.03, 237.0, 244.0, 243.0, 247.0, 247.0, 251.0, 252.0, 257.0, 258.0, 259.0, 262.0, 267.0,
    270.0, 269.0, 270.0, 270.0, 278.0, 281.0, 281.0, 285.0, 286.0, 289.0, 289.0, 293.0, 293.0, 294.0,
];

impl Property {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::HeavyAtoms,
        Self::Weight,
        Self::Donors,
        Self::Acceptors,
        Self::RotatableBonds,
        Self::Charge,
        Self::Rings,
    ];

    /// Their names in flags and stored libraries, in the same order.
    pub const NAMES: [&'static str; 7] = [
        "heavy-atoms",
        "weight",
        "donors",
        "acceptors",
        "rotatable-bonds",
        "charge",
        "rings",
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Its value of `molecule`.
    pub fn of(self, molecule: &Molecule) -> f64 {
        let atoms = &molecule.graph.atoms;
        // Fields are atomic number - 1, .., formal charge + 5, hydrogens, ..
        let is_polar = |atom: &&[u8; 9]| matches!(atom[0] + 1, 7 | 8);
        let weight =
            |atom: &[u8; 9]| WEIGHTS.get(usize::from(atom[0])).unwrap_or(&0.0) + f64::from(atom[4]) * WEIGHTS[0];
        match self {
            Self::HeavyAtoms => atoms.len() as f64,
            Self::Weight => atoms.iter().map(weight).sum(),
            Self::Donors => atoms.iter().filter(is_polar).map(|atom| f64::from(atom[4])).sum(),
            Self::Acceptors => atoms.iter().filter(is_polar).count() as f64,
            Self::RotatableBonds => rotatable_bonds(molecule) as f64,
            Self::Charge => atoms.iter().map(|atom| f64::from(atom[3]) - 5.0).sum(),
            Self::Rings => rings(molecule) as f64,
        }
    }
}

fn rotatable_bonds(molecule: &Molecule) -> usize {
    let graph = &molecule.graph;
    let mut degree = vec![0u32; graph.atoms.len()];
    for bond in &graph.bonds {
        degree[bond.a as usize] += 1;
        degree[bond.b as usize] += 1;
    }
    let is_inner = |at: u32| degree[at as usize] > 1;
    let bonds = graph.bonds.iter();
    bonds
        .filter(|bond| bond.fields[0] == 0 && bond.fields[3] == 0 && is_inner(bond.a) && is_inner(bond.b))
        .count()
}

/// Bonds that close a ring when the graph is put together bond by bond.
fn rings(molecule: &Molecule) -> usize {
    fn root(parts: &[usize], mut at: usize) -> usize {
        while parts[at] != at {
            at = parts[at];
        }
        at
    }
    let mut parts: Vec<usize> = (0..molecule.graph.atoms.len()).collect();
    let closes = |bond: &&BondFeatures| {
        let [a, b] = [bond.a, bond.b].map(|at| root(&parts, at as usize));
        parts[a] = b;
        a == b
    };
    molecule.graph.bonds.iter().filter(closes).count()
}

impl std::str::FromStr for Property {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|property| property.name() == name);
        found.ok_or_else(|| format!("`{name}` is none of {}", Self::NAMES.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::molecule::{ChematicToolkit, Chemistry};

    #[test]
    fn names_lead_back_to_their_properties() {
        for property in Property::ALL {
            assert_eq!(property.name().parse(), Ok(property));
        }
        assert!("size".parse::<Property>().is_err());
    }

    #[test]
    fn properties_are_those_of_the_structure() {
        let of = |smiles: &str| {
            let molecule = ChematicToolkit.molecule(smiles).expect("is valid");
            Property::ALL.map(|property| property.of(&molecule))
        };
        let aspirin = of("CC(=O)Oc1ccccc1C(=O)O");
        assert!((aspirin[1] - 180.16).abs() < 0.01, "{}", aspirin[1]);
        assert_eq!(
            [aspirin[0], aspirin[2], aspirin[3], aspirin[5], aspirin[6]],
            [13.0, 1.0, 4.0, 0.0, 1.0]
        );
        assert_eq!(of("c1ccc2ccccc2c1")[6], 2.0);
        assert_eq!(of("C[N+](C)(C)C")[5], 1.0);
    }
}
