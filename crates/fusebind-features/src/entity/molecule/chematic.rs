//! The chemistry toolkit behind [`Chemistry`]: chematic, through its RDKit-compatible functions only.
//!
//! Comes in: SMILES or SD text. Goes out: [`Molecule`]. The crate's own aromaticity, canonical order and fragment choice
//! differ from RDKit's and its fingerprints do not validate, so everything goes through the syntax gate and the sanitised
//! model first.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use ::chematic::smiles::{
    RdkitSmilesError, ogb_graph_features, parse, rdkit_canonical_smiles, rdkit_murcko_scaffold, rdkit_parsed_molecule,
};

use super::{
    charge,
    chemistry::{Chemistry, MAX_HEAVY_ATOMS, Molecule, Standardise},
    circular, counter_ion, fields, gate,
    salt::{self, Fragment},
    sd,
};
use crate::{
    Error, ErrorKind,
    entity::kind::{TextKind, shortened},
    feature::graph::GraphFeatures,
};

type Structure = ::chematic::core::Molecule;

/// Most rounds of reading and writing a canonical SMILES until it no longer changes.
const CANONICAL_ROUNDS: usize = 8;

/// Which field of an atom says whether it is in a ring.
const IN_RING: usize = 8;

/// The toolkit that ships with fusebind, with standardised molecules: short for [`Standardise::Parent`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ChematicToolkit;

impl Chemistry for ChematicToolkit {
    fn molecule(&self, smiles: &str) -> Result<Molecule, Error> {
        Standardise::Parent.molecule(smiles)
    }

    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error> {
        Standardise::Parent.molecule_from_sd(record)
    }
}

/// The toolkit that ships with fusebind, with molecules made so.
impl Chemistry for Standardise {
    fn molecule(&self, smiles: &str) -> Result<Molecule, Error> {
        let clean = gate::check(smiles).map_err(|fault| mistaken(smiles).unwrap_or(fault))?;
        guarded(|| canonical(&parse_structure(&clean)?).and_then(|whole| from_canonical(whole, *self)))
    }

    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error> {
        guarded(|| {
            let structure = sd::structure(record)?;
            check_size(&structure)?;
            // Written out and read back, so that explicit hydrogens are removed and a record gives what its SMILES gives.
            let written = canonical(&structure)?;
            canonical(&parse_structure(&written)?).and_then(|whole| from_canonical(whole, *self))
        })
    }

    fn standardise(&self) -> Standardise {
        *self
    }
}

/// What a text is that is no SMILES, where its shape tells.
fn mistaken(text: &str) -> Option<Error> {
    let kind = TextKind::of_structure(text)?;
    let shown = shortened(text);
    let reason = format!(
        "`{}` looks like {kind}, not a SMILES: give the structure as SMILES",
        shown.escape_debug()
    );
    Some(Error::new(ErrorKind::Molecule, reason))
}

impl Molecule {
    /// Canonical SMILES of the Murcko scaffold (Bemis & Murcko 1996, doi 10.1021/jm9602928); empty for acyclic molecules.
    pub fn scaffold(&self) -> Result<String, Error> {
        // Without a ring there is none, and nothing to read.
        if self.graph.atoms.iter().all(|fields| fields[IN_RING] == 0) {
            return Ok(String::new());
        }
        guarded(|| rdkit_murcko_scaffold(&parse_structure(&self.smiles)?).map_err(reason_of))
    }
}

/// The toolkit may panic: then one molecule is refused and the run continues.
fn guarded<T>(read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(refuse(
            "the chemistry toolkit failed on it; please report this molecule",
        ))
    })
}

fn refuse(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Molecule, format!("invalid structure: {reason}"))
}

/// The toolkit's message without the name of its function.
fn reason_of(error: RdkitSmilesError) -> Error {
    match error {
        RdkitSmilesError::Sanitization(what) => refuse(what),
        RdkitSmilesError::Unsupported(what) => refuse(format!("it cannot be represented: {what}")),
    }
}

fn canonical(structure: &Structure) -> Result<String, Error> {
    rdkit_canonical_smiles(structure).map_err(reason_of)
}

fn parse_structure(smiles: &str) -> Result<Structure, Error> {
    let structure = parse(smiles).map_err(refuse)?;
    check_size(&structure)?;
    Ok(structure)
}

fn check_size(structure: &Structure) -> Result<(), Error> {
    let heavy = heavy_atoms(structure);
    if heavy > MAX_HEAVY_ATOMS {
        return Err(refuse(format!("{heavy} heavy atoms, the limit is {MAX_HEAVY_ATOMS}")));
    }
    Ok(())
}

fn heavy_atoms(structure: &Structure) -> usize {
    structure
        .atoms()
        .filter(|(_, atom)| atom.element.atomic_number() > 1)
        .count()
}

fn from_canonical(whole: String, standardise: Standardise) -> Result<Molecule, Error> {
    let (smiles, structure) = if standardise == Standardise::None {
        settle(whole, Spelling::OfFragment)?
    } else if whole.contains('.') {
        let fragments = whole.split('.').map(fragment).collect::<Result<Vec<_>, _>>()?;
        refuse_lost_metals(&fragments)?;
        let parent = salt::parent(fragments).ok_or_else(|| refuse("no atoms are left"))?;
        settle(parent.smiles, Spelling::OfFragment)?
    } else {
        neutral(whole)?
    };
    featurise(smiles, structure)
}

/// The uncharged form of a molecule of one fragment.
fn neutral(smiles: String) -> Result<(String, Structure), Error> {
    // Charges stand in brackets; most molecules have none.
    let may_be_charged = smiles.contains('[') && smiles.contains(['+', '-']);
    let settled = settle(smiles, Spelling::OfWhole)?;
    let neutral = may_be_charged.then(|| charge::uncharged(&settled.1)).flatten();
    // A form that cannot be written is none: the molecule keeps its charges.
    let written = neutral.and_then(|neutral| settle(canonical(&neutral).ok()?, Spelling::OfFragment).ok());
    Ok(written.unwrap_or(settled))
}

/// Whether the molecule with this canonical SMILES is a listed counter-ion or solvent.
pub fn is_counter_ion(smiles: &str) -> bool {
    listed().contains(smiles)
}

/// Canonical SMILES of the listed counter-ions and solvents.
fn listed() -> &'static HashSet<String> {
    static LISTED: OnceLock<HashSet<String>> = OnceLock::new();
    LISTED.get_or_init(|| {
        let spelled = |(_, smiles): &(&str, &str)| {
            let written = canonical(&parse_structure(smiles).ok()?).ok()?;
            Some(neutral(written).ok()?.0)
        };
        counter_ion::LISTED.iter().filter_map(spelled).collect()
    })
}

/// A metal that stands beside an organic part belongs to a complex, unless it is a usual counter-ion: without it the rest is another
/// compound.
fn refuse_lost_metals(fragments: &[Fragment]) -> Result<(), Error> {
    let lost = fragments.iter().find(|fragment| fragment.is_metal && !fragment.listed);
    match lost.filter(|_| fragments.iter().any(|fragment| fragment.organic)) {
        None => Ok(()),
        Some(metal) => Err(refuse(format!(
            "the metal {} is written apart from what it is bound to; write the bonds of the complex, or leave the metal out if it is a counter-ion",
            metal.smiles
        ))),
    }
}

fn fragment(smiles: &str) -> Result<Fragment, Error> {
    let (smiles, structure) = neutral(smiles.into())?;
    let mut fragment = Fragment {
        listed: listed().contains(&smiles),
        is_metal: structure.atom_count() == 1
            && structure
                .atoms()
                .all(|(_, atom)| is_metal(atom.element.atomic_number())),
        smiles,
        organic: false,
        heavy_atoms: 0,
        millidalton: 0,
    };
    for (index, atom) in structure.atoms() {
        let number = atom.element.atomic_number();
        fragment.organic |= number == 6;
        fragment.heavy_atoms += usize::from(number > 1);
        let mass = atom.isotope.map_or(atom.element.atomic_mass(), f64::from);
        let hydrogens = atom
            .hydrogen_count
            .unwrap_or_else(|| structure.implicit_hydrogen_count(index));
        fragment.millidalton += ((mass + 1.008 * f64::from(hydrogens)) * 1000.0).round() as u64;
    }
    Ok(fragment)
}

/// Whether an element is a metal.
fn is_metal(number: u8) -> bool {
    !matches!(number, 1 | 2 | 5..=10 | 14..=18 | 32..=36 | 52..=54 | 85 | 86)
}

/// What a canonical SMILES was written for.
#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    OfWhole,
    OfFragment,
}

/// Reads and writes a canonical SMILES until it no longer changes, so that the canonical SMILES of a canonical SMILES is itself.
///
/// The part of a mixture's SMILES need not be canonical on its own.
fn settle(mut smiles: String, spelling: Spelling) -> Result<(String, Structure), Error> {
    let mut visited: Vec<String> = Vec::new();
    loop {
        let structure = parse_structure(&smiles)?;
        // Stereo marks and unusual valences have several canonical spellings; without them one round in three is saved.
        if spelling == Spelling::OfWhole && is_plain(&smiles) {
            return Ok((smiles, structure));
        }
        let again = canonical(&structure)?;
        if again == smiles {
            return Ok((smiles, structure));
        }
        if visited.len() >= CANONICAL_ROUNDS && !visited.contains(&again) {
            return Err(refuse(
                "its canonical SMILES does not settle; please report this molecule",
            ));
        }
        if let Some(first) = visited.iter().position(|other| *other == again) {
            // A few cages cycle through several spellings. The first of the cycle in byte order is used, and not one on the way into it:
            // reading it leads to the same cycle, and never back to the way.
            visited.push(smiles);
            let smiles = visited.drain(first..).min().expect("a spelling was just added");
            let structure = parse_structure(&smiles)?;
            return Ok((smiles, structure));
        }
        visited.push(smiles);
        smiles = again;
    }
}

/// Atoms in brackets that have one spelling; others are charges, valences, isotopes and elements that may have more.
const PLAIN_BRACKETS: [&str; 9] = [
    "[nH]", "[n+]", "[N+]", "[NH+]", "[NH2+]", "[NH3+]", "[O-]", "[N-]", "[n-]",
];

/// Whether a canonical SMILES has one spelling only: no stereo marks, usual elements and valences, few rings.
fn is_plain(smiles: &str) -> bool {
    let bytes = smiles.as_bytes();
    let boron = bytes.windows(2).any(|pair| pair[0] == b'B' && pair[1] != b'r') || bytes.last() == Some(&b'B');
    let unusual = smiles.contains(['@', '/', '\\', 'P', 'p', 'b', '%', '5'])
        || ["I=", "=I", "Cl=", "Br=", "Cl(=", "Br("]
            .iter()
            .any(|text| smiles.contains(text));
    // A double bond to a sulphur that has more neighbours: rings of them are aromatic in one spelling and not in another.
    let sulphur = (smiles.match_indices("=S")).any(|(at, _)| matches!(bytes.get(at + 2), Some(b'(' | b'0'..=b'9')));
    let in_brackets = smiles
        .match_indices('[')
        .any(|(at, _)| !PLAIN_BRACKETS.iter().any(|plain| smiles[at..].starts_with(plain)));
    let rings = !has_hetero_run(bytes) && aromatic_sulphur_is_plain(bytes);
    !boron && !unusual && !sulphur && !in_brackets && rings && is_mostly_carbon(bytes)
}

/// Whether there are at least four carbon atoms for each three of nitrogen, oxygen and sulphur: rings of little else are aromatic in one spelling
/// and not in another.
fn is_mostly_carbon(smiles: &[u8]) -> bool {
    let carbon = |at: usize| matches!(smiles[at], b'C' | b'c') && smiles.get(at + 1) != Some(&b'l');
    let carbons = (0..smiles.len()).filter(|at| carbon(*at)).count();
    let others = smiles.iter().filter(|byte| b"NOSnos".contains(byte)).count();
    4 * others <= 3 * carbons
}

/// Whether each aromatic sulphur has its two neighbours in the ring and no other: with three it is aromatic in one spelling alone.
fn aromatic_sulphur_is_plain(smiles: &[u8]) -> bool {
    let of = |at: usize| {
        let before = at.checked_sub(1).map(|before| smiles[before]);
        let after = smiles[at + 1..].iter().find(|byte| !byte.is_ascii_digit());
        before.is_some_and(|byte| matches!(byte, b'c' | b'n' | b'o' | b'0'..=b'9'))
            && after.is_none_or(|byte| matches!(byte, b'c' | b'n' | b'o' | b')'))
    };
    (0..smiles.len()).filter(|at| smiles[*at] == b's').all(of)
}

/// Whether three atoms that are neither carbon nor aromatic follow each other: rings of them may become aromatic when they are read again.
fn has_hetero_run(smiles: &[u8]) -> bool {
    let mut run = 0;
    smiles.iter().any(|byte| {
        run = match byte {
            b'N' | b'O' | b'S' => run + 1,
            byte if byte.is_ascii_alphabetic() && *byte != b'H' => 0,
            _ => run,
        };
        run >= 3
    })
}

fn featurise(smiles: String, structure: Structure) -> Result<Molecule, Error> {
    let ogb = ogb_graph_features(&structure).map_err(reason_of)?;
    // Hydrogens that are folded into their neighbours shift the atom numbers: go on with the structure that keeps them.
    let structure = if ogb.node_feat.len() == structure.atom_count() {
        structure
    } else {
        rdkit_parsed_molecule(&structure)
            .filter(|kept| kept.atom_count() == ogb.node_feat.len())
            .ok_or_else(|| refuse("its hydrogen atoms cannot be folded into their neighbours"))?
    };
    let heavy_atoms = heavy_atoms(&structure);
    if heavy_atoms == 0 {
        return Err(refuse("it has no heavy atom"));
    }
    let (substructures, fingerprint) = circular::substructures(&structure, &ogb).map_err(refuse)?;
    let graph = GraphFeatures {
        atoms: fields::atoms(&ogb),
        bonds: fields::bonds(&ogb),
        substructures,
    };
    Ok(Molecule {
        smiles,
        heavy_atoms,
        graph,
        fingerprint,
    })
}
