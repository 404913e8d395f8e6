//! What a SMILES must look like before a toolkit sees it.
//!
//! Toolkits differ in what they forgive; a string that RDKit refuses is refused here with its position. Comes in: a table
//! cell. Goes out: the SMILES without a trailing name.

use super::MAX_SMILES;
use crate::{Error, ErrorKind};

/// The SMILES in `cell`: trimmed, without the name that may follow it after white space.
pub(super) fn check(cell: &str) -> Result<&str, Error> {
    let refuse = |reason: String| Error::new(ErrorKind::Molecule, reason);
    let smiles = cell.split_whitespace().next().ok_or_else(|| refuse("empty SMILES: give a structure".into()))?;
    if smiles.chars().count() > MAX_SMILES {
        return Err(refuse(format!("SMILES of more than {MAX_SMILES} characters: this is no drug-like molecule")));
    }
    if let Some(position) = smiles.bytes().position(|b| !(0x21..0x7f).contains(&b)) {
        return Err(refuse(format!("character at position {} is not printable ASCII", position + 1)).at(position));
    }
    scan(smiles.as_bytes())?;
    Ok(smiles)
}

fn scan(text: &[u8]) -> Result<(), Error> {
    let at = |position: usize, reason: &str| {
        Err(Error::new(ErrorKind::Molecule, format!("{reason} at position {}", position + 1)).at(position))
    };
    let last = text.len() - 1;
    // Ring closures opened or closed on the current atom; closing on the same atom makes a bond to itself.
    let mut closures: Vec<u32> = Vec::new();
    let mut position = 0;
    while position < text.len() {
        let byte = text[position];
        let next = text.get(position + 1).copied();
        match byte {
            b'[' => {
                closures.clear();
                let length = text[position..].iter().position(|b| *b == b']');
                let Some(length) = length else { return at(position, "bracket without an end") };
                if text[position..position + length].contains(&b'*') {
                    return at(position, "wildcard atom `*` (fusebind needs a complete structure)");
                }
                position += length;
            }
            b'*' => return at(position, "wildcard atom `*` (fusebind needs a complete structure)"),
            b'.' if position == 0 || position == last || next == Some(b'.') => return at(position, "empty fragment"),
            b'.' => closures.clear(),
            b'(' if next == Some(b')') => return at(position, "empty branch"),
            b'%' | b'0'..=b'9' => {
                let (closure, length) = closure(&text[position..]);
                if closures.contains(&closure) {
                    return at(position, "ring closure from an atom to itself");
                }
                closures.push(closure);
                position += length - 1;
            }
            b'A'..=b'Z' | b'a'..=b'z' => closures.clear(),
            _ => {}
        }
        position += 1;
    }
    Ok(())
}

/// Number of the ring closure at the start of `text`, and the characters it takes.
fn closure(text: &[u8]) -> (u32, usize) {
    let digit = |i: usize| text.get(i).filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0'));
    match text[0] {
        b'%' => match (digit(1), digit(2)) {
            (Some(tens), Some(ones)) => (tens * 10 + ones, 3),
            // Malformed: the parser says so with its own words.
            _ => (u32::MAX, 1),
        },
        byte => (u32::from(byte - b'0'), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn accepts_what_rdkit_accepts() {
        for smiles in ["C", "c1ccccc1", "C12CC1CC2", "C%10CC%10", "[Na+].[Cl-]", "C1CC1.C1CC1", "CC(C)(C)O", "[nH]1cccc1"] {
            assert_eq!(check(smiles).unwrap(), smiles);
        }
        assert_eq!(check("  CCO ethanol  ").unwrap(), "CCO");
    }

    #[test]
    fn refuses_with_a_position() {
        for (smiles, position) in
            [("C..C", 1), (".C", 0), ("C.", 1), ("C()C", 1), ("C11", 2), ("C%11%11", 4), ("C*C", 1), ("C[*]C", 1), ("C[NH2", 1)]
        {
            assert_eq!(check(smiles).unwrap_err().position(), Some(position), "{smiles}");
        }
        assert!(check("").is_err() && check("  \t").is_err());
        assert!(check("C\u{e9}C").is_err());
        assert!(check(&"C".repeat(5_001)).unwrap_err().to_string().contains("5000"));
    }
}
