//! Nearest active: how similar a compound is to the nearest known active of the target, or of the target that is most like it.
//!
//! ```text
//! score(d, t) = max over a in A(t*) of tanimoto(d, a),   t* = argmax over t' with actives of cosine(t, t')
//! ```
//!
//! `A(t)` are the training compounds that bind `t`, or whose affinity to it is among the highest quarter of the training values. A
//! target with actives of its own is its own nearest one. This is what a chemist does with a similarity search, and hard to beat in ranking
//! a library (Sheridan & Kearsley 2002, doi 10.1016/S1359-6446(02)02411-X). The scores rank; they are no affinities.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    BaselineContext,
    neighbours::{Compositions, tanimoto},
};

/// Share of the highest training values that count as active.
const ACTIVE: f64 = 0.25;

/// Score of each pair; `None` where no training pair is active.
pub(super) fn predict(context: &BaselineContext<'_>) -> Option<Vec<f64>> {
    let least = least_active(context)?;
    let mut actives: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &(drug, target, _) in context.train.iter().filter(|pair| pair.2 >= least) {
        actives.entry(target).or_default().push(drug);
    }
    let mut targets: Vec<u32> = context.pairs.iter().map(|pair| pair.1).collect();
    targets.sort_unstable();
    targets.dedup();
    let compositions = Compositions::new(context);
    let nearest: BTreeMap<u32, &Vec<u32>> = targets
        .par_iter()
        .filter_map(|target| {
            let similarity = |known: &u32| match known == target {
                true => f64::INFINITY,
                false => compositions.cosine(*target, *known),
            };
            // Of equally similar ones the first.
            let best = actives
                .keys()
                .rev()
                .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
            Some((*target, &actives[best]))
        })
        .collect();
    let score = |&(drug, target): &(u32, u32)| {
        let similarities = nearest[&target].iter().map(|active| tanimoto(context, drug, *active));
        similarities.fold(0.0, f64::max)
    };
    Some(context.pairs.par_iter().map(score).collect())
}

/// The least training value of an active pair: 1 where all values are labels.
fn least_active(context: &BaselineContext<'_>) -> Option<f64> {
    let mut values: Vec<f64> = context.train.iter().map(|pair| pair.2).collect();
    if values.iter().all(|value| *value == 0.0 || *value == 1.0) {
        return values.contains(&1.0).then_some(1.0);
    }
    values.sort_by(f64::total_cmp);
    let place = ((1.0 - ACTIVE) * values.len() as f64) as usize;
    values.get(place.min(values.len().checked_sub(1)?)).copied()
}

#[cfg(test)]
mod tests {
    use fusebind_data::{
        split::{Part, Split},
        table::{Dataset, Drug, Interaction, Target},
    };
    use fusebind_features::entity::{
        molecule::{ChematicToolkit, Chemistry},
        protein::Protein,
    };

    use super::*;

    fn dataset(pairs: &[(u32, u32, bool)]) -> Dataset {
        let drug = |smiles: &&str| Drug {
            ids: vec![smiles.to_string()],
            keys: BTreeMap::new(),
            molecule: ChematicToolkit.molecule(smiles).expect("is valid"),
        };
        let target = |sequence: &&str| Target {
            ids: vec![sequence.to_string()],
            keys: BTreeMap::new(),
            protein: Protein::parse(sequence).expect("is valid"),
        };
        let interaction = |(row, &(drug, target, binds)): (usize, &(u32, u32, bool))| Interaction {
            drug,
            target,
            affinity: None,
            binds: Some(binds),
            row: row as u64 + 1,
        };
        Dataset {
            drugs: ["CCCCCCO", "c1ccccc1C(=O)N", "CCCCCCCO", "c1ccccc1C(=O)NC"]
                .iter()
                .map(drug)
                .collect(),
            targets: [
                "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ",
                "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVN",
                "GGSGGSPPPPLLLLWWWWHHHHCCCCDDDDEEEE",
            ]
            .iter()
            .map(target)
            .collect(),
            interactions: pairs.iter().enumerate().map(interaction).collect(),
            ..Dataset::default()
        }
    }

    fn scores(train: &[(u32, u32, bool)], test: &[(u32, u32)]) -> Option<Vec<f64>> {
        let tested = test.iter().map(|&(drug, target)| (drug, target, false));
        let dataset = dataset(&train.iter().copied().chain(tested).collect::<Vec<_>>());
        let parts: Vec<Option<Part>> = (0..dataset.interactions.len())
            .map(|at| Some(if at < train.len() { Part::Train } else { Part::Test }))
            .collect();
        let split = Split::from_parts(&dataset, &parts, "test");
        let value = |at: u32| {
            dataset.interactions[at as usize]
                .binds
                .map(|binds| f64::from(u8::from(binds)))
        };
        predict(&BaselineContext::new(
            &dataset,
            &split.train,
            split.test.indices(),
            value,
        ))
    }

    #[test]
    fn the_actives_of_the_nearest_target_count() {
        // The alcohol binds the first target, the amide the third; nothing is known to bind the second.
        let train = [(0, 0, true), (1, 0, false), (1, 2, true), (0, 1, false)];
        let found = scores(&train, &[(2, 0), (3, 0), (2, 1), (3, 1), (3, 2)]).expect("there are actives");
        assert!(found[0] > 0.5 && found[1] < 0.3, "{found:?}");
        assert_eq!(
            found[2..4],
            found[..2],
            "the second target has the actives of the first"
        );
        assert!(found[4] > 0.4, "{found:?}");
        assert_eq!(scores(&[(0, 0, false)], &[(2, 0)]), None);
    }
}
