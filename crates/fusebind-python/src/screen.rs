//! A library against proteins, in memory that grows with the hits alone where the library is a file or a stored one.
//!
//! Comes in: a library, proteins, and how many are kept of each. Goes out: the hits, as `fusebind screen run` writes them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use fusebind::{
    data::{
        source::{ColumnMap, EntityTable, Keep, Library, LibraryText, load_targets, targets_of_table},
        store::{NumberedRow, StoredLibrary, StoredRows},
        table::{Column, Target},
    },
    features::entity::{
        molecule::{Chemistry, Molecule, Standardise},
        protein::Protein,
        side::SideData,
    },
    predict::{
        Domain, Entities, Model, Name, Request, output,
        screen::{Best, Filter, Panel, Ranked, StageSettings, first_stage},
    },
};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::{
    cells::{Places, batch},
    error::Fault,
    mark::model_mark,
    side::path,
    table::Table,
    work::Watch,
};

/// Rows that are scored at a time, and hits that are predicted at a time.
const ROWS: usize = 4096;
/// Rejected rows that are told.
const TOLD: usize = 1000;
/// Least candidates for each target, and candidates for each hit.
const CANDIDATES: [u64; 2] = [10_000, 10];

/// A file, or a table in memory.
pub enum Given {
    Path(PathBuf),
    Table(Py<Table>),
}

impl Given {
    /// What an object of Python is.
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        match path(object)? {
            Some(path) => Ok(Self::Path(path)),
            None => Ok(Self::Table(object.cast::<Table>()?.clone().unbind())),
        }
    }
}

/// What is screened.
pub struct Screening {
    pub library: Given,
    pub targets: Given,
    /// Hits of each target, or of each compound.
    pub top: usize,
    pub per_compound: bool,
    /// Whether only pairs count that are inside what the model knows.
    pub inside: bool,
    /// Of a stored library: candidates of each target, compounds of the sample, and whether every compound is a candidate.
    pub stage: (Option<u64>, u64, bool),
}

/// Where rows come from.
enum Rows<'a> {
    /// A file or a table, and how many of its rows were given.
    Library(Box<Library>, u64),
    Stored(StoredRows<'a>),
}

impl Rows<'_> {
    /// The next rows; none after the last.
    fn next(&mut self) -> Result<Option<Vec<NumberedRow>>, Fault> {
        match self {
            Self::Library(library, given) => {
                let numbered = |(place, row)| NumberedRow { place, file: 0, row };
                let rows = library.next_rows()?;
                let rows = rows.map(|rows| (*given..).zip(rows).map(numbered).collect::<Vec<_>>());
                *given += rows.as_ref().map_or(0, |rows| rows.len() as u64);
                Ok(rows)
            }
            Self::Stored(rows) => Ok(Some(rows.take(ROWS as u64)?).filter(|rows| !rows.is_empty())),
        }
    }
}

/// The best so far, with the rows that they are in.
#[derive(Default)]
struct Hits {
    best: BTreeMap<u64, Best>,
    /// File, row and text, by place.
    compounds: BTreeMap<u64, (u32, u64, LibraryText)>,
    rejected: Vec<String>,
}

/// A hit: place of its compound among all rows, its target, its rank.
struct Hit {
    place: u64,
    target: u32,
    rank: i64,
}

impl Screening {
    /// The hits, the rows that were rejected, and the report of a first stage as JSON, where there was one.
    pub fn run(
        &self,
        (model, path): (&Model, &Path),
        watch: &Watch,
    ) -> Result<(Table, Vec<String>, Option<String>), Fault> {
        if self.inside && model.description().trust.is_none() {
            let remedy = "train with `calibration.hold_outs` in the recipe, or leave `inside` out";
            return Err(Fault::input(
                "this model cannot tell what is inside: it was trained without hold-outs",
                remedy,
            ));
        }
        let targets = self.targets()?;
        let mut hits = Hits {
            rejected: targets.rejections.iter().map(ToString::to_string).collect(),
            ..Hits::default()
        };
        let protein = |row: &fusebind::data::source::NamedRow| &targets.entities[row.entity as usize].protein;
        let proteins: Vec<&Protein> = targets.rows.iter().map(protein).collect();
        let panel = Panel::new(model, &proteins);
        let stored = self.stored((model, path))?;
        let (mut rows, report) = match &stored {
            Some(stored) => self.chosen(stored, (model, &panel), &targets, watch)?,
            None => (self.rows(model)?, None),
        };
        let mut done = 0;
        while let Some(rows) = rows.next()? {
            for rows in rows.chunks(ROWS) {
                self.score(&panel, model.description().standardise, rows, &mut hits);
                done += rows.len();
                watch.at(done);
            }
        }
        let files = match (&self.library, &stored) {
            (_, Some(stored)) => stored.files().into_iter().map(|mark| mark.path).collect(),
            (Given::Path(path), None) => vec![path.display().to_string()],
            (Given::Table(_), None) => Vec::new(),
        };
        let table = self.table(model, &hits, (&targets, &proteins), &files)?;
        Ok((table, hits.rejected, report))
    }

    /// The stored library, where the library is the folder of one.
    fn stored(&self, (model, path): (&Model, &Path)) -> Result<Option<StoredLibrary>, Fault> {
        let (candidates, _, exact) = self.stage;
        let Given::Path(folder) = &self.library else {
            return Ok(None);
        };
        if !folder.is_dir() {
            return match exact || candidates.is_some() {
                true => Err(Fault::input(
                    "candidates and exact are about a stored library",
                    "name the folder of one, or leave them out",
                )),
                false => Ok(None),
            };
        }
        if self.per_compound && !exact {
            let remedy = "give exact=True, or rank compounds for each target";
            return Err(Fault::input(
                "a stored library has no first stage for each compound",
                remedy,
            ));
        }
        let library = StoredLibrary::open_complete(folder)?;
        library.check_model(&model_mark(path, model.description())?, path)?;
        Ok(Some(library))
    }

    /// The rows of a file or a table.
    fn rows(&self, model: &Model) -> Result<Rows<'static>, Fault> {
        let (map, toolkit) = (ColumnMap::default(), model.description().standardise);
        let library = match &self.library {
            Given::Path(path) => Library::open(path, &toolkit, &map)?,
            Given::Table(table) => Library::of_table(table.get().raw("library")?, &toolkit, &map)?,
        };
        Ok(Rows::Library(Box::new(library), 0))
    }

    /// The rows of a stored library that the whole model looks at, and how they were chosen.
    fn chosen<'a>(
        &self,
        stored: &'a StoredLibrary,
        (model, panel): (&Model, &Panel<'_>),
        targets: &EntityTable<Target>,
        watch: &Watch,
    ) -> Result<(Rows<'a>, Option<String>), Fault> {
        let (candidates, sample, exact) = self.stage;
        if exact {
            return Ok((Rows::Stored(StoredRows::all(stored)), None));
        }
        let ([least, each], hits) = (CANDIDATES, self.top as u64);
        let settings = StageSettings {
            candidates: candidates.unwrap_or((each * hits).max(least)).max(hits),
            sample,
            hits,
            targets: targets.rows.iter().map(|row| row.id.clone()).collect(),
        };
        let all = (model, panel, &Filter::default());
        let chosen = first_stage(stored, all, &settings, &|_| watch.check(1))?;
        watch.expect(chosen.places.len());
        let report = serde_json::to_string(&chosen.report)?;
        Ok((Rows::Stored(StoredRows::at(stored, chosen.places)), Some(report)))
    }

    fn targets(&self) -> Result<EntityTable<Target>, Fault> {
        let (map, keep) = (ColumnMap::default(), Keep::Nothing);
        let targets = match &self.targets {
            Given::Path(path) => load_targets(path, &map, &keep)?,
            Given::Table(table) => targets_of_table(table.get().raw("targets")?, &map, &keep)?,
        };
        match targets.rejections.first() {
            Some(first) if targets.rows.is_empty() => Err(Fault::input(first, "give at least one valid sequence")),
            _ => Ok(targets),
        }
    }

    /// Scores some rows.
    fn score(&self, panel: &Panel<'_>, toolkit: Standardise, rows: &[NumberedRow], hits: &mut Hits) {
        let read = |NumberedRow { row, .. }: &NumberedRow| -> Result<Molecule, String> {
            let content = row.content.as_ref().map_err(ToString::to_string)?;
            let molecule = content.molecule(&toolkit);
            molecule.map_err(|reason| format!("row {}, field `{}`: {reason}", row.row, content.field))
        };
        let all: Vec<_> = rows.par_iter().map(read).collect();
        let (mut molecules, mut places) = (Vec::new(), Vec::new());
        for (row, read) in rows.iter().zip(all) {
            match read {
                Ok(molecule) => {
                    molecules.push(molecule);
                    places.push(row.place);
                }
                Err(reason) if hits.rejected.len() < TOLD => hits.rejected.push(reason),
                Err(_) => {}
            }
        }
        let molecules: Vec<&Molecule> = molecules.iter().collect();
        let scores = panel.scores(&molecules, self.inside.then_some(Domain::Inside));
        for (scores, place) in scores.chunks(panel.len().max(1)).zip(places) {
            for (score, target) in scores.iter().zip(0_u64..) {
                let Some(score) = *score else { continue };
                let (group, place) = match self.per_compound {
                    true => (place, target),
                    false => (target, place),
                };
                let best = hits.best.entry(group).or_insert_with(|| Best::new(self.top));
                best.offer(Ranked { score, place });
            }
        }
        self.keep(rows, hits);
    }

    /// Keeps the compounds of the hits, and no others.
    fn keep(&self, rows: &[NumberedRow], hits: &mut Hits) {
        let Some(first) = rows.first().map(|row| row.place) else {
            return;
        };
        let is_new = |place: &u64| *place >= first;
        let new: Vec<u64> = match self.per_compound {
            true => hits.best.range(first..).map(|(group, _)| *group).collect(),
            false => {
                let held = hits
                    .best
                    .values()
                    .flat_map(|best| best.iter().map(|ranked| ranked.place));
                let held: std::collections::BTreeSet<u64> = held.collect();
                hits.compounds.retain(|place, _| held.contains(place));
                held.into_iter().filter(is_new).collect()
            }
        };
        for place in new {
            // Places ascend, though those of a stored library may have gaps.
            let row = &rows[rows.partition_point(|row| row.place < place)];
            if let Ok(content) = &row.row.content {
                hits.compounds.insert(place, (row.file, row.row.row, content.clone()));
            }
        }
    }

    /// Hits, the best of each group first.
    fn ranked(&self, hits: &Hits) -> Vec<Hit> {
        let of_group = |(group, best): (&u64, &Best)| {
            let hit = |(ranked, rank): (Ranked, i64)| match self.per_compound {
                true => Hit {
                    place: *group,
                    target: ranked.place as u32,
                    rank,
                },
                false => Hit {
                    place: ranked.place,
                    target: *group as u32,
                    rank,
                },
            };
            best.ranking().into_iter().zip(1..).map(hit).collect::<Vec<_>>()
        };
        hits.best.iter().flat_map(of_group).collect()
    }

    /// What the model says of the hits.
    fn table(
        &self,
        model: &Model,
        hits: &Hits,
        (targets, proteins): (&EntityTable<Target>, &[&Protein]),
        files: &[String],
    ) -> Result<Table, Fault> {
        let (ranked, toolkit) = (self.ranked(hits), model.description().standardise);
        let compounds: Vec<&(u32, u64, LibraryText)> = hits.compounds.values().collect();
        let at: BTreeMap<u64, u32> = hits.compounds.keys().copied().zip(0..).collect();
        let read = |(_, _, text): &&(u32, u64, LibraryText)| text.molecule(&toolkit);
        let molecules = compounds
            .par_iter()
            .map(read)
            .collect::<Result<Vec<Molecule>, String>>();
        let molecules = molecules.map_err(Fault::internal)?;
        let molecules: Vec<&Molecule> = molecules.iter().collect();
        let name = |id: &str, entity: u32, row: u64| Name {
            id: id.to_string(),
            entity,
            row,
        };
        let drugs = compounds
            .iter()
            .zip(0..)
            .map(|((_, row, text), entity)| name(&text.id, entity, *row));
        let request = Request {
            drugs: drugs.collect(),
            targets: (targets.rows.iter().zip(0..))
                .map(|(row, at)| name(&row.id, at, row.row))
                .collect(),
            rows: (1..=ranked.len() as u64).collect(),
            pairs: ranked.iter().map(|hit| (at[&hit.place], hit.target)).collect(),
            is_product: false,
        };
        let side = SideData::default();
        let entities = Entities {
            drugs: &molecules,
            targets: proteins,
            side: [&side, &side],
        };
        let predictions = match request.pairs.is_empty() {
            true => Vec::new(),
            false => model.predict_indexed(entities, &request.pairs, |_| {}).0,
        };
        let smiles = |drug: u32| molecules[drug as usize].smiles.as_str();
        let known =
            |(drug, target): &(u32, u32)| model.was_trained_on(smiles(*drug), &proteins[*target as usize].sequence);
        let row = |pair: &(u32, u32)| i64::try_from(compounds[pair.0 as usize].1).ok();
        let file = |pair: &(u32, u32)| files.get(compounds[pair.0 as usize].0 as usize).map(String::as_str);
        let places = Places {
            at: None,
            rows: ranked.len(),
        };
        let written = output::columns(model, &request, smiles, &predictions);
        let further = [
            Column::whole("rank", ranked.iter().map(|hit| Some(hit.rank))),
            Column::whole("library_row", request.pairs.iter().map(row)),
            Column::text("library_file", request.pairs.iter().map(file)),
            Column::flag("known", request.pairs.iter().map(known)),
        ];
        let columns = written.into_iter().map(|column| places.output(column));
        let columns = columns.chain(further.into_iter().map(|column| places.column(column)));
        Ok(Table::new(batch(columns.collect())?))
    }
}

/// Embeddings of SMILES or of sequences: channels, and the bytes of all values.
pub fn embed(model: &Model, texts: &[String], are_targets: bool) -> Result<(usize, Vec<u8>), Fault> {
    let toolkit = model.description().standardise;
    let embeddings = match are_targets {
        false => {
            let molecules: Result<Vec<Molecule>, _> = texts.par_iter().map(|text| toolkit.molecule(text)).collect();
            model.embed_molecules(&molecules?.iter().collect::<Vec<_>>())
        }
        true => {
            let proteins: Result<Vec<Protein>, _> = texts.par_iter().map(|text| Protein::parse(text)).collect();
            model.embed_proteins(&proteins?.iter().collect::<Vec<_>>())
        }
    };
    let bytes = embeddings.values.iter().flat_map(|value| value.to_ne_bytes());
    Ok((embeddings.width, bytes.collect()))
}
