//! Tables. Comes in: cells as text. Goes out: the same cells, each with the side it is aligned to.

use minijinja::{Value, context};

use crate::error::Error;

/// A table of texts; an empty `header` makes a table without one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What the table shows.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// Cells, row by row; every row as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn value(&self) -> Result<Value, Error> {
        let wide = match (self.header.len(), self.rows.first()) {
            (0, Some(first)) => first.len(),
            (wide, _) => wide,
        };
        if let Some((at, row)) = self.rows.iter().enumerate().find(|(_, row)| row.len() != wide) {
            let what = format!("table `{}`: row {}", self.caption, at + 1);
            return Err(Error::shape(what, row.len(), wide));
        }
        let column = |at: usize| self.rows.iter().map(move |row| row[at].as_str());
        let numbers: Vec<bool> = (0..wide)
            .map(|at| column(at).any(is_number) && column(at).all(|cell| is_number(cell) || is_blank(cell)))
            .collect();
        let cell = |(text, right): (&String, bool)| context! { text => text, right => right };
        let row = |row: &Vec<String>| -> Value {
            let sides = row.iter().zip(&numbers);
            sides.map(|(text, all)| cell((text, *all || is_number(text)))).collect()
        };
        Ok(context! {
            kind => "table",
            caption => &self.caption,
            header => self.header.iter().zip(numbers.iter().copied()).map(cell).collect::<Value>(),
            rows => self.rows.iter().map(row).collect::<Value>(),
        })
    }
}

/// Whether a reader takes `cell` for a quantity: `0.81 ± 0.02`, `+3 %`, `1e-5`, `-0.1 [-0.2, 0.0]`; not `C1=CC` or `step 3`.
fn is_number(cell: &str) -> bool {
    let starts = |c: char| c.is_ascii_digit() || "+-−±.(<>≤≥~".contains(c);
    cell.trim_start().starts_with(starts)
        && cell.contains(|c: char| c.is_ascii_digit())
        && cell
            .chars()
            .all(|c| c.is_ascii_digit() || " +-−±.,()[]<>≤≥~%/eE×^".contains(c))
}

/// Whether `cell` marks a missing number.
fn is_blank(cell: &str) -> bool {
    let cell = cell.trim();
    ["", "-", "–", "—", "−"].contains(&cell) || ["na", "n/a", "nan"].contains(&cell.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_distinguished_from_words() {
        for cell in ["0.81 ± 0.02", "+3 %", "1e-5", "-0.1 [-0.2, 0.0]", "1,024", "< 0.001"] {
            assert!(is_number(cell), "{cell}");
        }
        for cell in ["C1=CC", "step 3", "", "–", "e", "P00533", "3 seeds"] {
            assert!(!is_number(cell), "{cell}");
        }
    }
}
