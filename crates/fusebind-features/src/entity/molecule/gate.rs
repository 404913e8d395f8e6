//! The syntax gate in front of the toolkit: raw text to a SMILES that is safe to parse.
//!
//! Comes in: the text of a cell. Goes out: the SMILES alone, without surrounding space, trailing name and atom-map numbers; or
//! an [`Error`] with the byte position. The grammar follows OpenSMILES (<http://opensmiles.org/opensmiles.html>); the
//! toolkit accepts several strings that are not SMILES (`C..C`, `.C`, `C.`, `C()C`, `C11`), so the structure is checked
//! here and only elements, valences and aromaticity are left to it.

use std::collections::{HashMap, HashSet};

use super::chemistry::MAX_SMILES;
use crate::{Error, ErrorKind};

/// Deepest nesting of branches.
const MAX_BRANCH_DEPTH: usize = 100;

fn error(reason: impl Into<String>, position: usize) -> Error {
    let reason: String = reason.into();
    Error::new(ErrorKind::Molecule, format!("{reason} (character {})", position + 1)).at(position)
}

/// Checks `raw` and returns the SMILES in it.
pub(super) fn check(raw: &str) -> Result<String, Error> {
    let trimmed = raw.trim();
    if trimmed.is_empty() {
        return Err(Error::new(ErrorKind::Molecule, "the SMILES is empty"));
    }
    // A name may follow after white space, as in .smi files; a line break inside a cell is a broken table instead.
    let smiles = trimmed.split([' ', '\t']).next().unwrap_or(trimmed);
    if smiles.len() > MAX_SMILES {
        return Err(Error::new(
            ErrorKind::Molecule,
            format!(
                "the SMILES has {} characters; at most {MAX_SMILES} are read",
                smiles.len()
            ),
        ));
    }
    let start = raw.len() - raw.trim_start().len();
    let mut scan = Scan::new(smiles, start);
    scan.run()?;
    Ok(scan.clean)
}

/// State of the scanner between two tokens.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// At the start or behind a dot: an atom must follow.
    Fresh,
    /// Behind an atom, a ring closure or a closed branch.
    Atom,
    /// Behind an opened branch: a bond or an atom must follow.
    Branch,
    /// Behind a bond symbol.
    Bond,
}

struct Scan<'a> {
    text: &'a [u8],
    smiles: &'a str,
    /// Byte offset of the SMILES in the raw cell, for positions in errors.
    start: usize,
    at: usize,
    place: Place,
    /// Atom that the next bond starts from.
    previous: usize,
    atoms: usize,
    branches: Vec<(usize, usize)>,
    open_rings: HashMap<u32, (usize, usize)>,
    bonds: HashSet<(usize, usize)>,
    clean: String,
}

impl<'a> Scan<'a> {
    fn new(smiles: &'a str, start: usize) -> Self {
        Self {
            text: smiles.as_bytes(),
            smiles,
            start,
            at: 0,
            place: Place::Fresh,
            previous: 0,
            atoms: 0,
            branches: Vec::new(),
            open_rings: HashMap::new(),
            bonds: HashSet::new(),
            clean: String::with_capacity(smiles.len()),
        }
    }

    fn fail<T>(&self, reason: impl Into<String>) -> Result<T, Error> {
        Err(error(reason, self.start + self.at))
    }

    fn run(&mut self) -> Result<(), Error> {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'[' => self.bracket()?,
                b'.' => self.dot()?,
                b'(' => self.open_branch()?,
                b')' => self.close_branch()?,
                b'-' | b'=' | b'#' | b'$' | b':' | b'/' | b'\\' | b'<' => self.bond()?,
                b'0'..=b'9' | b'%' => self.ring_closure()?,
                b'A'..=b'Z' | b'a'..=b'z' => self.organic_atom()?,
                b'*' => return self.fail("the SMILES holds a wildcard atom `*`; give a fully specified structure"),
                b'~' => return self.fail("`~` is a query bond of SMARTS; give a fully specified structure"),
                b'>' => return self.fail("`>` belongs to a reaction; give one molecule"),
                byte if byte.is_ascii_control() => return self.fail("the SMILES holds a control character"),
                byte if !byte.is_ascii() => {
                    let letter = self.smiles[self.at..].chars().next().unwrap_or('\u{fffd}');
                    return self.fail(format!("`{letter}` is not a SMILES character"));
                }
                byte => return self.fail(format!("`{}` is not a SMILES character", byte as char)),
            }
        }
        self.finish()
    }

    fn finish(&self) -> Result<(), Error> {
        match self.place {
            Place::Fresh => return self.fail("an atom must follow the last dot"),
            Place::Bond => return self.fail("the SMILES ends with a bond"),
            Place::Branch | Place::Atom => {}
        }
        if let Some(&(_, opened)) = self.branches.last() {
            return Err(error("the branch opened here is never closed", self.start + opened));
        }
        if let Some((label, (_, opened))) = self.open_rings.iter().min_by_key(|(_, (_, opened))| *opened) {
            return Err(error(
                format!("the ring closure {label} opened here is never closed"),
                self.start + opened,
            ));
        }
        Ok(())
    }

    fn atom(&mut self) {
        if matches!(self.place, Place::Atom | Place::Branch | Place::Bond) {
            self.bonds.insert((self.previous, self.atoms));
        }
        self.previous = self.atoms;
        self.atoms += 1;
        self.place = Place::Atom;
    }

    fn organic_atom(&mut self) -> Result<(), Error> {
        let rest = &self.text[self.at..];
        let width = match rest {
            [b'C', b'l', ..] | [b'B', b'r', ..] => 2,
            [b'B' | b'C' | b'N' | b'O' | b'P' | b'S' | b'F' | b'I', ..] => 1,
            [b'b' | b'c' | b'n' | b'o' | b'p' | b's', ..] => 1,
            _ => {
                return self.fail(format!(
                    "`{}` is not an atom outside brackets; write other elements as [Xx]",
                    rest[0] as char
                ));
            }
        };
        self.clean.push_str(&self.smiles[self.at..self.at + width]);
        self.at += width;
        self.atom();
        Ok(())
    }

    fn bracket(&mut self) -> Result<(), Error> {
        let Some(width) = self.text[self.at..].iter().position(|&byte| byte == b']') else {
            return self.fail("the bracket opened here is never closed");
        };
        let inside = &self.smiles[self.at + 1..self.at + width];
        if inside.is_empty() {
            return self.fail("the brackets hold no atom");
        }
        if let Some(bad) = inside
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !"+-@:#*".contains(*c))
        {
            return self.fail(format!(
                "`{}` is not allowed in an atom of a plain SMILES",
                bad.escape_default()
            ));
        }
        if inside.contains('*') {
            return self.fail(format!(
                "[{inside}] is a wildcard atom; give a fully specified structure"
            ));
        }
        // Atom maps number atoms for reactions and would make one molecule two identities.
        let (atom, map) = inside.split_once(':').unwrap_or((inside, "0"));
        if atom.is_empty() || map.is_empty() || !map.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.fail(format!("[{inside}] is not an atom"));
        }
        self.clean.push('[');
        self.clean.push_str(atom);
        self.clean.push(']');
        self.at += width + 1;
        self.atom();
        Ok(())
    }

    fn dot(&mut self) -> Result<(), Error> {
        if self.place != Place::Atom {
            return self.fail("a dot must separate two molecules");
        }
        self.place = Place::Fresh;
        self.keep(1);
        Ok(())
    }

    fn open_branch(&mut self) -> Result<(), Error> {
        if self.place != Place::Atom {
            return self.fail("a branch must follow an atom");
        }
        if self.branches.len() >= MAX_BRANCH_DEPTH {
            return self.fail(format!("branches are nested more than {MAX_BRANCH_DEPTH} deep"));
        }
        self.branches.push((self.previous, self.at));
        self.place = Place::Branch;
        self.keep(1);
        Ok(())
    }

    fn close_branch(&mut self) -> Result<(), Error> {
        match self.place {
            Place::Branch => return self.fail("the branch is empty"),
            Place::Bond => return self.fail("the branch ends with a bond"),
            Place::Fresh => return self.fail("an atom must follow the dot"),
            Place::Atom => {}
        }
        let Some((previous, _)) = self.branches.pop() else {
            return self.fail("`)` closes no branch");
        };
        self.previous = previous;
        self.keep(1);
        Ok(())
    }

    fn bond(&mut self) -> Result<(), Error> {
        let width = match &self.text[self.at..] {
            [b'-', b'>', ..] | [b'<', b'-', ..] => 2,
            [b'<', ..] => return self.fail("`<` is not a bond"),
            _ => 1,
        };
        match self.place {
            Place::Fresh => return self.fail("a bond must follow an atom"),
            Place::Bond => return self.fail("two bonds follow each other"),
            Place::Atom | Place::Branch => {}
        }
        self.place = Place::Bond;
        self.keep(width);
        Ok(())
    }

    fn ring_closure(&mut self) -> Result<(), Error> {
        if matches!(self.place, Place::Fresh | Place::Branch) {
            return self.fail("a ring closure must follow an atom");
        }
        let (label, width) = self.ring_label()?;
        match self.open_rings.remove(&label) {
            None => {
                self.open_rings.insert(label, (self.previous, self.at));
            }
            Some((atom, _)) if atom == self.previous => {
                return self.fail(format!("the ring closure {label} bonds an atom to itself"));
            }
            Some((atom, _)) => {
                let bond = (atom.min(self.previous), atom.max(self.previous));
                if !self.bonds.insert(bond) {
                    return self.fail(format!(
                        "the ring closure {label} repeats a bond between the same two atoms"
                    ));
                }
            }
        }
        self.place = Place::Atom;
        self.keep(width);
        Ok(())
    }

    fn ring_label(&self) -> Result<(u32, usize), Error> {
        let digits = |from: usize, to: usize| {
            self.smiles
                .get(from..to)
                .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|digits| digits.parse::<u32>().ok())
        };
        let found = match &self.text[self.at..] {
            [b'%', b'(', rest @ ..] => rest
                .iter()
                .take(6)
                .position(|&byte| byte == b')')
                .and_then(|width| Some((digits(self.at + 2, self.at + 2 + width)?, width + 3))),
            [b'%', ..] => digits(self.at + 1, self.at + 3).map(|label| (label, 3)),
            _ => digits(self.at, self.at + 1).map(|label| (label, 1)),
        };
        match found {
            Some(found) => Ok(found),
            None => self.fail("`%` must be followed by two digits, or by digits in brackets as in %(100)"),
        }
    }

    fn keep(&mut self, width: usize) {
        self.clean.push_str(&self.smiles[self.at..self.at + width]);
        self.at += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_toolkits_let_through_are_refused() {
        for (smiles, position) in [
            ("C..C", 2),
            (".C", 0),
            ("C.", 2),
            ("C()C", 2),
            ("C11", 2),
            ("C12CC12", 6),
            ("C1CC", 1),
            ("C(C", 1),
            ("C)C", 1),
            ("C=", 2),
            ("=C", 0),
            ("C=#C", 2),
            ("C(=)C", 3),
            ("1CC1", 0),
            ("(C)C", 0),
            ("C(.C)", 2),
            ("C%1CC", 1),
            ("[C", 0),
            ("[]", 0),
            ("C*", 1),
            ("[*:1]C", 0),
            ("C~C", 1),
            ("CC>>CC", 2),
            ("C\u{e9}", 1),
            ("C\u{0}C", 1),
            ("C\nC", 1),
            ("CX", 1),
            ("  C=", 4),
            ("[C;H]", 0),
        ] {
            let error = check(smiles).expect_err(smiles);
            assert_eq!(error.position(), Some(position), "{smiles:?}: {error}");
        }
        assert!(check("").is_err() && check(" \t").is_err());
        assert!(check(&"C".repeat(MAX_SMILES)).is_ok());
        let long = check(&"C".repeat(MAX_SMILES + 1)).expect_err("too long").to_string();
        assert!(long.contains("5001") && long.contains("5000"), "{long}");
        assert!(check(&format!("C{}C{}", "(C".repeat(200), ")".repeat(200))).is_err());
    }

    #[test]
    fn names_and_atom_maps_are_taken_off() {
        for (raw, clean) in [
            (" CCO ethanol", "CCO"),
            ("CCO\tethanol", "CCO"),
            ("[CH3:1][OH:12]", "[CH3][OH]"),
            ("C%12CCCCC%12", "C%12CCCCC%12"),
            ("C%(100)CC%(100)", "C%(100)CC%(100)"),
            ("N->[Fe]<-N", "N->[Fe]<-N"),
            ("F/C=C\\F.[Na+]", "F/C=C\\F.[Na+]"),
            ("C1.C1", "C1.C1"),
            ("CC(C)(C)c1ccc2c(c1)[nH]c2", "CC(C)(C)c1ccc2c(c1)[nH]c2"),
        ] {
            assert_eq!(check(raw).as_deref(), Ok(clean));
        }
    }
}
