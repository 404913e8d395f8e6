//! What `fusebind embed` reads. Comes in: the flags. Goes out: texts, the keys that the output has for each, and rejected rows.

use fusebind::{
    data::{
        modality::{KeyColumn, load_descriptions},
        source::{ColumnMap, Keep, load_drugs, load_targets},
        table::Rejection,
    },
    features::entity::molecule::ChematicToolkit,
    pretrained::Content,
};

use crate::{args::EmbedArgs, console::Console};

/// Rows to embed.
pub struct Inputs {
    pub content: Content,
    pub file: String,
    pub keys: Vec<KeyColumn>,
    /// Text, and row of the file.
    pub rows: Vec<(String, u64)>,
    pub rejections: Vec<Rejection>,
}

impl Inputs {
    /// Removes rows, with a reason.
    pub fn reject(&mut self, is_bad: impl Fn(&str) -> bool, reason: &str) {
        let bad: Vec<bool> = self.rows.iter().map(|(text, _)| is_bad(text)).collect();
        for ((text, row), _) in self.rows.iter().zip(&bad).filter(|(_, bad)| **bad) {
            let shown: String = text.chars().take(60).collect();
            self.rejections
                .push(Rejection::new(self.file.clone(), *row, reason).of("text", &shown));
        }
        for (_, cells) in &mut self.keys {
            retain(cells, &bad);
        }
        retain(&mut self.rows, &bad);
    }
}

fn retain<T>(values: &mut Vec<T>, bad: &[bool]) {
    let mut bad = bad.iter();
    values.retain(|_| bad.next() == Some(&false));
}

/// Reads the file of the flags.
pub fn read(args: &EmbedArgs, console: &Console) -> anyhow::Result<Inputs> {
    if let Some(path) = &args.texts {
        let found = load_descriptions(path, args.column.as_deref())?;
        return Ok(Inputs {
            content: Content::Text,
            file: path.display().to_string(),
            keys: found.keys,
            rows: found.texts.into_iter().zip(found.rows).collect(),
            rejections: found.rejections,
        });
    }
    let map = ColumnMap {
        drug_id: args.id.clone().filter(|_| args.drugs.is_some()),
        target_id: args.id.clone().filter(|_| args.targets.is_some()),
        smiles: args.column.clone().filter(|_| args.drugs.is_some()),
        sequence: args.column.clone().filter(|_| args.targets.is_some()),
        ..ColumnMap::default()
    };
    let (content, path, names, found) = if let Some(path) = &args.targets {
        let table = load_targets(path, &map, &Keep::Nothing)?;
        let texts: Vec<String> = table
            .entities
            .iter()
            .map(|target| target.protein.sequence.clone())
            .collect();
        let found = (table.rows, texts, table.rejections, table.notes);
        (Content::Protein, path, ["target_id", "sequence"], found)
    } else {
        let path = args.drugs.as_ref().expect("clap asks for one of the three");
        let table = load_drugs(path, &ChematicToolkit, &map, &Keep::Nothing)?;
        let texts = table.entities.iter().map(|drug| drug.molecule.smiles.clone()).collect();
        let found = (table.rows, texts, table.rejections, table.notes);
        (Content::Molecule, path, ["drug_id", "smiles"], found)
    };
    let (mut rows, texts, rejections, notes) = found;
    notes.iter().for_each(|note| console.note(format_args!("note: {note}")));
    // A row that repeats another adds nothing to a side table.
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| seen.insert((row.id.clone(), row.entity)));
    let text = |entity: u32| texts[entity as usize].clone();
    Ok(Inputs {
        content,
        file: path.display().to_string(),
        keys: vec![
            (names[0].into(), rows.iter().map(|row| Some(row.id.clone())).collect()),
            (names[1].into(), rows.iter().map(|row| Some(text(row.entity))).collect()),
        ],
        rows: rows.iter().map(|row| (text(row.entity), row.row)).collect(),
        rejections,
    })
}
