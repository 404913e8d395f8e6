//! A library against proteins, in memory that grows with the hits alone where the library is a file.
//!
//! Comes in: a library, proteins, and how many are kept of each. Goes out: the hits, as `fusebind screen run` writes them.

use std::{collections::BTreeMap, path::PathBuf};

use fusebind::{
    data::{
        source::{ColumnMap, EntityTable, Keep, Library, LibraryRow, LibraryText, load_targets, targets_of_table},
        table::{Column, Target},
    },
    features::entity::{
        molecule::{Chemistry, Molecule, Standardise},
        protein::Protein,
        side::SideData,
    },
    predict::{
        Entities, Model, Name, Request, output,
        screen::{Best, Panel, Ranked},
    },
};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::{
    cells::{Places, batch},
    error::Fault,
    side::path,
    table::Table,
    work::Watch,
};

/// Rows that are scored at a time, and hits that are predicted at a time.
const ROWS: usize = 4096;
/// Rejected rows that are told.
const TOLD: usize = 1000;

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
}

/// The best so far, with the rows that they are in.
#[derive(Default)]
struct Hits {
    best: BTreeMap<u64, Best>,
    compounds: BTreeMap<u64, (u64, LibraryText)>,
    rejected: Vec<String>,
}

/// A hit: place of its compound among all rows, its target, its rank.
struct Hit {
    place: u64,
    target: u32,
    rank: i64,
}

impl Screening {
    /// The hits, and the rows that were rejected.
    pub fn run(&self, model: &Model, watch: &Watch) -> Result<(Table, Vec<String>), Fault> {
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
        let (map, toolkit) = (ColumnMap::default(), model.description().standardise);
        let mut library = match &self.library {
            Given::Path(path) => Library::open(path, &toolkit, &map)?,
            Given::Table(table) => Library::of_table(table.get().raw("library")?, &toolkit, &map)?,
        };
        let mut first = 0;
        while let Some(rows) = library.next_rows()? {
            for rows in rows.chunks(ROWS) {
                self.score(&panel, toolkit, (rows, first), &mut hits);
                first += rows.len() as u64;
                watch.at(first as usize);
            }
        }
        let file = match &self.library {
            Given::Path(path) => Some(path.display().to_string()),
            Given::Table(_) => None,
        };
        let table = self.table(model, &hits, (&targets, &proteins), file.as_deref())?;
        Ok((table, hits.rejected))
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

    /// Scores some rows, of which the first has the place `first`.
    fn score(&self, panel: &Panel<'_>, toolkit: Standardise, (rows, first): (&[LibraryRow], u64), hits: &mut Hits) {
        let read = |row: &LibraryRow| -> Result<Molecule, String> {
            let content = row.content.as_ref().map_err(ToString::to_string)?;
            let molecule = content.molecule(&toolkit);
            molecule.map_err(|reason| format!("row {}, field `{}`: {reason}", row.row, content.field))
        };
        let all: Vec<_> = rows.par_iter().map(read).collect();
        let (mut molecules, mut places) = (Vec::new(), Vec::new());
        for (place, read) in (first..).zip(all) {
            match read {
                Ok(molecule) => {
                    molecules.push(molecule);
                    places.push(place);
                }
                Err(reason) if hits.rejected.len() < TOLD => hits.rejected.push(reason),
                Err(_) => {}
            }
        }
        let molecules: Vec<&Molecule> = molecules.iter().collect();
        let scores = panel.scores(&molecules, self.inside);
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
        self.keep(rows, first, hits);
    }

    /// Keeps the compounds of the hits, and no others.
    fn keep(&self, rows: &[LibraryRow], first: u64, hits: &mut Hits) {
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
            let row = &rows[(place - first) as usize];
            if let Ok(content) = &row.content {
                hits.compounds.insert(place, (row.row, content.clone()));
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
        file: Option<&str>,
    ) -> Result<Table, Fault> {
        let (ranked, toolkit) = (self.ranked(hits), model.description().standardise);
        let compounds: Vec<&(u64, LibraryText)> = hits.compounds.values().collect();
        let at: BTreeMap<u64, u32> = hits.compounds.keys().copied().zip(0..).collect();
        let read = |(_, text): &&(u64, LibraryText)| text.molecule(&toolkit);
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
            .map(|((row, text), entity)| name(&text.id, entity, *row));
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
        let row = |pair: &(u32, u32)| i64::try_from(compounds[pair.0 as usize].0).ok();
        let places = Places {
            at: None,
            rows: ranked.len(),
        };
        let written = output::columns(model, &request, smiles, &predictions);
        let further = [
            Column::whole("rank", ranked.iter().map(|hit| Some(hit.rank))),
            Column::whole("library_row", request.pairs.iter().map(row)),
            Column::text("library_file", ranked.iter().map(|_| file)),
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
