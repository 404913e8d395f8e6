//! Textual descriptions: one or more per entity, each in one or more variants (the raw text and stricter ones without the
//! sentences that leak labels).

use super::matching::{RowNames, Side, is_key};
use crate::{
    Error,
    source::{RawTable, normalise},
    table::Dataset,
};

/// One description of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEntry {
    /// One text per field of the table; `None` where it is empty.
    pub texts: Vec<Option<String>>,
    /// Where the text comes from, if the table has this column.
    pub source: Option<String>,
    /// Whether the text only repeats name and status; such a text does not count as a description.
    pub is_template: bool,
    /// 1-based row in the file.
    pub row: u64,
}

/// A table of descriptions, matched to the entities of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTable {
    /// File name without extension.
    pub name: String,
    /// Side that is described.
    pub side: Side,
    /// Text variants, in column order; the first of the columns called `text` or else the first column counts as the default.
    pub fields: Vec<String>,
    /// Descriptions that belong to an entity.
    pub entries: Vec<TextEntry>,
    /// Positions in `entries` for each entity.
    pub of_entity: Vec<Vec<u32>>,
    /// Rows of the file that belong to no entity of the data set.
    pub unmatched_rows: u64,
}

fn is_text(name: &str) -> bool {
    let name = normalise(name);
    ["text", "description", "summary", "go_"]
        .iter()
        .any(|word| name.starts_with(word))
        || name.ends_with("_summary")
}

impl TextTable {
    pub(super) fn new(name: String, side: Side, table: &RawTable, dataset: &Dataset) -> Result<Option<Self>, Error> {
        let Some(names) = RowNames::of_table(table, side) else {
            return Ok(None);
        };
        let rows = names.rows_of_entities(dataset);
        let mut columns: Vec<_> = table
            .columns()
            .iter()
            .filter(|c| is_text(c.name()) && !is_key(c))
            .collect();
        columns.sort_by_key(|column| normalise(column.name()) != "text");
        if columns.is_empty() {
            return Err(table.missing("text", "there is no text column"));
        }
        let other = |wanted: &str| table.columns().iter().find(|column| normalise(column.name()) == wanted);
        let (source, template) = (other("source"), other("is_template"));
        let mut position = vec![None; table.len()];
        let (mut entries, mut of_entity) = (Vec::new(), Vec::with_capacity(rows.len()));
        for rows in rows {
            let mut mine = Vec::new();
            for row in rows {
                let at = *position[row].get_or_insert_with(|| {
                    let text = |text: &str| Some(text.trim().to_string()).filter(|text| !text.is_empty());
                    entries.push(TextEntry {
                        texts: columns.iter().map(|column| column.get(row).and_then(text)).collect(),
                        source: source.and_then(|column| column.get(row)).map(str::to_string),
                        is_template: template
                            .and_then(|c| c.get(row))
                            .is_some_and(|flag| matches!(flag, "true" | "1")),
                        row: table.row_number(row),
                    });
                    entries.len() as u32 - 1
                });
                mine.push(at);
            }
            of_entity.push(mine);
        }
        let unmatched_rows = position.iter().filter(|at| at.is_none()).count() as u64;
        let fields = columns.iter().map(|column| column.name().to_string()).collect();
        Ok(Some(Self {
            name,
            side,
            fields,
            entries,
            of_entity,
            unmatched_rows,
        }))
    }

    /// Non-empty descriptions of an entity in the variant `field`, templates left out.
    pub fn texts(&self, entity: u32, field: &str) -> impl Iterator<Item = &str> {
        let at = self.fields.iter().position(|known| known == field);
        let entries = self.of_entity.get(entity as usize).map_or(&[][..], Vec::as_slice);
        entries.iter().filter_map(move |&entry| {
            let entry = self.entries.get(entry as usize).filter(|entry| !entry.is_template)?;
            entry.texts.get(at?)?.as_deref()
        })
    }
}
