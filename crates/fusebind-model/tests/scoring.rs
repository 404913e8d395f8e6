//! Many pairs through a model: scored as one batch, read once or anew, and blended with what is said from structure alone.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use burn::tensor::Device;
use fusebind_features::{
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::Mask,
    novelty::Novelty,
};
use fusebind_model::scoring::{EnsembleWeights, MissingModalities, NeighbourSource, PairShares, Scorer, Scores};
use support::{assert_close, host, memory, model, pairs, stores};

#[test]
fn many_pairs_score_as_one_batch_does() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let index = pairs();
    let list: Vec<(u32, u32)> = index.drug.iter().copied().zip(index.target.iter().copied()).collect();
    let mut done = 0;
    let reference_set = memory(&drugs, &targets, &list);
    let scorer = Scorer {
        structure: None,
        model: &model,
        neighbours: NeighbourSource::ReferenceSet(&reference_set),
        missing: MissingModalities::default(),
        modality_weights: Default::default(),
        device: &device,
    };
    let raw_outputs = scorer.score((&drugs, &targets), &list, |n| done = n);
    assert_eq!((done, raw_outputs.joint.scales), (32, 2));
    let table = reference_set.table((&drugs, &targets), &list);
    let again = Scorer {
        neighbours: NeighbourSource::Table(&table),
        ..scorer
    };
    assert_eq!(again.score((&drugs, &targets), &list, |_| {}), raw_outputs);
    let all = (
        drugs.batch(&[0, 1, 2, 3, 4, 5, 6, 7]),
        targets.batch(&[0, 1, 2, 3, 4, 5]),
    );
    let rows: Vec<(u32, Mask)> = (0..32).map(|row| (row, Mask::default())).collect();
    let outputs = model.forward((&all.0, &all.1), index, Some(&table.rows(&rows)), &device);
    assert_close(
        &raw_outputs.joint.affinity,
        &host(outputs.joint.affinity.unwrap()),
        "affinity",
    );
    assert_close(
        &raw_outputs.joint.binding,
        &host(outputs.joint.binding.unwrap()),
        "binding",
    );
    let alone = raw_outputs.neighbours.clone().unwrap();
    assert_close(
        &alone.binding,
        &host(outputs.neighbours.unwrap().binding.unwrap()),
        "neighbours",
    );
    let [none, all] = [0.0, 1.0].map(|share| raw_outputs.mixed(share));
    let apart = |(a, b): (&f32, &f32)| (a - b).abs();
    let scales = alone.scales;
    let first = |scores: &Scores| scores.affinity.iter().step_by(scales).copied().collect::<Vec<f32>>();
    let disagreement: Vec<f32> = first(&alone)
        .iter()
        .zip(&first(&raw_outputs.joint))
        .map(apart)
        .collect();
    assert_eq!((&none.disagreement, &all.disagreement), (&disagreement, &disagreement));
    assert_eq!((none.affinity, none.binding), (alone.affinity, alone.binding));
    assert_eq!(
        (all.affinity, all.binding),
        (raw_outputs.joint.affinity.clone(), raw_outputs.joint.binding.clone())
    );
}

#[test]
fn what_is_read_once_scores_as_what_is_read_anew() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let index = pairs();
    let list: Vec<(u32, u32)> = index.drug.iter().copied().zip(index.target.iter().copied()).collect();
    let reference_set = memory(&drugs, &targets, &list);
    let stores = (&drugs, &targets);
    let scorer = Scorer {
        structure: None,
        model: &model,
        neighbours: NeighbourSource::ReferenceSet(&reference_set),
        missing: MissingModalities::default(),
        modality_weights: Default::default(),
        device: &device,
    };
    let embeddings = scorer.read(stores, &list);
    let lost = |salt: usize, count: usize| -> Vec<ModalitySet> {
        let modalities = [Modality::Graph, Modality::Text, Modality::Bioassay, Modality::Sequence];
        let of = |entity: usize| {
            modalities
                .iter()
                .skip((entity + salt) % 3)
                .step_by(2)
                .copied()
                .collect()
        };
        (0..count).map(of).collect()
    };
    let mut modality_weights = [ModalityWeights::default(); 2];
    modality_weights[0].set(Modality::Text, 0.5);
    let mut before = vec![scorer.score(stores, &list, |_| {})];
    for salt in 0..2 {
        let (drugs, targets) = (lost(salt, 8), lost(salt, 6));
        let missing = MissingModalities::Each([&drugs, &targets]);
        let scorer = Scorer {
            structure: None,
            missing,
            modality_weights,
            ..scorer
        };
        let anew = scorer.score(stores, &list, |_| {});
        assert_eq!(scorer.score_read(&embeddings, stores, &list, |_| {}), anew);
        assert!(!before.contains(&anew), "what is lost is missed");
        before.push(anew);
    }
}

#[test]
fn a_share_of_the_prediction_rests_on_structure_alone() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let index = pairs();
    let list: Vec<(u32, u32)> = index.drug.iter().copied().zip(index.target.iter().copied()).collect();
    let reference_set = memory(&drugs, &targets, &list);
    let stores = (&drugs, &targets);
    let scorer = Scorer {
        structure: None,
        model: &model,
        neighbours: NeighbourSource::ReferenceSet(&reference_set),
        missing: MissingModalities::default(),
        modality_weights: Default::default(),
        device: &device,
    };
    let structure: ModalitySet = [Modality::Graph, Modality::Sequence].into_iter().collect();
    let side = Mask {
        drug: structure.complement(),
        target: structure.complement(),
        ..Mask::default()
    };
    let alone = Scorer {
        missing: MissingModalities::Alike(side),
        ..scorer
    };
    let ensemble = |structure: f32| EnsembleWeights {
        encoder_share: 0.25,
        structure_encoder_share: None,
        one_sided_share: 0.0,
        structure_only_share: structure,
    };
    let predict = |scorer: &Scorer<'_>, share: f32| {
        scorer.predict(None, stores, &list, &PairShares::alike(ensemble(share)), |_| {})
    };
    let (all, bare) = (predict(&scorer, 0.0), predict(&alone, 0.0));
    assert_ne!(all, bare, "side modalities are read");
    let combined = predict(&scorer, 0.25);
    let expected =
        |all: &[f32], bare: &[f32]| -> Vec<f32> { all.iter().zip(bare).map(|(a, b)| 0.75 * a + 0.25 * b).collect() };
    assert_close(&combined.affinity, &expected(&all.affinity, &bare.affinity), "affinity");
    assert_close(&combined.binding, &expected(&all.binding, &bare.binding), "binding");
    assert_close(&predict(&alone, 0.25).binding, &bare.binding, "structure with itself");

    let embeddings = scorer.read(stores, &list);
    assert_eq!(
        scorer.predict(
            Some(&embeddings),
            stores,
            &list,
            &PairShares::alike(ensemble(0.25)),
            |_| {}
        ),
        combined
    );
    let both = scorer.score_both(&embeddings, stores, &list);
    assert_eq!(scorer.combined(&both, &list, ensemble(0.25)), combined);
    assert_eq!(scorer.combined(&both, &list, ensemble(0.0)), all);

    // Pairs of one novelty have their own shares, the others the usual ones.
    let novelty: Vec<Novelty> = (0..list.len()).map(|row| Novelty::ALL[row % 4]).collect();
    let own = [(Novelty::NewDrug, ensemble(0.0)), (Novelty::BothNew, ensemble(1.0))].into();
    let shares = PairShares::by_novelty(ensemble(0.25), &own, &novelty);
    let mixed = scorer.predict(None, stores, &list, &shares, |_| {});
    for (row, novelty) in novelty.iter().enumerate() {
        let expected = match novelty {
            Novelty::NewDrug => &all,
            Novelty::BothNew => &bare,
            _ => &combined,
        };
        assert_eq!(
            mixed.binding[row].to_bits(),
            expected.binding[row].to_bits(),
            "{novelty:?}"
        );
    }

    // A pair without its graph has no structure to rest on: the others are blended as before.
    let mut lost = vec![ModalitySet::default(); 8];
    lost[3].insert(Modality::Graph);
    let nothing = vec![ModalitySet::default(); 6];
    let lacking = Scorer {
        missing: MissingModalities::Each([&lost, &nothing]),
        ..scorer
    };
    let (whole, combined) = (predict(&lacking, 0.0), predict(&lacking, 0.5));
    for (row, (drug, _)) in list.iter().enumerate() {
        assert_eq!(whole.binding[row] == combined.binding[row], *drug == 3, "pair {row}");
        let columns = row * 2..(row + 1) * 2;
        assert_eq!(
            whole.affinity[columns.clone()] == combined.affinity[columns],
            *drug == 3,
            "pair {row}"
        );
    }
}
