//! What is to be predicted, under the names that the user gave.
//!
//! Comes in: names of compounds and of proteins, each with the distinct entity that it stands for. Goes out: [`Request`]: one row for each
//! pair that was asked for, in order. Several names may stand for one entity, which is encoded once all the same.

/// A name of a compound or a protein.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What the user calls it.
    pub id: String,
    /// Position among the distinct entities.
    pub entity: u32,
    /// 1-based row of its table; 0 where it came from none.
    pub row: u64,
}

/// Pairs to be predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Names of compounds.
    pub drugs: Vec<Name>,
    /// Names of proteins.
    pub targets: Vec<Name>,
    /// Positions of a compound and a protein among the names, one for each row.
    pub pairs: Vec<(u32, u32)>,
    /// Number of each row: that of the table of pairs, or a running number from 1.
    pub rows: Vec<u64>,
    /// Whether the pairs are all compounds with all proteins.
    pub is_product: bool,
}

impl Request {
    /// Every compound with every protein, compounds first.
    pub fn product(drugs: Vec<Name>, targets: Vec<Name>) -> Self {
        let pairs: Vec<(u32, u32)> = (0..drugs.len() as u32)
            .flat_map(|d| (0..targets.len() as u32).map(move |t| (d, t)))
            .collect();
        Self {
            rows: (1..=pairs.len() as u64).collect(),
            drugs,
            targets,
            pairs,
            is_product: true,
        }
    }

    /// The rows of a table of pairs: number, compound and protein of each.
    pub fn listed(rows: impl IntoIterator<Item = (u64, [(String, u32); 2])>) -> Self {
        let mut request = Self::default();
        for (at, (row, [drug, target])) in rows.into_iter().enumerate() {
            let name = |(id, entity): (String, u32)| Name { id, entity, row };
            request.drugs.push(name(drug));
            request.targets.push(name(target));
            request.pairs.push((at as u32, at as u32));
            request.rows.push(row);
        }
        request
    }

    /// The pairs as positions among the distinct entities.
    pub fn entities(&self) -> Vec<(u32, u32)> {
        let of = |(d, t): &(u32, u32)| (self.drugs[*d as usize].entity, self.targets[*t as usize].entity);
        self.pairs.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_and_their_names() {
        let name = |id: &str, entity| (id.to_string(), entity);
        let rows = [
            (3, [name("salt", 0), name("T", 1)]),
            (5, [name("base", 0), name("T", 1)]),
        ];
        let request = Request::listed(rows);
        assert_eq!(
            (request.rows.clone(), request.entities()),
            (vec![3, 5], vec![(0, 1), (0, 1)])
        );
        let names = |count: u32| {
            (0..count)
                .map(|entity| Name {
                    id: entity.to_string(),
                    entity,
                    row: 1,
                })
                .collect()
        };
        let product = Request::product(names(2), names(3));
        assert_eq!(product.entities(), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
        assert_eq!(product.rows, [1, 2, 3, 4, 5, 6]);
    }
}
