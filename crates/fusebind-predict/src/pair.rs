//! Pairs that a library user builds in memory, side data included.
//!
//! Comes in: SMILES, sequences, and whatever else is known of the two. Goes out: [`Pair`], checked once when it is built.

use std::{collections::BTreeMap, sync::Arc};

use fusebind_features::{
    Error, ErrorKind,
    entity::{
        molecule::{Chemistry, Molecule, Standardise},
        protein::Protein,
        side::{Embeddings, Profiles, SideData},
    },
    modality::Modality,
};

/// What is known of one entity beside its structure. Everything may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideRecord {
    /// Descriptions.
    pub texts: Vec<String>,
    /// Expression signatures: value by gene.
    pub signatures: Vec<BTreeMap<String, f32>>,
    /// Assay outcomes by assay: 1 active, 0 inactive, any other number a value.
    pub assays: BTreeMap<String, f32>,
    /// Embeddings from other models.
    pub embeddings: Vec<(Modality, Vec<f32>)>,
}

/// A compound.
#[derive(Clone, Debug, PartialEq)]
pub struct Compound {
    molecule: Molecule,
    side: SideRecord,
}

/// A target.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    protein: Protein,
    side: SideRecord,
}

impl SideRecord {
    /// Refuses numbers that are not finite: what was not measured is left out.
    fn check(&self) -> Result<(), Error> {
        let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
        let measured = |row: &BTreeMap<String, f32>| row.values().all(|v| v.is_finite());
        let what = match () {
            () if !self.signatures.iter().all(measured) => "a signature",
            () if !measured(&self.assays) => "an assay outcome",
            () if !self.embeddings.iter().all(|(_, values)| finite(values)) => "an embedding",
            () => return Ok(()),
        };
        let reason = format!("{what} holds a number that is not finite: leave out what was not measured");
        Err(Error::new(ErrorKind::Modality, reason))
    }
}

impl Compound {
    /// Reads a SMILES as its uncharged parent, as nearly every model is trained; [`Model::compound`](crate::Model::compound) follows the
    /// model.
    ///
    /// # Errors
    /// Where it is no valid molecule.
    pub fn parse(smiles: &str) -> Result<Self, Error> {
        Self::parse_with(smiles, Standardise::Parent)
    }

    pub(crate) fn parse_with(smiles: &str, standardise: Standardise) -> Result<Self, Error> {
        Ok(Self {
            molecule: standardise.molecule(smiles)?,
            side: SideRecord::default(),
        })
    }

    /// The canonical SMILES of the molecule that was read.
    pub fn smiles(&self) -> &str {
        &self.molecule.smiles
    }

    /// The molecule.
    pub fn molecule(&self) -> &Molecule {
        &self.molecule
    }

    pub(crate) fn side(&self) -> &SideRecord {
        &self.side
    }

    /// Whether nothing is known of it beside its structure.
    pub(crate) fn is_plain(&self) -> bool {
        self.side == SideRecord::default()
    }

    /// The same compound with side data.
    ///
    /// # Errors
    /// Where a number is not finite.
    pub fn with_side(mut self, side: SideRecord) -> Result<Self, Error> {
        side.check()?;
        self.side = side;
        Ok(self)
    }
}

impl From<Molecule> for Compound {
    fn from(molecule: Molecule) -> Self {
        let side = SideRecord::default();
        Self { molecule, side }
    }
}

impl Target {
    /// Reads a sequence in one-letter codes.
    ///
    /// # Errors
    /// Where it is no valid sequence.
    pub fn parse(sequence: &str) -> Result<Self, Error> {
        Ok(Self {
            protein: Protein::parse(sequence)?,
            side: SideRecord::default(),
        })
    }

    /// The sequence that was read.
    pub fn sequence(&self) -> &str {
        &self.protein.sequence
    }

    /// The protein.
    pub fn protein(&self) -> &Protein {
        &self.protein
    }

    pub(crate) fn side(&self) -> &SideRecord {
        &self.side
    }

    /// Whether nothing is known of it beside its structure.
    pub(crate) fn is_plain(&self) -> bool {
        self.side == SideRecord::default()
    }

    /// The same target with side data.
    ///
    /// # Errors
    /// Where a number is not finite.
    pub fn with_side(mut self, side: SideRecord) -> Result<Self, Error> {
        side.check()?;
        self.side = side;
        Ok(self)
    }
}

/// A compound and a target. Both are shared, so that a library against one target holds the target once.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Compound.
    pub compound: Arc<Compound>,
    /// Target.
    pub target: Arc<Target>,
}

impl Pair {
    /// A pair of a compound and a target.
    pub fn new(compound: impl Into<Arc<Compound>>, target: impl Into<Arc<Target>>) -> Self {
        Self {
            compound: compound.into(),
            target: target.into(),
        }
    }

    /// A pair from a SMILES and a sequence.
    ///
    /// # Errors
    /// Where either is not valid.
    pub fn parse(smiles: &str, sequence: &str) -> Result<Self, Error> {
        Ok(Self::new(Compound::parse(smiles)?, Target::parse(sequence)?))
    }
}

/// The distinct entities of pairs, and the pairs as indices into them.
pub(crate) struct DistinctPairs<'a> {
    pub(crate) compounds: Vec<&'a Compound>,
    pub(crate) targets: Vec<&'a Target>,
    pub(crate) pairs: Vec<(u32, u32)>,
}

impl<'a> DistinctPairs<'a> {
    pub(crate) fn new(pairs: &'a [Pair]) -> Self {
        let (compounds, of_compounds) = distinct(pairs.iter().map(|pair| &*pair.compound), |c| &c.molecule.smiles);
        let (targets, of_targets) = distinct(pairs.iter().map(|pair| &*pair.target), |t| &t.protein.sequence);
        Self {
            compounds,
            targets,
            pairs: of_compounds.into_iter().zip(of_targets).collect(),
        }
    }

    pub(crate) fn molecules(&self) -> Vec<&'a Molecule> {
        self.compounds.iter().map(|compound| &compound.molecule).collect()
    }

    pub(crate) fn proteins(&self) -> Vec<&'a Protein> {
        self.targets.iter().map(|target| &target.protein).collect()
    }

    /// Side data of the compounds and of the targets.
    pub(crate) fn side(&self) -> [SideData; 2] {
        [
            side_data(self.compounds.iter().map(|compound| &compound.side)),
            side_data(self.targets.iter().map(|target| &target.side)),
        ]
    }
}

/// Distinct values of `all`, and the position of each among them; `key` tells most of them apart.
fn distinct<'a, T: PartialEq>(
    all: impl Iterator<Item = &'a T>,
    key: impl Fn(&'a T) -> &'a str,
) -> (Vec<&'a T>, Vec<u32>) {
    let mut found: Vec<&T> = Vec::new();
    let mut by_key: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut position = |value: &'a T| {
        let same_key = by_key.entry(key(value)).or_default();
        if let Some(known) = same_key.iter().find(|at| found[**at as usize] == value) {
            return *known;
        }
        let next = found.len() as u32;
        same_key.push(next);
        found.push(value);
        next
    };
    let positions = all.map(&mut position).collect();
    (found, positions)
}

/// The side data of entities, in order. Columns that only some of them have are missing for the others.
pub(crate) fn side_data<'a>(records: impl Iterator<Item = &'a SideRecord>) -> SideData {
    let records: Vec<&SideRecord> = records.collect();
    let named = |of: &dyn Fn(&SideRecord) -> Vec<&BTreeMap<String, f32>>| {
        let mut all = Profiles::default();
        let rows: Vec<Vec<&BTreeMap<String, f32>>> = records.iter().map(|record| of(record)).collect();
        let names: std::collections::BTreeSet<&String> = rows.iter().flatten().flat_map(|row| row.keys()).collect();
        all.columns = names.into_iter().cloned().collect();
        for of_entity in rows {
            let first = all.values.len() / all.columns.len().max(1);
            let value = |row: &BTreeMap<String, f32>, name: &String| row.get(name).copied().unwrap_or(f32::NAN);
            for row in &of_entity {
                all.values.extend(all.columns.iter().map(|name| value(row, name)));
            }
            all.of_entity
                .push((first as u32..(first + of_entity.len()) as u32).collect());
        }
        all
    };
    SideData {
        texts: records.iter().map(|record| record.texts.clone()).collect(),
        transcriptome: named(&|record| record.signatures.iter().filter(|row| !row.is_empty()).collect()),
        bioassay: named(&|record| [&record.assays].into_iter().filter(|row| !row.is_empty()).collect()),
        embeddings: embeddings(&records),
        ..SideData::default()
    }
}

/// Embeddings of one modality and width become one table.
fn embeddings(records: &[&SideRecord]) -> Vec<Embeddings> {
    let all = records.iter().flat_map(|record| &record.embeddings);
    let kinds: std::collections::BTreeSet<(Modality, usize)> = all.map(|(m, values)| (*m, values.len())).collect();
    let table = |(modality, width): (Modality, usize)| {
        let mut rows = Profiles {
            columns: (0..width).map(|column| column.to_string()).collect(),
            ..Profiles::default()
        };
        for record in records {
            let own = record
                .embeddings
                .iter()
                .find(|(m, values)| (*m, values.len()) == (modality, width));
            let at = (rows.values.len() / width.max(1)) as u32;
            rows.of_entity.push(own.map(|_| at).into_iter().collect());
            rows.values.extend(own.into_iter().flat_map(|(_, values)| values));
        }
        Embeddings {
            modality,
            rows,
            encoder: None,
        }
    };
    kinds.into_iter().map(table).collect()
}
