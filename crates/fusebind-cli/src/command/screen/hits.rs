//! The table of hits: what `predict` says of each, with its rank.
//!
//! Comes in: a tally and the model. Goes out: a table, written some thousand hits at a time.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use fusebind::{
    data::table::{Column, StreamedTable, write_atomically},
    features::{
        entity::{
            molecule::{Alerts, Molecule},
            protein::Protein,
            side::SideData,
        },
        feature::fingerprint::Fingerprint,
    },
    predict::{
        Entities, Model, Name, Request, output,
        screen::{Panel, StageReport, spread_out},
    },
};
use rayon::prelude::*;

use super::{
    plan::{Per, Plan, proteins},
    shown::{self, Candidate},
    stage,
    tally::Tally,
    unit::{Compound, Hit},
};
use crate::{
    command::{output::create_parent, predict::typed},
    console::Console,
    exit::Failure,
    load,
    report::screening::{self, Screened, ShownHit},
};

/// Hits that are predicted and written at a time.
const HITS: usize = 16_384;

/// What hits are written from.
pub struct Ending<'a> {
    pub plan: &'a Plan,
    pub model: &'a Model,
    pub tally: &'a Tally,
    /// How a first stage chose, where there was one.
    pub stage: Option<&'a StageReport>,
}

/// A hit, the number of its group, and its rank there.
struct Row {
    hit: Hit,
    group: usize,
    rank: i64,
}

/// What is the same for all hits.
struct Shared<'a> {
    proteins: Vec<&'a Protein>,
    off_targets: Option<Panel<'a>>,
    /// What hits are marked by, where they are.
    alerts: Option<Alerts>,
    /// Hits that are written already.
    written: u64,
    /// What the page shows, where there is one.
    shown: Option<Vec<ShownHit>>,
}

/// Refuses a table of another format before anything is computed.
pub fn check_name(out: &Path) -> anyhow::Result<()> {
    let extension = out
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    match ["csv", "tsv", "parquet"].contains(&extension) {
        true => Ok(()),
        false => Err(Failure::misuse(
            format!("{}: tables are not written as `{extension}`", out.display()),
            "name the file of --out .csv, .tsv or .parquet",
        )),
    }
}

impl Ending<'_> {
    /// Writes the hits to `out`, the rejected rows and what is known of a first stage beside it, and the page.
    pub fn write(&self, out: &Path, page: Option<&Path>, console: &Console) -> anyhow::Result<()> {
        self.say(out, console)?;
        let [targets, off_targets] = [&self.plan.targets, &self.plan.off_targets].map(|named| proteins(named));
        let (targets, off_targets) = (targets?, off_targets?);
        let off_targets: Vec<&Protein> = off_targets.iter().collect();
        let mut shared = Shared {
            proteins: targets.iter().collect(),
            off_targets: (!off_targets.is_empty()).then(|| Panel::new(self.model, &off_targets)),
            alerts: match &self.plan.alerts {
                Some(alerts) if alerts.marks => Some(alerts.compiled()?),
                _ => None,
            },
            written: 0,
            shown: page.map(|_| Vec::new()),
        };
        let mut table = StreamedTable::create(out)?;
        let mut rows: Vec<Row> = Vec::new();
        let mut groups = 0;
        for (group, hits) in self.tally.groups().enumerate() {
            groups = group + 1;
            let hits = self.chosen(hits)?;
            rows.extend(hits.into_iter().zip(1..).map(|(hit, rank)| Row { hit, group, rank }));
            while rows.len() >= HITS {
                let rest = rows.split_off(HITS);
                table.append(&self.columns(&rows, &mut shared)?)?;
                rows = rest;
            }
        }
        if !rows.is_empty() {
            table.append(&self.columns(&rows, &mut shared)?)?;
        }
        table.finish()?;
        console.note(format_args!("{} hits: {}", shared.written, out.display()));
        stage::write(self.stage, &report_beside(out))?;
        let (Some(page), Some(shown)) = (page, &shared.shown) else {
            return Ok(());
        };
        let text = screening::page(&self.screened(groups, shared.written), shown).render()?;
        create_parent(page)?;
        write_atomically(page, |file| file.write_all(text.as_bytes()))?;
        console.note(format_args!("page of the hits: {}", page.display()));
        Ok(())
    }

    /// Says what became of the rows, and lists the rejected ones beside `out`.
    fn say(&self, out: &Path, console: &Console) -> anyhow::Result<()> {
        let tally = self.tally;
        console.note(format_args!(
            "{} rows: {} compounds scored, {} left out by filters, {} rejected",
            tally.rows, tally.scored, tally.left_out, tally.rejected
        ));
        let beside = load::rejected_beside(out);
        let rejections = tally.rejections();
        if tally.rejected > rejections.len() as u64 {
            console.note(format_args!(
                "of {} rejected rows, {} are listed",
                tally.rejected,
                rejections.len()
            ));
        }
        load::report_rejections(&rejections, Some(&beside), console)?;
        if tally.groups().all(|hits| hits.is_empty()) {
            return Err(Failure::failed(
                "there is no hit: no compound could be scored, or the filters left out all of them",
                "look at the rejected rows, or widen --property, --like, --alerts and --domain",
            ));
        }
        Ok(())
    }

    /// What the page says of the screening as a whole.
    fn screened(&self, groups: usize, hits: u64) -> Screened {
        let (plan, tally) = (self.plan, self.tally);
        let mut left_out: Vec<(String, u64)> = tally.left_out_by.clone().into_iter().collect();
        if let Some(stage) = self.stage.filter(|stage| stage.compounds > stage.filtered) {
            left_out.insert(0, ("--property, --like".into(), stage.compounds - stage.filtered));
        }
        let library = plan.library.iter().map(|mark| mark.path.clone());
        Screened {
            model: plan.model.path.clone(),
            library: match &plan.store {
                Some(store) => vec![store.folder.clone()],
                None => library.chain(plan.smiles.clone()).collect(),
            },
            unit: self.model.scales().next().unwrap_or("probability").to_string(),
            is_per_target: plan.settings.per == Per::Target,
            rows: self.stage.map_or(tally.rows, |stage| stage.compounds),
            scored: tally.scored,
            rejected: tally.rejected,
            left_out: left_out
                .into_iter()
                .map(|(flag, count)| match flag == "--domain" {
                    true => (format!("{flag} (pairs)"), count),
                    false => (flag, count),
                })
                .collect(),
            groups,
            hits,
            stage: self.stage.cloned(),
        }
    }

    /// The hits of a group that are written: all, or those unlike better ones.
    fn chosen(&self, hits: Vec<Hit>) -> anyhow::Result<Vec<Hit>> {
        let settings = &self.plan.settings;
        let Some(similarity) = settings.diverse else {
            return Ok(hits);
        };
        let molecules: Vec<Molecule> = hits
            .par_iter()
            .map(|hit| self.molecule(hit.place))
            .collect::<anyhow::Result<_>>()?;
        let prints: Vec<&Fingerprint> = molecules.iter().map(|molecule| &molecule.fingerprint).collect();
        let taken = spread_out(&prints, similarity, settings.top);
        Ok(taken.into_iter().map(|at| hits[at]).collect())
    }

    fn compound(&self, place: u64) -> anyhow::Result<&Compound> {
        let found = self.tally.compound(place);
        found.ok_or_else(|| anyhow::anyhow!("the compound of row {} of the library is in no unit", place + 1))
    }

    fn molecule(&self, place: u64) -> anyhow::Result<Molecule> {
        self.compound(place)?
            .molecule(self.model.description().standardise)
            .map_err(anyhow::Error::msg)
    }

    /// The columns of some hits.
    fn columns(&self, rows: &[Row], shared: &mut Shared<'_>) -> anyhow::Result<Vec<Column>> {
        let mut places: BTreeMap<u64, u32> = rows.iter().map(|row| (row.hit.place, 0)).collect();
        let distinct: Vec<u64> = places.keys().copied().collect();
        places.values_mut().zip(0..).for_each(|(at, number)| *at = number);
        let molecules: Vec<Molecule> = distinct
            .par_iter()
            .map(|place| self.molecule(*place))
            .collect::<anyhow::Result<_>>()?;
        let molecules: Vec<&Molecule> = molecules.iter().collect();
        let compounds: Vec<&Compound> = distinct
            .iter()
            .map(|place| self.compound(*place))
            .collect::<anyhow::Result<_>>()?;
        let pair = |row: &Row| (places[&row.hit.place], row.hit.target);
        let request = self.request(&compounds, rows.iter().map(pair).collect(), shared.written);
        shared.written += rows.len() as u64;
        let side = SideData::default();
        let entities = Entities {
            drugs: &molecules,
            targets: &shared.proteins,
            side: [&side, &side],
        };
        let (predictions, _) = self.model.predict_indexed(entities, &request.pairs, |_| {});
        let smiles = |drug: u32| molecules[drug as usize].smiles.as_str();
        let written = output::columns(self.model, &request, smiles, &predictions);
        let mut columns: Vec<Column> = written.into_iter().map(typed).collect();
        let of: Vec<&Compound> = request.pairs.iter().map(|pair| compounds[pair.0 as usize]).collect();
        columns.extend(self.places(rows, &of));
        let known = |(drug, target): &(u32, u32)| {
            let sequence = &shared.proteins[*target as usize].sequence;
            self.model.was_trained_on(smiles(*drug), sequence)
        };
        columns.push(Column::flag("known", request.pairs.iter().map(known)));
        if let Some(panel) = &shared.off_targets {
            columns.push(selectivity(panel, &molecules, rows, &request.pairs));
        }
        let marks = marks(shared.alerts.as_ref(), &molecules)?;
        let mark = |pair: &(u32, u32)| marks.as_ref().and_then(|marks| marks[pair.0 as usize].as_deref());
        if marks.is_some() {
            columns.push(Column::text("alerts", request.pairs.iter().map(mark)));
        }
        if let Some(all) = &mut shared.shown {
            let of = |((row, pair), prediction): ((&Row, &(u32, u32)), _)| {
                let hit = Candidate {
                    place: (row.group, row.rank),
                    names: [&compounds[pair.0 as usize].id, &self.plan.targets[pair.1 as usize].id],
                    molecule: molecules[pair.0 as usize],
                    score: row.hit.score(),
                    prediction,
                    alerts: mark(pair),
                };
                shown::shown(self.model, self.plan.settings.per == Per::Target, &hit)
            };
            all.extend(rows.iter().zip(&request.pairs).zip(&predictions).filter_map(of));
        }
        Ok(columns)
    }

    /// Pairs of compounds and targets under the names that the user gave, as rows after those that were written.
    fn request(&self, compounds: &[&Compound], pairs: Vec<(u32, u32)>, written: u64) -> Request {
        let drug = |(compound, entity): (&&Compound, u32)| Name {
            id: compound.id.clone(),
            entity,
            row: compound.row,
        };
        let target = |(named, entity): (&super::plan::NamedProtein, u32)| Name {
            id: named.id.clone(),
            entity,
            row: named.row,
        };
        Request {
            drugs: compounds.iter().zip(0..).map(drug).collect(),
            targets: self.plan.targets.iter().zip(0..).map(target).collect(),
            rows: (written + 1..).take(pairs.len()).collect(),
            pairs,
            is_product: false,
        }
    }

    /// Ranks, and where the compounds of the hits stand in the library.
    fn places(&self, rows: &[Row], compounds: &[&Compound]) -> [Column; 3] {
        let number = |compound: &&Compound| i64::try_from(compound.row).ok().filter(|row| *row > 0);
        let file = |compound: &&Compound| {
            let mark = self.plan.library.get(compound.file as usize);
            mark.map(|mark| mark.path.clone())
        };
        [
            Column::whole("rank", rows.iter().map(|row| Some(row.rank))),
            Column::whole("library_row", compounds.iter().map(number)),
            Column::text("library_file", compounds.iter().map(file)),
        ]
    }
}

/// The names of the alerts that each molecule holds, where hits are marked.
fn marks(alerts: Option<&Alerts>, molecules: &[&Molecule]) -> anyhow::Result<Option<Vec<Option<String>>>> {
    let Some(alerts) = alerts else { return Ok(None) };
    let of = |molecule: &&Molecule| -> anyhow::Result<Option<String>> {
        let found = alerts.of(&molecule.smiles)?;
        Ok((!found.is_empty()).then(|| found.join("; ")))
    };
    molecules.par_iter().map(of).collect::<anyhow::Result<_>>().map(Some)
}

/// The report of a first stage beside the hits.
pub fn report_beside(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".stage.json");
    out.with_file_name(name)
}

/// The score of each hit less that of the best off-target.
fn selectivity(panel: &Panel<'_>, molecules: &[&Molecule], rows: &[Row], pairs: &[(u32, u32)]) -> Column {
    let scores = panel.scores(molecules, None);
    let best = |scores: &[Option<f64>]| scores.iter().flatten().copied().max_by(f64::total_cmp);
    let best: Vec<Option<f64>> = scores.chunks(panel.len()).map(best).collect();
    let of = |(row, pair): (&Row, &(u32, u32))| Some(row.hit.score() - best[pair.0 as usize]?);
    Column::real("selectivity", rows.iter().zip(pairs).map(of))
}
