//! The report on a data set, as JSON through serde or as plain text.

use std::fmt;

use serde::Serialize;

use super::{Labels, Leakage, RejectedGroup, ScaleSummary, SplitSummary};
use crate::{
    modality::{Coverage, Side},
    table::DuplicateReport,
};

/// Everything that `check_dataset` found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// Content hash of the data set.
    pub fingerprint: String,
    /// Distinct molecules.
    pub drugs: u64,
    /// Ids that name them.
    pub drug_ids: u64,
    /// Distinct sequences.
    pub targets: u64,
    /// Ids that name them.
    pub target_ids: u64,
    /// Accepted interactions.
    pub interactions: u64,
    /// What the reader noticed that is no fault of single rows.
    pub notes: Vec<String>,
    /// Binary labels.
    pub labels: Labels,
    /// Affinities by scale.
    pub scales: Vec<ScaleSummary>,
    /// Repeated (drug, target, scale) rows.
    pub duplicates: DuplicateReport,
    /// Published split columns.
    pub splits: Vec<SplitSummary>,
    /// Reach of each modality.
    pub coverage: Vec<Coverage>,
    /// Skipped files of the modality folder, with the reason.
    pub skipped_files: Vec<(String, String)>,
    /// Tables of side data: what of them is read.
    pub side_tables: Vec<SideTable>,
    /// Rejected rows.
    pub rejected_rows: u64,
    /// Rejected rows by kind, the most frequent first.
    pub rejected: Vec<RejectedGroup>,
    /// How well the positive rates of drug and target over the other rows predict the label.
    pub popularity: Option<Leakage>,
    /// How well the number of modalities predicts the label.
    pub presence: Option<Leakage>,
}

/// A wide table of side data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideTable {
    /// File name without extension.
    pub name: String,
    /// Side that is described.
    pub side: Side,
    /// Genes, assays or channels.
    pub columns: u64,
    /// Numeric columns that are no genes or assays, and are not read.
    pub set_apart: Vec<String>,
    /// Cells that hold no value and count as not measured.
    pub unreadable_cells: u64,
    /// Rows that belong to no entity.
    pub unmatched_rows: u64,
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

impl CheckReport {
    fn write_labels(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Labels {
            positive,
            negative,
            none,
        } = self.labels;
        if positive + negative > 0 {
            let share = percent(positive, positive + negative);
            writeln!(
                f,
                "labels         {positive} bind, {negative} do not ({share:.1} % positive), {none} unlabelled"
            )?;
        }
        for s in &self.scales {
            let name = serde_json::to_value(s.scale).ok();
            let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or("affinity");
            writeln!(
                f,
                "{name:<14} {} exact, {} at most, {} at least; min {:.3}, median {:.3}, max {:.3}",
                s.exact, s.at_most, s.at_least, s.min, s.median, s.max
            )?;
            let all = s.exact + s.at_most + s.at_least;
            if percent(s.exact_at_min, all) >= 10.0 && all >= 20 {
                let share = percent(s.exact_at_min, all);
                writeln!(
                    f,
                    "               {share:.1} % are exactly at the minimum: a censoring floor? Mark it as a bound"
                )?;
            }
        }
        Ok(())
    }

    fn write_coverage(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in &self.coverage {
            let side = match c.side {
                Side::Drug => "drugs",
                Side::Target => "targets",
            };
            let (entities, pairs) = (percent(c.entities, c.of_entities), percent(c.pairs, c.of_pairs));
            writeln!(
                f,
                "coverage       {:<32} {entities:>5.1} % of {side:<7}  {pairs:>5.1} % of pairs",
                c.name
            )?;
        }
        for table in self.side_tables.iter().filter(|table| !table.set_apart.is_empty()) {
            writeln!(f, "set apart      {}: {}", table.name, table.set_apart.join(", "))?;
        }
        for (file, reason) in &self.skipped_files {
            writeln!(f, "skipped        {file}: {reason}")?;
        }
        Ok(())
    }

    fn write_leakage(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            (&self.popularity, "drug and target positive rates of the other rows"),
            (&self.presence, "the number of modalities that exist"),
        ];
        for (leakage, what) in lines {
            if let Some(Leakage { auroc, .. }) = leakage {
                writeln!(f, "leakage        {what} alone: AUROC {auroc:.3}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "drugs          {} distinct molecules under {} ids",
            self.drugs, self.drug_ids
        )?;
        writeln!(
            f,
            "targets        {} distinct sequences under {} ids",
            self.targets, self.target_ids
        )?;
        writeln!(f, "interactions   {}", self.interactions)?;
        self.write_labels(f)?;
        let d = &self.duplicates;
        writeln!(
            f,
            "duplicates     {} rows repeat a (drug, target, scale); {} label conflicts, {} value conflicts, {} split conflicts",
            d.repeats, d.label_conflicts, d.affinity_conflicts, d.split_conflicts
        )?;
        for split in &self.splits {
            let parts: Vec<String> = split
                .parts
                .iter()
                .map(|(part, rows)| format!("{part} {rows}"))
                .collect();
            writeln!(
                f,
                "split          {}: {}, none {}",
                split.name,
                parts.join(", "),
                split.none
            )?;
        }
        self.write_coverage(f)?;
        self.write_leakage(f)?;
        for note in &self.notes {
            writeln!(f, "note           {note}")?;
        }
        writeln!(f, "rejected rows  {}", self.rejected_rows)?;
        for group in &self.rejected {
            writeln!(f, "               {} x such as {}", group.rows, group.first)?;
        }
        write!(f, "fingerprint    {}", self.fingerprint)
    }
}
