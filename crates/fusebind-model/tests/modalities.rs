//! What the encoders and the fusion of modalities must keep: absence without effect, order without effect, weights that add up.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::sync::Arc;

use burn::tensor::Device;
use fusebind_features::{
    batch::{Bag, Words},
    modality::{Modality, ModalitySet},
    schema::DrugStore,
};
use fusebind_model::encoder::{
    Encoder, EncoderConfig,
    text::{TextEncoderConfig, TextKind},
};
use support::{assert_close, config, host, model, side, stores, without};

#[test]
fn an_absent_modality_has_no_effect_and_a_present_one_has() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let of = |drugs: &DrugStore, left_out: ModalitySet| {
        host(model.encode_drugs(&drugs.batch_without(&[(0, left_out)]), &device))
    };
    let (other, _) = {
        let (mut other, targets) = stores();
        // Another text, signature, assay profile and graph for drug 0.
        other.graphs.swap(0, 2);
        let [side, _] = side();
        other.side = side;
        (other, targets)
    };
    let all = ModalitySet::ALL;
    for kept in [
        Modality::Graph,
        Modality::Text,
        Modality::Transcriptome,
        Modality::Bioassay,
    ] {
        let left_out: ModalitySet = all.iter().filter(|m| *m != kept).collect();
        let one = of(&drugs, left_out);
        assert_ne!(one, of(&drugs, all), "{kept} alone says something");
        assert_ne!(one, of(&drugs, ModalitySet::default()), "{kept} is not everything");
    }
    let graphless = without(&[Modality::Graph]);
    assert_eq!(
        of(&drugs, graphless),
        of(&other, graphless),
        "the graph that is left out may be any"
    );
    assert_ne!(of(&drugs, ModalitySet::default()), of(&other, ModalitySet::default()));
    assert_eq!(
        of(&drugs, all),
        of(&other, all),
        "with nothing left there is one answer"
    );
    let target = |id: u32| host(model.encode_targets(&targets.batch_without(&[(id, all)]), &device));
    assert_eq!(target(0), target(3));
}

#[test]
fn weights_add_up_and_follow_what_is_there() {
    let device = Device::flex();
    let (drugs, _) = stores();
    let model = model(&device);
    assert_eq!(
        config().drug_modalities(),
        [
            Modality::Graph,
            Modality::Text,
            Modality::Transcriptome,
            Modality::Bioassay
        ]
    );
    let weights = host(model.drug_weights(&drugs.batch(&[0, 1]), &device));
    for row in weights.chunks(4) {
        assert!(
            (row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row.iter().all(|w| *w > 0.0),
            "{row:?}"
        );
    }
    assert!(weights[4] > weights[0], "the graph weighs more where it stands alone");
}

#[test]
fn each_side_modality_encodes_alike_alone_and_in_company() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    for kept in [Modality::Text, Modality::Transcriptome, Modality::Bioassay] {
        let left_out: ModalitySet = ModalitySet::ALL.iter().filter(|m| *m != kept).collect();
        let of = |ids: &[u32]| {
            let rows: Vec<(u32, ModalitySet)> = ids.iter().map(|id| (*id, left_out)).collect();
            host(model.encode_drugs(&drugs.batch_without(&rows), &device))
        };
        assert_close(&of(&[0, 1, 4, 6])[2 * 24..3 * 24], &of(&[4]), kept.name());
        assert_ne!(of(&[0]), of(&[4]), "{kept} tells drugs apart");
    }
    let texts = |ids: &[u32]| {
        let rows: Vec<(u32, ModalitySet)> = ids.iter().map(|id| (*id, without(&[Modality::Sequence]))).collect();
        host(model.encode_targets(&targets.batch_without(&rows), &device))
    };
    assert_close(&texts(&[5, 0, 3])[24..48], &texts(&[0]), "text of targets");
}

#[test]
fn the_order_of_signatures_does_not_matter() {
    let device = Device::flex();
    let model = model(&device);
    let encode = |reversed: bool| {
        let data = support::drug_data();
        let mut turned = data.clone();
        if reversed {
            turned
                .transcriptome
                .of_entity
                .iter_mut()
                .for_each(|rows| rows.reverse());
        }
        let schema = support::schema(&data, 8, 2);
        let (drugs, _) = stores();
        let drugs = DrugStore {
            side: schema.store(&turned, 8).0,
            ..drugs
        };
        host(model.encode_drugs(&drugs.batch(&[0, 2]), &device))
    };
    assert_close(&encode(false), &encode(true), "signatures are a set");
}

#[test]
fn the_two_text_encoders_mask_padding_and_absence() {
    let device = Device::flex();
    device.seed(3);
    let row = |words: &[u32]| words.to_vec();
    let bag = |rows: &[Vec<u32>]| {
        let weights: Vec<Vec<f32>> = rows.iter().map(|r| vec![0.5; r.len()]).collect();
        let entries = rows.iter().zip(&weights).map(|(r, w)| (r.as_slice(), w.as_slice()));
        Arc::new(Bag::new(entries, 10))
    };
    for kind in [TextKind::Terms, TextKind::Transformer] {
        let config = TextEncoderConfig {
            kind,
            words: 8,
            dim: 8,
            ..TextEncoderConfig::default()
        };
        config.check().unwrap();
        let encoder = config.init(10, 6, &device);
        let of = |rows: &[Vec<u32>]| host(encoder.encode(&(bag(rows), Words { rows: rows.to_vec() }), &device));
        let together = of(&[row(&[1, 2]), row(&[]), row(&[3, 4, 5, 6])]);
        assert_close(&together[..6], &of(&[row(&[1, 2])]), "short text beside a long one");
        assert_close(&together[12..], &of(&[row(&[3, 4, 5, 6])]), "long text");
        assert!(together[6..12].iter().all(|v| *v == 0.0), "no text, no say");
        assert!(of(&[row(&[])]).iter().all(|v| *v == 0.0));
        let turned = of(&[row(&[2, 1])]);
        let same = turned.iter().zip(&together[..6]).all(|(a, b)| (a - b).abs() < 1e-5);
        assert_eq!(
            same,
            kind == TextKind::Terms,
            "only the transformer reads the order of words"
        );
    }
    let odd = TextEncoderConfig {
        kind: TextKind::Transformer,
        dim: 6,
        ..TextEncoderConfig::default()
    };
    assert!(odd.check().is_err());
}
