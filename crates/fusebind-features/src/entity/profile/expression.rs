//! Expression signatures over named genes.

use std::{collections::HashSet, sync::Arc};

use crate::{Error, ErrorKind};

/// The genes that a set of signatures is measured on, in column order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenePanel {
    genes: Arc<[String]>,
}

impl GenePanel {
    /// Checks that there are genes and that none occurs twice.
    pub fn new(genes: Vec<String>) -> Result<Self, Error> {
        let mut seen = HashSet::new();
        if genes.is_empty() {
            return Err(Error::new(ErrorKind::Expression, "a gene panel without genes"));
        }
        match genes.iter().find(|gene| !seen.insert(gene.as_str())) {
            Some(twice) => Err(Error::new(
                ErrorKind::Expression,
                format!("gene `{twice}` occurs twice"),
            )),
            None => Ok(Self { genes: genes.into() }),
        }
    }

    /// Names of the genes.
    pub fn genes(&self) -> &[String] {
        &self.genes
    }
}

/// One signature: a value per gene of its panel.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionSignature {
    /// Values in the panel's order, `[G]`.
    pub values: Vec<f32>,
    /// What was done (dose, time, cell line), as given.
    pub condition: String,
}

impl ExpressionSignature {
    /// Reads a signature from table cells, one per gene of the panel.
    pub fn parse_cells<S: AsRef<str>>(panel: &GenePanel, cells: &[S], condition: &str) -> Result<Self, Error> {
        let number = |(gene, cell): (usize, &S)| {
            let cell = cell.as_ref().trim();
            cell.parse::<f32>().map_err(|_| {
                let name = panel.genes.get(gene).map_or("beyond the panel", String::as_str);
                Error::new(ErrorKind::Expression, format!("gene `{name}`: `{cell}` is no number")).at(gene)
            })
        };
        let values = cells
            .iter()
            .enumerate()
            .map(number)
            .collect::<Result<Vec<f32>, Error>>()?;
        Self::parse(panel, values, condition)
    }

    /// Checks a signature against its panel: as many values as genes, all finite, not all zero.
    pub fn parse(panel: &GenePanel, values: Vec<f32>, condition: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::new(ErrorKind::Expression, reason);
        if values.len() != panel.genes.len() {
            return Err(refuse(format!(
                "{} values for {} genes",
                values.len(),
                panel.genes.len()
            )));
        }
        if let Some(gene) = values.iter().position(|v| !v.is_finite()) {
            return Err(refuse(format!("gene `{}` has no finite value", panel.genes[gene])).at(gene));
        }
        if values.iter().all(|v| *v == 0.0) {
            return Err(refuse(
                "every value is 0: leave the row out where nothing was measured".into(),
            ));
        }
        Ok(Self {
            values,
            condition: condition.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_panel_and_values() {
        let panel = GenePanel::new(vec!["A".into(), "B".into()]).unwrap();
        assert!(ExpressionSignature::parse(&panel, vec![1.0, -2.0], "10 uM").is_ok());
        assert!(ExpressionSignature::parse(&panel, vec![1.0], "").is_err());
        assert_eq!(
            ExpressionSignature::parse(&panel, vec![1.0, f32::NAN], "")
                .unwrap_err()
                .position(),
            Some(1)
        );
        assert!(ExpressionSignature::parse(&panel, vec![0.0, 0.0], "").is_err());
        assert!(GenePanel::new(vec!["A".into(), "A".into()]).is_err() && GenePanel::new(vec![]).is_err());
    }

    #[test]
    fn cells_are_numbers_of_known_genes() {
        let panel = GenePanel::new(vec!["A".into(), "B".into()]).expect("a panel");
        let read = ExpressionSignature::parse_cells(&panel, &["1.5", " -2e-1 "], "24 h").expect("a signature");
        assert_eq!(read.values, [1.5, -0.2]);
        let error = ExpressionSignature::parse_cells(&panel, &["1.5", "high"], "").expect_err("no number");
        assert!(
            error.to_string().contains("`B`") && error.position() == Some(1),
            "{error}"
        );
        assert!(ExpressionSignature::parse_cells(&panel, &["1.5", ""], "").is_err());
        assert!(ExpressionSignature::parse_cells(&panel, &["1.5", "2", "x"], "").is_err());
    }
}
