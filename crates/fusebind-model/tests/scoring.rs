//! Many pairs through a model: scored as one batch, read once or anew, and blended with what is said from structure alone.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use burn::tensor::Device;
use fusebind_features::modality::{Modality, ModalitySet, Trust};
use fusebind_model::{
    evidence::Withheld,
    scoring::{Absence, Blend, EvidenceOf, Scorer},
};
use support::{assert_close, host, memory, model, pairs, stores};

#[test]
fn many_pairs_score_as_one_batch_does() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let index = pairs();
    let list: Vec<(u32, u32)> = index.drug.iter().copied().zip(index.target.iter().copied()).collect();
    let mut done = 0;
    let bank = memory(&drugs, &targets, &list);
    let scorer = Scorer {
        model: &model,
        evidence: EvidenceOf::Bank(&bank),
        absence: Absence::default(),
        trust: Default::default(),
        device: &device,
    };
    let opinions = scorer.score((&drugs, &targets), &list, |n| done = n);
    assert_eq!((done, opinions.joint.scales), (32, 2));
    let table = bank.table((&drugs, &targets), &list);
    let again = Scorer {
        evidence: EvidenceOf::Table(&table),
        ..scorer
    };
    assert_eq!(again.score((&drugs, &targets), &list, |_| {}), opinions);
    let all = (
        drugs.batch(&[0, 1, 2, 3, 4, 5, 6, 7]),
        targets.batch(&[0, 1, 2, 3, 4, 5]),
    );
    let rows: Vec<(u32, Withheld)> = (0..32).map(|row| (row, Withheld::default())).collect();
    let outputs = model.forward((&all.0, &all.1), index, Some(&table.rows(&rows)), &device);
    assert_close(
        &opinions.joint.affinity,
        &host(outputs.joint.affinity.unwrap()),
        "affinity",
    );
    assert_close(
        &opinions.joint.binding,
        &host(outputs.joint.binding.unwrap()),
        "binding",
    );
    let alone = opinions.evidence.clone().unwrap();
    assert_close(
        &alone.binding,
        &host(outputs.evidence.unwrap().binding.unwrap()),
        "evidence",
    );
    assert_eq!(
        (opinions.mixed(0.0), opinions.mixed(1.0)),
        (alone, opinions.joint.clone())
    );
}

#[test]
fn what_is_read_once_scores_as_what_is_read_anew() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let index = pairs();
    let list: Vec<(u32, u32)> = index.drug.iter().copied().zip(index.target.iter().copied()).collect();
    let bank = memory(&drugs, &targets, &list);
    let stores = (&drugs, &targets);
    let scorer = Scorer {
        model: &model,
        evidence: EvidenceOf::Bank(&bank),
        absence: Absence::default(),
        trust: Default::default(),
        device: &device,
    };
    let reading = scorer.read(stores, &list);
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
    let mut trust = [Trust::default(); 2];
    trust[0].set(Modality::Text, 0.5);
    let mut told = vec![scorer.score(stores, &list, |_| {})];
    for salt in 0..2 {
        let (drugs, targets) = (lost(salt, 8), lost(salt, 6));
        let absence = Absence::Each([&drugs, &targets]);
        let scorer = Scorer {
            absence,
            trust,
            ..scorer
        };
        let anew = scorer.score(stores, &list, |_| {});
        assert_eq!(scorer.score_read(&reading, stores, &list, |_| {}), anew);
        assert!(!told.contains(&anew), "what is lost is missed");
        told.push(anew);
    }
}

#[test]
fn a_share_of_the_prediction_rests_on_structure_alone() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let index = pairs();
    let list: Vec<(u32, u32)> = index.drug.iter().copied().zip(index.target.iter().copied()).collect();
    let bank = memory(&drugs, &targets, &list);
    let stores = (&drugs, &targets);
    let scorer = Scorer {
        model: &model,
        evidence: EvidenceOf::Bank(&bank),
        absence: Absence::default(),
        trust: Default::default(),
        device: &device,
    };
    let structure: ModalitySet = [Modality::Graph, Modality::Sequence].into_iter().collect();
    let side = Withheld {
        drug: structure.complement(),
        target: structure.complement(),
        ..Withheld::default()
    };
    let alone = Scorer {
        absence: Absence::Alike(side),
        ..scorer
    };
    let blend = |structure: f32| Blend { mix: 0.25, structure };
    let predict = |scorer: &Scorer<'_>, share: f32| scorer.predict(None, stores, &list, blend(share), |_| {});
    let (all, bare) = (predict(&scorer, 0.0), predict(&alone, 0.0));
    assert_ne!(all, bare, "side modalities are read");
    let blended = predict(&scorer, 0.25);
    let expected =
        |all: &[f32], bare: &[f32]| -> Vec<f32> { all.iter().zip(bare).map(|(a, b)| 0.75 * a + 0.25 * b).collect() };
    assert_close(&blended.affinity, &expected(&all.affinity, &bare.affinity), "affinity");
    assert_close(&blended.binding, &expected(&all.binding, &bare.binding), "binding");
    assert_close(&predict(&alone, 0.25).binding, &bare.binding, "structure with itself");

    let reading = scorer.read(stores, &list);
    assert_eq!(
        scorer.predict(Some(&reading), stores, &list, blend(0.25), |_| {}),
        blended
    );
    let both = scorer.score_both(&reading, stores, &list);
    assert_eq!(scorer.blended(&both, &list, blend(0.25)), blended);
    assert_eq!(scorer.blended(&both, &list, blend(0.0)), all);

    // A pair without its graph has no structure to rest on: the others are blended as before.
    let mut lost = vec![ModalitySet::default(); 8];
    lost[3].insert(Modality::Graph);
    let nothing = vec![ModalitySet::default(); 6];
    let lacking = Scorer {
        absence: Absence::Each([&lost, &nothing]),
        ..scorer
    };
    let (whole, blended) = (predict(&lacking, 0.0), predict(&lacking, 0.5));
    for (row, (drug, _)) in list.iter().enumerate() {
        assert_eq!(whole.binding[row] == blended.binding[row], *drug == 3, "pair {row}");
        let columns = row * 2..(row + 1) * 2;
        assert_eq!(
            whole.affinity[columns.clone()] == blended.affinity[columns],
            *drug == 3,
            "pair {row}"
        );
    }
}
