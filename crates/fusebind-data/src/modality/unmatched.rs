//! Side tables of which no row belongs to an entity: most often their ids are written otherwise than those of the data set.

use std::path::Path;

use super::matching::{Side, side_of};
use crate::{Error, ErrorKind, source::RawTable, table::Dataset};

/// A table that matches no entity of the data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// File.
    pub file: String,
    /// What its rows are called, and the entities.
    pub reason: String,
}

impl Unmatched {
    /// `table`, none of whose rows was matched.
    pub(super) fn table(table: &RawTable, side: Side, dataset: &Dataset) -> Self {
        let key = table.columns().iter().find(|column| {
            let alone = RawTable::from_columns("", vec![(*column).clone()]);
            side_of(&alone) == Some(side)
        });
        let own = key.and_then(|key| Some((key.name(), (0..key.len()).find_map(|row| key.get(row))?)));
        let own = own.map(|(name, cell)| format!("`{name}` is for instance `{cell}`"));
        Self::new(table.file.clone(), (table.len(), side, own.as_deref()), dataset)
    }

    /// A file with `rows`, none of which was matched; `own` says what they are called.
    pub(super) fn new(file: String, (rows, side, own): (usize, Side, Option<&str>), dataset: &Dataset) -> Self {
        let entity = match side {
            Side::Drug => dataset.drugs.first().and_then(|drug| drug.ids.first()),
            Side::Target => dataset.targets.first().and_then(|target| target.ids.first()),
        };
        let (side, own) = (side.plural(), own.map(|own| format!(": {own}")).unwrap_or_default());
        let called = entity
            .map(|id| format!(", an id of the data set is `{id}`"))
            .unwrap_or_default();
        Self {
            file,
            reason: format!("none of its {rows} rows belongs to the {side} of the data set{own}{called}"),
        }
    }

    /// The error about it.
    pub(super) fn refusal(&self) -> Error {
        let hint = "write the ids as the data set does, or give both a key such as inchikey or uniprot; --allow-unmatched goes on without the \
                    table";
        Error::new(ErrorKind::Config, self.reason.clone())
            .in_file(Path::new(&self.file))
            .hint(hint)
    }
}
