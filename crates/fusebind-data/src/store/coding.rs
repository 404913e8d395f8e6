//! From rows of files to the rows and codes of a part.
//!
//! Comes in: rows. Goes out: [`CodedPart`], which depends on these rows, on what codes them, and on the compounds seen before alone.

use std::collections::HashSet;

use fusebind_features::{
    coded::Coder,
    entity::molecule::{Molecule, Property},
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{library::StoredLibrary, numbered::NumberedRow, part::StoredRow};
use crate::{Error, ErrorKind, table::Rejection};

/// Rows whose molecules are held at a time, and that fit the sketch.
const HELD: usize = 8192;
/// Rejected rows of a part that are listed.
const LISTED: usize = 1000;

/// What a part will hold.
#[derive(Default)]
pub struct CodedPart {
    pub rows: Vec<StoredRow>,
    pub codes: Vec<i8>,
    pub rejections: Vec<Rejection>,
    pub rejected: u64,
    pub duplicates: u64,
}

/// Compounds that are in the library, where each is to be there once.
pub struct Seen(Option<HashSet<[u8; 16]>>);

impl Seen {
    /// The compounds of `library`.
    pub fn of(library: &StoredLibrary) -> Result<Self, Error> {
        if !library.manifest.distinct {
            return Ok(Self(None));
        }
        let mut seen = HashSet::new();
        for part in (0..library.manifest.parts.len()).filter_map(|at| library.part(at)) {
            seen.extend(part.rows(None)?.iter().map(|row| key(&row.smiles)));
        }
        Ok(Self(Some(seen)))
    }

    /// Whether the library has not this compound yet, where that matters.
    fn is_new(&mut self, molecule: &Molecule) -> bool {
        self.0.as_mut().is_none_or(|seen| seen.insert(key(&molecule.smiles)))
    }
}

/// What a compound is known by: half of the SHA-256 of its SMILES.
fn key(smiles: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(smiles)[..16]);
    key
}

impl CodedPart {
    /// Reads and codes the rows of a part.
    pub fn new(
        library: &mut StoredLibrary,
        rows: &[NumberedRow],
        (coder, seen): (&mut dyn Coder, &mut Seen),
    ) -> Result<Self, Error> {
        let mut part = Self::default();
        fit(library, rows, coder)?;
        let (library, coder): (&StoredLibrary, &dyn Coder) = (library, coder);
        for rows in rows.chunks(HELD) {
            let all: Vec<_> = rows.par_iter().map(|row| read(library, row, coder)).collect();
            let mut molecules = Vec::new();
            for (row, read) in rows.iter().zip(all) {
                match read {
                    Ok((_, molecule)) if !seen.is_new(&molecule) => part.duplicates += 1,
                    Ok((id, molecule)) => {
                        part.rows.push(stored(row, id, &molecule));
                        molecules.push(molecule);
                    }
                    Err(rejection) => part.reject(rejection),
                }
            }
            let molecules: Vec<&Molecule> = molecules.iter().collect();
            if !molecules.is_empty() {
                part.codes.extend(coder.codes(&molecules));
            }
        }
        Ok(part)
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejected += 1;
        if self.rejections.len() < LISTED {
            self.rejections.push(rejection);
        }
    }
}

fn stored(row: &NumberedRow, id: String, molecule: &Molecule) -> StoredRow {
    StoredRow {
        place: row.place,
        file: row.file,
        row: row.row.row,
        id,
        smiles: molecule.smiles.clone(),
        properties: Property::ALL.map(|property| property.of(molecule)).to_vec(),
    }
}

/// Fits the coder, where it is not yet, to molecules spread over the rows of a part: files are often sorted.
fn fit(library: &mut StoredLibrary, rows: &[NumberedRow], coder: &mut dyn Coder) -> Result<(), Error> {
    if coder.channels() > 0 {
        return Ok(());
    }
    // A step over all rows would leave out the only one that is a molecule.
    let step = if rows.len() > HELD {
        rows.len().div_ceil(HELD)
    } else {
        1
    };
    for first in 0..step {
        let some: Vec<&NumberedRow> = rows.iter().skip(first).step_by(step).collect();
        let (own, toolkit): (&StoredLibrary, &dyn Coder) = (library, coder);
        let read = some.par_iter().map(|row| read(own, row, toolkit).ok());
        let molecules: Vec<(String, Molecule)> = read.collect::<Vec<_>>().into_iter().flatten().collect();
        if !molecules.is_empty() {
            let molecules: Vec<&Molecule> = molecules.iter().map(|(_, molecule)| molecule).collect();
            let sketch = coder
                .fit(&molecules)
                .map_err(|reason| Error::new(ErrorKind::Infeasible, reason).in_file(&library.folder))?;
            return library.put_sketch(&sketch, coder.channels());
        }
    }
    Ok(())
}

/// What a row calls its compound, and the molecule.
fn read(library: &StoredLibrary, row: &NumberedRow, coder: &dyn Coder) -> Result<(String, Molecule), Rejection> {
    let content = row.row.content.as_ref().map_err(Clone::clone)?;
    let molecule = content.molecule(&coder.standardise()).map_err(|reason| {
        let file = &library.manifest.inputs[row.file as usize].mark.path;
        Rejection::new(file, row.row.row, reason).of(&*content.field, &content.text)
    })?;
    Ok((content.id.clone(), molecule))
}
