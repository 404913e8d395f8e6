//! What every encoder and the whole model must keep: batch equals single, atom order, gradients, a checkpoint that comes
//! back, and the ability to fit a small set.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::{AdamWConfig, GradientsParams},
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::{
    feature::graph::ATOM_FIELDS,
    modality::{Modality, ModalitySet},
};
use fusebind_model::{checkpoint::Archive, fusion::retrieval::cosines, head::Output};
use support::{assert_close, host, model, neighbours, pairs, stores, without};

#[test]
fn entities_encode_alike_alone_and_in_company() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let together = host(model.encode_drugs(&drugs.batch(&[0, 1, 2, 3]), &device));
    let alone = host(model.encode_drugs(&drugs.batch(&[2]), &device));
    assert_close(&together[2 * 24..3 * 24], &alone, "drug");
    let together = host(model.encode_targets(&targets.batch(&[5, 0, 3]), &device));
    let alone = host(model.encode_targets(&targets.batch(&[0]), &device));
    assert_close(&together[24..48], &alone, "target");
    assert_ne!(
        together[..24],
        together[24..48],
        "different proteins have different embeddings"
    );
}

#[test]
fn the_order_of_atoms_does_not_matter() {
    let device = Device::flex();
    let (mut drugs, _) = stores();
    let model = model(&device);
    let before = host(model.encode_drugs(&drugs.batch(&[3]), &device));
    let graph = &mut drugs.graphs[3];
    let count = graph.atoms.len() as u32;
    let moved = |a: u32| (a * 3 + 1) % count;
    assert_ne!(count % 3, 0, "the map is a permutation");
    let mut atoms = vec![[0u8; ATOM_FIELDS]; count as usize];
    graph
        .atoms
        .iter()
        .enumerate()
        .for_each(|(a, fields)| atoms[moved(a as u32) as usize] = *fields);
    graph.atoms = atoms;
    for bond in &mut graph.bonds {
        let (a, b) = (moved(bond.a), moved(bond.b));
        (bond.a, bond.b) = (a.min(b), a.max(b));
    }
    assert_close(
        &before,
        &host(model.encode_drugs(&drugs.batch(&[3]), &device)),
        "permuted",
    );
    drugs.graphs[3].bonds.pop();
    let cut = host(model.encode_drugs(&drugs.batch(&[3]), &device));
    assert!(
        before.iter().zip(&cut).any(|(x, y)| (x - y).abs() > 1e-3),
        "a missing bond is seen"
    );
}

#[test]
fn a_gradient_reaches_every_parameter() {
    struct Names<'a>(&'a GradientsParams, Vec<String>, Vec<String>);
    impl ModuleVisitor for Names<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.1.push(name.into());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.1.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let reached = self
                .0
                .get::<D>(param.id)
                .is_some_and(|g| host(g).iter().any(|v| *v != 0.0));
            if !reached {
                self.2.push(self.1.join("."));
            }
        }
    }
    let device = Device::flex().autodiff();
    let (drugs, targets) = stores();
    let model = model(&device);
    // One entity does without its structure, one without its text, so that the tokens for what is absent are used.
    let some = |count: u32, structure: Modality| -> Vec<(u32, ModalitySet)> {
        let left_out = |e: u32| match e {
            0 => without(&[structure]),
            2 => without(&[Modality::Text]),
            _ => ModalitySet::default(),
        };
        (0..count).map(|e| (e, left_out(e))).collect()
    };
    let (drugs, targets) = (
        drugs.batch_without(&some(8, Modality::Graph)),
        targets.batch_without(&some(6, Modality::Sequence)),
    );
    let outputs = model.forward((&drugs, &targets), pairs(), Some(&neighbours(32)), &device);
    let square =
        |output: Output| output.affinity.unwrap().powi_scalar(2).sum() + output.binding.unwrap().powi_scalar(2).sum();
    let loss = square(outputs.joint) + square(outputs.neighbours.unwrap()) + square(outputs.retrieval.unwrap());
    let grads = GradientsParams::from_grads(loss.backward(), &model);
    let mut names = Names(&grads, Vec::new(), Vec::new());
    model.visit(&mut names);
    assert!(names.2.is_empty(), "without gradient: {:?}", names.2);
}

#[test]
fn fits_32_pairs() {
    let device = Device::flex().autodiff();
    let (drugs, targets) = stores();
    let mut model = model(&device);
    let mut optimizer = AdamWConfig::new().init();
    let (drugs, targets) = (
        drugs.batch(&[0, 1, 2, 3, 4, 5, 6, 7]),
        targets.batch(&[0, 1, 2, 3, 4, 5]),
    );
    let truth: Vec<f32> = (0..64).map(|i| ((i * 37 % 17) as f32 - 8.0) / 8.0).collect();
    let truth = Tensor::<2>::from_data(TensorData::new(truth, [32, 2]), &device);
    let mut last = f32::MAX;
    for _ in 0..300 {
        let output = model
            .forward((&drugs, &targets), pairs(), Some(&neighbours(32)), &device)
            .joint;
        let loss = (output.affinity.unwrap() - truth.clone()).powi_scalar(2).mean();
        last = loss.clone().into_scalar::<f32>();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(5e-3, model, grads);
    }
    assert!(last < 0.01, "mean squared error {last} after 300 steps");
}

#[test]
fn retrieval_vectors_are_units_and_their_products_cosines() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let drugs = model.encode_drugs(&drugs.batch(&[0, 1, 2]), &device);
    let targets = model.encode_targets(&targets.batch(&[4, 1]), &device);
    let [drugs, targets] = model.retrieval_vectors(drugs, targets).unwrap();
    let channels = drugs.dims()[1];
    let (drugs, targets) = (host(drugs), host(targets));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let all = drugs.chunks(channels).chain(targets.chunks(channels));
    assert!(all.into_iter().all(|v| (dot(v, v) - 1.0).abs() < 1e-4));
    let expected: Vec<f32> = (drugs.chunks(channels))
        .flat_map(|d| targets.chunks(channels).map(|t| dot(d, t)).collect::<Vec<_>>())
        .collect();
    assert_close(&cosines(&drugs, &targets, channels), &expected, "cosines");
}

#[test]
fn a_seed_fixes_the_start() {
    let device = Device::flex();
    let (one, other) = (Archive::of(&model(&device)), Archive::of(&model(&device)));
    // Named alone: the whole archives would fill the screen.
    let differ = |name: &&String| one.arrays.get(*name) != other.arrays.get(*name);
    assert_eq!(
        one.arrays.keys().filter(differ).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(one.arrays.len(), other.arrays.len());
}
