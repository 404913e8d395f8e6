//! SD records: a mol block to the toolkit's structure.
//!
//! Comes in: one record, V2000 or V3000 by its counts line, with or without data fields behind `M  END`. Goes out: the
//! structure with its wedge and double-bond stereo. The reader keeps explicit hydrogens; they are removed when the structure is
//! written as canonical SMILES.

use ::chematic::mol::{parse_mol, parse_mol_v3000};

use super::chemistry::MAX_HEAVY_ATOMS;
use crate::{Error, ErrorKind};

type Structure = ::chematic::core::Molecule;

/// Longest record that is read, in bytes.
const MAX_RECORD: usize = 1_000_000;
/// Most atom lines that are read, explicit hydrogens included.
const MAX_ATOMS: usize = 4 * MAX_HEAVY_ATOMS;

fn refuse(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Molecule, format!("invalid SD record: {reason}"))
}

/// Splits an SD record behind its `M  END` line: the mol block with that line, and the data fields. `None` where the line is
/// missing.
pub fn split_sd_record(record: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    for line in record.split_inclusive('\n') {
        end += line.len();
        if line.trim_end() == "M  END" {
            return Some(record.split_at(end));
        }
    }
    None
}

/// Reads the mol block of `record`.
pub(super) fn structure(record: &str) -> Result<Structure, Error> {
    if record.len() > MAX_RECORD {
        return Err(refuse(format!("{} bytes, the limit is {MAX_RECORD}", record.len())));
    }
    // Three header lines, then the counts line, which names the version; what follows `M  END` are data fields.
    let Some(counts) = record.lines().nth(3) else {
        return Err(refuse("it ends before the counts line (line 4)"));
    };
    let Some((block, _)) = split_sd_record(record) else {
        return Err(refuse("`M  END` is missing; is the file cut short?"));
    };
    // The reader needs plain line ends.
    let block: String = block
        .lines()
        .flat_map(|line| [line.trim_end_matches('\r'), "\n"])
        .collect();
    let parse = if counts.contains("V3000") {
        parse_mol_v3000
    } else {
        parse_mol
    };
    let (structure, _) = parse(&block).map_err(refuse)?;
    if structure.atom_count() == 0 {
        return Err(refuse("it has no atoms"));
    }
    if structure.atom_count() > MAX_ATOMS {
        return Err(refuse(format!(
            "{} atoms, the limit is {MAX_ATOMS}",
            structure.atom_count()
        )));
    }
    if structure.atoms().any(|(_, atom)| atom.wildcard) {
        return Err(refuse(
            "it holds a wildcard or query atom; give a fully specified structure",
        ));
    }
    Ok(structure)
}

#[cfg(test)]
mod tests {
    use super::split_sd_record;

    #[test]
    fn a_record_is_split_behind_its_end_line() {
        assert_eq!(
            split_sd_record("a\nM  END \r\n> <X>\n1\n"),
            Some(("a\nM  END \r\n", "> <X>\n1\n"))
        );
        assert_eq!(split_sd_record("a\nM  END"), Some(("a\nM  END", "")));
        assert_eq!(split_sd_record("a\nM  ENDING\n"), None);
    }
}
