//! Records to a data set folder: each distinct SMILES and sequence is checked once, each row is written and forgotten.
//!
//! Comes in: [`Record`]s. Goes out: the tables `pairs` (while rows come), `drugs` and `targets` (at the end), a table of rejected
//! rows, and the counts. In memory stay the distinct SMILES, sequences and ids.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use fusebind_features::entity::{molecule::Chemistry, protein::Protein};
use rayon::prelude::*;

use super::{
    record::Record,
    report::{DropReason, Dropped, ImportReport},
};
use crate::{
    Error,
    table::{Affinity, Censoring, Column, FolderFormat, Rejection, StreamedTable, rejection_columns, unit_of},
};

/// Rows that are checked together, in parallel.
const CHUNK: usize = 8192;

/// Rejected rows that are written in one go.
const REJECTED_CHUNK: usize = 65_536;

/// What a distinct text (SMILES or sequence) turned out to be.
#[derive(Clone, Copy)]
enum Known {
    Entity(u32),
    Refused(u32),
}

/// Distinct entities of one kind: texts as written, identities, ids.
#[derive(Default)]
struct Entities {
    by_text: HashMap<Arc<str>, Known>,
    by_identity: HashMap<Arc<str>, u32>,
    identities: Vec<Arc<str>>,
    names: Vec<Arc<str>>,
    by_id: HashMap<Arc<str>, u32>,
    /// Ids in the order in which they came.
    ids: Vec<NamedEntity>,
    /// Reasons of refused texts.
    reasons: Vec<String>,
}

struct NamedEntity {
    id: Arc<str>,
    entity: u32,
}

impl Entities {
    /// Remembers what a distinct text is.
    fn learn(&mut self, text: &str, identity: Result<String, String>) {
        let known = match identity {
            Err(reason) => {
                self.reasons.push(reason);
                Known::Refused(self.reasons.len() as u32 - 1)
            }
            Ok(identity) => {
                let next = self.identities.len() as u32;
                let identity: Arc<str> = identity.into();
                let entity = *self.by_identity.entry(identity.clone()).or_insert(next);
                if entity == next {
                    self.identities.push(identity);
                    self.names.push("".into());
                }
                Known::Entity(entity)
            }
        };
        self.by_text.insert(text.into(), known);
    }

    /// The entity of a text that was learned, or why it is none.
    fn entity(&self, text: &str) -> Result<u32, &str> {
        match self.by_text.get(text) {
            Some(Known::Entity(entity)) => Ok(*entity),
            Some(Known::Refused(reason)) => Err(&self.reasons[*reason as usize]),
            None => Err("it was not read"),
        }
    }

    /// Whether an earlier row gave `id` to another entity.
    fn is_taken(&self, id: &str, entity: u32) -> bool {
        self.by_id.get(id).is_some_and(|named| *named != entity)
    }

    /// The id under which an entity is written: that of the row, or `prefix` and a number where it has none.
    fn id(&mut self, id: &str, entity: u32, prefix: &str) -> Arc<str> {
        let made;
        let id = match id.is_empty() {
            false => id,
            true => {
                made = format!("{prefix}{}", entity + 1);
                &made
            }
        };
        if let Some((known, _)) = self.by_id.get_key_value(id) {
            return known.clone();
        }
        let id: Arc<str> = id.into();
        self.by_id.insert(id.clone(), entity);
        self.ids.push(NamedEntity { id: id.clone(), entity });
        id
    }

    /// Keeps the first name of an entity.
    fn name(&mut self, entity: u32, name: &str) {
        let known = &mut self.names[entity as usize];
        if known.is_empty() && !name.is_empty() {
            *known = name.into();
        }
    }

    /// Distinct entities that have an id.
    fn len(&self) -> usize {
        let mut named = vec![false; self.identities.len()];
        self.ids.iter().for_each(|id| named[id.entity as usize] = true);
        named.into_iter().filter(|named| *named).count()
    }

    /// The table of these entities: id, text, name.
    fn columns(&self, id: &str, text: &str) -> Vec<Column> {
        let at = |named: &NamedEntity| named.entity as usize;
        vec![
            Column::text(id, self.ids.iter().map(|named| Some(&*named.id))),
            Column::text(text, self.ids.iter().map(|named| Some(&*self.identities[at(named)]))),
            Column::text(
                "name",
                self.ids
                    .iter()
                    .map(|named| Some(&*self.names[at(named)]).filter(|name| !name.is_empty())),
            ),
        ]
    }
}

/// Ids under which a pair is written.
struct PairIds {
    drug: Arc<str>,
    target: Arc<str>,
}

/// A row of the pair table.
struct PairRow {
    drug: Arc<str>,
    target: Arc<str>,
    affinity: Option<Affinity>,
    binds: Option<bool>,
    source: Option<Arc<str>>,
    date: Option<Arc<str>>,
}

/// See the file's header.
pub(super) struct Collector<'c> {
    chemistry: &'c dyn Chemistry,
    folder: PathBuf,
    format: FolderFormat,
    chunk: Vec<Record>,
    /// Records of the chunk that are filled.
    filled: usize,
    file: String,
    drugs: Entities,
    targets: Entities,
    pairs: StreamedTable,
    rejected: StreamedTable,
    rejections: Vec<Rejection>,
    dropped: BTreeMap<DropReason, u64>,
    report: ImportReport,
}

impl<'c> Collector<'c> {
    pub fn new(
        chemistry: &'c dyn Chemistry,
        folder: &Path,
        format: FolderFormat,
        rejected: &Path,
    ) -> Result<Self, Error> {
        Ok(Self {
            chemistry,
            pairs: StreamedTable::create(&folder.join(format.file("pairs")))?,
            rejected: StreamedTable::create(rejected)?,
            folder: folder.to_path_buf(),
            format,
            chunk: Vec::new(),
            filled: 0,
            file: String::new(),
            drugs: Entities::default(),
            targets: Entities::default(),
            rejections: Vec::new(),
            dropped: BTreeMap::new(),
            report: ImportReport::default(),
        })
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.report.rows + self.filled as u64
    }

    /// An empty record to be filled with a row of `file`.
    pub fn next(&mut self, file: &Path) -> &mut Record {
        if self.filled == 0 {
            self.file = file.display().to_string();
        }
        if self.filled == self.chunk.len() {
            self.chunk.push(Record::default());
        }
        let record = &mut self.chunk[self.filled];
        record.clear();
        record
    }

    /// Takes the record that was filled last.
    pub fn take(&mut self) -> Result<(), Error> {
        self.filled += 1;
        match self.filled < CHUNK {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// Checks and writes the rows of the chunk.
    pub fn flush(&mut self) -> Result<(), Error> {
        let chunk = std::mem::take(&mut self.chunk);
        let records = &chunk[..self.filled];
        self.learn(records);
        let mut rows = Vec::with_capacity(records.len());
        for record in records {
            let before = rows.len();
            self.row(record, &mut rows);
            self.report.kept_rows += u64::from(rows.len() > before);
        }
        self.report.rows += records.len() as u64;
        self.report.interactions += rows.len() as u64;
        for affinity in rows.iter().filter_map(|row| row.affinity) {
            *self
                .report
                .scales
                .entry(unit_of(affinity.scale).to_string())
                .or_default() += 1;
            self.report.bounds += u64::from(affinity.censoring != Censoring::Exact);
        }
        self.chunk = chunk;
        self.filled = 0;
        self.pairs.append(&pair_columns(&rows))?;
        match self.rejections.len() < REJECTED_CHUNK {
            true => Ok(()),
            false => self.write_rejections(),
        }
    }

    /// Checks the texts of the chunk that are new, in parallel.
    fn learn(&mut self, records: &[Record]) {
        let used = || records.iter().filter(|record| record.refused.is_none());
        let smiles = unknown(used().map(|record| record.smiles.as_str()), &self.drugs);
        let molecules: Vec<_> = smiles
            .par_iter()
            .map(|text| {
                self.chemistry
                    .molecule(text)
                    .map(|m| m.smiles)
                    .map_err(|e| e.to_string())
            })
            .collect();
        smiles
            .iter()
            .zip(molecules)
            .for_each(|(text, found)| self.drugs.learn(text, found));
        let sequences = unknown(used().map(|record| record.sequence.as_str()), &self.targets);
        let proteins: Vec<_> = sequences
            .par_iter()
            .map(|text| Protein::parse(text).map(|p| p.sequence).map_err(|e| e.to_string()))
            .collect();
        sequences
            .iter()
            .zip(proteins)
            .for_each(|(text, found)| self.targets.learn(text, found));
    }

    /// Adds the interactions of a record, or says why there are none.
    fn row(&mut self, record: &Record, rows: &mut Vec<PairRow>) {
        if let Some(refused) = &record.refused {
            return self.drop_row(record.row, refused.reason, refused.field, &refused.value, None);
        }
        for left_out in &record.left_out {
            self.drop_row(record.row, left_out.reason, left_out.field, &left_out.value, None);
        }
        if record.measurements.is_empty() && record.binds.is_none() {
            if record.left_out.is_empty() {
                self.drop_row(record.row, DropReason::NoMeasurement, "", "", None);
            }
            return;
        }
        let Some(ids) = self.ids(record) else { return };
        let stated = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        let (source, date) = (stated(&record.source), stated(&record.date));
        let row = |affinity, binds| PairRow {
            drug: ids.drug.clone(),
            target: ids.target.clone(),
            affinity,
            binds,
            source: source.clone(),
            date: date.clone(),
        };
        match record.measurements.split_first() {
            None => rows.push(row(None, record.binds)),
            Some((first, further)) => {
                rows.push(row(Some(first.affinity), record.binds));
                rows.extend(further.iter().map(|measured| row(Some(measured.affinity), None)));
            }
        }
    }

    /// The ids of a record's compound and protein; `None` where one of them cannot be used, which is then counted.
    fn ids(&mut self, record: &Record) -> Option<PairIds> {
        for (text, field, reason) in [
            (&record.smiles, "smiles", DropReason::NoStructure),
            (&record.sequence, "sequence", DropReason::NoSequence),
        ] {
            if text.is_empty() {
                let value = if field == "sequence" { &record.target_id } else { "" };
                self.drop_row(record.row, reason, field, value, None);
                return None;
            }
        }
        let (drug, target) = match (self.drugs.entity(&record.smiles), self.targets.entity(&record.sequence)) {
            (Ok(drug), Ok(target)) => (drug, target),
            (Err(why), _) => {
                let why = why.to_string();
                self.drop_row(record.row, DropReason::Structure, "smiles", &record.smiles, Some(why));
                return None;
            }
            (_, Err(why)) => {
                let why = why.to_string();
                self.drop_row(
                    record.row,
                    DropReason::Sequence,
                    "sequence",
                    &record.sequence,
                    Some(why),
                );
                return None;
            }
        };
        for (taken, field, id) in [
            (self.drugs.is_taken(&record.drug_id, drug), "drug_id", &record.drug_id),
            (
                self.targets.is_taken(&record.target_id, target),
                "target_id",
                &record.target_id,
            ),
        ] {
            if taken {
                self.drop_row(record.row, DropReason::Id, field, id, None);
                return None;
            }
        }
        self.drugs.name(drug, &record.drug_name);
        self.targets.name(target, &record.target_name);
        Some(PairIds {
            drug: self.drugs.id(&record.drug_id, drug, "compound_"),
            target: self.targets.id(&record.target_id, target, "protein_"),
        })
    }

    fn drop_row(&mut self, row: u64, reason: DropReason, field: &str, value: &str, why: Option<String>) {
        *self.dropped.entry(reason).or_default() += 1;
        let words = why.unwrap_or_else(|| reason.words().to_string());
        self.rejections
            .push(Rejection::new(&self.file, row, words).of(field, value));
    }

    fn write_rejections(&mut self) -> Result<(), Error> {
        self.rejected.append(&rejection_columns(&self.rejections))?;
        self.rejections.clear();
        Ok(())
    }

    /// Writes the tables of entities and closes all of them.
    pub fn finish(mut self) -> Result<ImportReport, Error> {
        self.flush()?;
        self.write_rejections()?;
        for (stem, columns) in [
            ("drugs", self.drugs.columns("drug_id", "smiles")),
            ("targets", self.targets.columns("target_id", "sequence")),
        ] {
            let mut table = StreamedTable::create(&self.folder.join(self.format.file(stem)))?;
            table.append(&columns)?;
            table.finish()?;
        }
        self.pairs.finish()?;
        match self.dropped.is_empty() {
            true => self.rejected.discard(),
            false => self.rejected.finish()?,
        }
        let mut report = self.report;
        report.drugs = self.drugs.len() as u64;
        report.targets = self.targets.len() as u64;
        let dropped = self
            .dropped
            .into_iter()
            .map(|(reason, count)| Dropped { reason, count });
        report.dropped = dropped.collect();
        report.dropped.sort_by_key(|dropped| std::cmp::Reverse(dropped.count));
        Ok(report)
    }
}

/// Distinct texts that are not known yet.
fn unknown<'r>(texts: impl Iterator<Item = &'r str>, entities: &Entities) -> Vec<&'r str> {
    let mut fresh: Vec<&str> = texts
        .filter(|text| !text.is_empty() && !entities.by_text.contains_key(*text))
        .collect();
    fresh.sort_unstable();
    fresh.dedup();
    fresh
}

/// The same columns in every chunk, whatever it holds.
fn pair_columns(rows: &[PairRow]) -> Vec<Column> {
    let relation = |affinity: Affinity| match affinity.censoring {
        Censoring::Exact => "=",
        Censoring::AtMost => "<=",
        Censoring::AtLeast => ">=",
    };
    vec![
        Column::text("drug_id", rows.iter().map(|row| Some(&*row.drug))),
        Column::text("target_id", rows.iter().map(|row| Some(&*row.target))),
        Column::real("affinity", rows.iter().map(|row| row.affinity.map(|a| a.value))),
        Column::text("unit", rows.iter().map(|row| row.affinity.map(|a| unit_of(a.scale)))),
        Column::text("relation", rows.iter().map(|row| row.affinity.map(relation))),
        Column::whole("label", rows.iter().map(|row| row.binds.map(i64::from))),
        Column::text("source", rows.iter().map(|row| row.source.as_deref())),
        Column::text("date", rows.iter().map(|row| row.date.as_deref())),
    ]
}
