//! Groups of pairs whose errors are counted apart (Mondrian): how new a pair is, and within that how similar its new entities are to
//! training entities.
//!
//! | group | pairs | coarser group |
//! |---|---|---|
//! | 0 | all | |
//! | 1 to 4 | those of one [`Novelty`] | 0 |
//! | 5 to 10 | of the three with something new: near, far | that novelty |

use fusebind_features::novelty::Novelty;

use super::channels::PairEvidence;

/// Next coarser group of each group.
pub const PARENTS: [Option<usize>; 11] = [
    None,
    Some(0),
    Some(0),
    Some(0),
    Some(0),
    Some(2),
    Some(2),
    Some(3),
    Some(3),
    Some(4),
    Some(4),
];

/// The group of all pairs of a novelty.
pub fn of_novelty(novelty: Novelty) -> usize {
    1 + novelty as usize
}

/// The finest group of a pair. A pair is far where a new entity of it is less similar to training than `limits` (drug, target).
pub fn group(evidence: &PairEvidence, limits: [f32; 2]) -> usize {
    let novelty = evidence.novelty();
    let sides = [&evidence.drug, &evidence.target].into_iter().zip(limits);
    let far = sides
        .into_iter()
        .any(|(entity, limit)| !entity.is_known && entity.similarity() < limit);
    match novelty {
        Novelty::Known => 1,
        _ => 5 + 2 * (novelty as usize - 1) + usize::from(far),
    }
}

#[cfg(test)]
mod tests {
    use fusebind_features::neighbours::EntityEvidence;

    use super::*;

    #[test]
    fn each_finest_group_belongs_to_its_novelty() {
        let entity = |is_known: bool, similarity: f32| EntityEvidence {
            is_known,
            nearest: Some((0, similarity)),
            ..EntityEvidence::default()
        };
        for drug_known in [true, false] {
            for target_known in [true, false] {
                for similarity in [0.2, 0.9] {
                    let pair = PairEvidence {
                        drug: entity(drug_known, similarity),
                        target: entity(target_known, 0.8),
                    };
                    let found = group(&pair, [0.5, 0.5]);
                    let novelty = of_novelty(pair.novelty());
                    assert!(found == novelty || PARENTS[found] == Some(novelty));
                    let is_far = !drug_known && similarity < 0.5;
                    assert_eq!(found > 4 && found.is_multiple_of(2), is_far, "{found}");
                }
            }
        }
    }
}
