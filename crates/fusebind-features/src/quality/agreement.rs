//! Agreement of two modalities of an entity: are its nearest neighbours in one modality similar to it in the other?
//!
//! For a checked value with similarities `a` to the reference's entities, and the entity's similarities `b` under a reference
//! modality, both standardised over the reference to `za` and `zb`, with weights `a^p` over the [`NEAREST`] nearest:
//! `forward = sum a^p zb / (sum a^p + c)`, `backward = sum b^p za / (sum b^p + c)` for two exponents, the correlation `mean
//! za zb`, and the nearest neighbour of each. A text of another drug has neighbours that do not resemble the drug. The entity
//! itself never takes part. Comes in: a [`ReferenceEntities`] and [`Similarities`]. Goes out: [`FEATURES`] numbers per query.

use rayon::prelude::*;

use crate::neighbours::{ReferenceEntities, Similarities};

/// Numbers that describe an agreement.
pub const FEATURES: usize = 9;
/// Neighbours that take part.
const NEAREST: usize = 32;
/// Shrinks the features of an entity without near neighbours.
const SHRINKAGE: f32 = 0.1;
/// Fewer entities than this give no standard deviation to speak of.
const LEAST: usize = 10;

/// One query: does this value belong to this entity?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MismatchQuery {
    /// Row of the checked value among the similarities of the checked source.
    pub value: u32,
    /// Row of the entity among the similarities of the reference source.
    pub entity: u32,
    /// Entities of the reference that do not take part: the entity itself, and whose value it is known to be.
    pub left_out: [Option<u32>; 2],
}

/// Features of each query; `None` where a descriptor is missing or the reference has too few entities with both.
///
/// `sources` are the positions of the checked and of the reference source in the reference, `similar` the similarities that the queries
/// index, `excluded` the entities of the reference that take no part (empty for none).
pub fn agreement(
    reference: &ReferenceEntities,
    sources: [usize; 2],
    similar: [&Similarities<'_>; 2],
    queries: &[MismatchQuery],
    excluded: &[bool],
) -> Vec<Option<[f32; FEATURES]>> {
    let [checked, compared] = sources.map(|at| &reference.sources[at]);
    let both: Vec<u32> = (0..reference.keys.len())
        .filter(|at| checked.1.is_present(*at) && compared.1.is_present(*at))
        .filter(|at| !excluded.get(*at).is_some_and(|b| *b))
        .map(|at| at as u32)
        .collect();
    let powers = [checked.0.exponents(), compared.0.exponents()];
    queries
        .par_iter()
        .map_init(
            || [vec![], vec![]],
            |[scratch, other], query| {
                let rows = [
                    similar[0].row(query.value as usize, scratch)?,
                    similar[1].row(query.entity as usize, other)?,
                ];
                let others = || both.iter().filter(|at| !query.left_out.contains(&Some(**at)));
                let similar = rows.map(|row| others().map(|at| row[*at as usize]).collect::<Vec<f32>>());
                describe(&similar, powers)
            },
        )
        .collect()
}

fn describe(similar: &[Vec<f32>; 2], powers: [[f32; 3]; 2]) -> Option<[f32; FEATURES]> {
    let [a, b] = similar;
    if a.len() < LEAST {
        return None;
    }
    let (za, zb) = (standard(a), standard(b));
    let ([near_a, weight_a], [near_b, weight_b]) = (nearest(a, &zb, powers[0]), nearest(b, &za, powers[1]));
    let correlation = za.iter().zip(&zb).map(|(x, y)| x * y).sum::<f32>() / a.len() as f32;
    let (top_a, top_b) = (top(a), top(b));
    Some([
        near_a,
        weight_a,
        near_b,
        weight_b,
        correlation,
        b[top_b].sqrt(),
        a[top_a].sqrt(),
        zb[top_a] * a[top_a],
        za[top_b] * b[top_b],
    ])
}

fn standard(values: &[f32]) -> Vec<f32> {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / count;
    let std = variance.sqrt().max(1e-6);
    values.iter().map(|v| (v - mean) / std).collect()
}

fn top(values: &[f32]) -> usize {
    (0..values.len())
        .max_by(|x, y| values[*x].total_cmp(&values[*y]).then(y.cmp(x)))
        .unwrap_or(0)
}

/// Shrunken means of `values` over the nearest neighbours, for the two broader exponents.
fn nearest(similar: &[f32], values: &[f32], powers: [f32; 3]) -> [f32; 2] {
    let mut order: Vec<u32> = (0..similar.len() as u32)
        .filter(|at| similar[*at as usize] > 0.0)
        .collect();
    let nearer = |x: &u32, y: &u32| similar[*y as usize].total_cmp(&similar[*x as usize]).then(x.cmp(y));
    if order.len() > NEAREST {
        order.select_nth_unstable_by(NEAREST, nearer);
        order.truncate(NEAREST);
    }
    order.sort_unstable();
    [powers[0], powers[1]].map(|power| {
        let (sum, mass) = order.iter().fold((0.0, SHRINKAGE), |(sum, mass), at| {
            let weight = similar[*at as usize].powf(power);
            (sum + weight * values[*at as usize], mass + weight)
        });
        sum / mass
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::{Descriptors, SimilarityKind};

    /// Sixty entities in three groups that both modalities agree on.
    fn reference() -> ReferenceEntities {
        let rows = |salt: usize| -> Vec<f32> {
            (0..60)
                .flat_map(|i| {
                    let mut row = [0.1f32; 6];
                    row[i % 3] = 1.0;
                    row[3 + (i * salt) % 3] = 0.3;
                    row
                })
                .collect()
        };
        ReferenceEntities {
            keys: (0..60).map(|i| i.to_string()).collect(),
            sources: vec![
                (SimilarityKind::Text, Descriptors::dense(rows(5), 6)),
                (SimilarityKind::Transcriptome, Descriptors::dense(rows(7), 6)),
            ],
            ..ReferenceEntities::default()
        }
    }

    fn own(reference: &ReferenceEntities, at: usize) -> Similarities<'_> {
        Similarities::of(&reference.sources[at].1, &reference.sources[at].1)
    }

    #[test]
    fn what_belongs_together_agrees() {
        let reference = reference();
        let similar = [own(&reference, 0), own(&reference, 1)];
        let of = |value: u32, entity: u32| MismatchQuery {
            value,
            entity,
            left_out: [Some(value), Some(entity)],
        };
        let features = agreement(
            &reference,
            [0, 1],
            [&similar[0], &similar[1]],
            &[of(0, 0), of(1, 0)],
            &[],
        );
        let (own, permuted) = (features[0].expect("has both"), features[1].expect("has both"));
        for feature in [0, 1, 2, 3, 4, 7, 8] {
            assert!(
                own[feature] > permuted[feature] + 0.3,
                "{feature}: {own:?} {permuted:?}"
            );
        }
    }

    #[test]
    fn what_is_missing_has_no_features() {
        let reference = reference();
        let nothing = Descriptors::dense(vec![0.0; 6], 6);
        let nothing = Similarities::of(&reference.sources[0].1, &nothing);
        let query = MismatchQuery {
            value: 0,
            entity: 0,
            left_out: [None; 2],
        };
        let compared = own(&reference, 1);
        assert_eq!(
            agreement(&reference, [0, 1], [&nothing, &compared], &[query], &[]),
            [None]
        );
        let few = ReferenceEntities {
            keys: reference.keys[..5].to_vec(),
            sources: (reference.sources.iter())
                .map(|(s, d)| (*s, d.select(&[0, 1, 2, 3, 4])))
                .collect(),
            ..ReferenceEntities::default()
        };
        let similar = [own(&few, 0), own(&few, 1)];
        assert_eq!(
            agreement(&few, [0, 1], [&similar[0], &similar[1]], &[query], &[]),
            [None]
        );
        let similar = [own(&reference, 0), own(&reference, 1)];
        let all = vec![true; 60];
        assert_eq!(
            agreement(&reference, [0, 1], [&similar[0], &similar[1]], &[query], &all),
            [None]
        );
    }
}
