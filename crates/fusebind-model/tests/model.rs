//! What every encoder and the whole model must keep: shapes, batch equals single, atom order, gradients, a checkpoint that
//! comes back, and the ability to fit a small set.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::{AdamWConfig, GradientsParams},
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::{
    batch::PairIndex,
    feature::{
        graph::{ATOM_FIELDS, BondFeatures, GraphFeatures},
        sequence::SequenceFeatures,
    },
};
use fusebind_model::{
    bundle::{Bundle, Description, FEATURE_SCHEMA, OutputScale},
    checkpoint::Archive,
    encoder::{graph::GraphEncoderConfig, sequence::SequenceEncoderConfig},
    fusion::interaction::InteractionConfig,
    head::HeadConfig,
    input::{DrugStore, InputScales, Rows, TargetStore},
    model::{Model, ModelConfig},
    scoring::score_pairs,
};

const SUBSTRUCTURES: usize = 16;
const COMPOSITION: usize = 12;

fn config() -> ModelConfig {
    ModelConfig {
        width: 24,
        dropout: 0.0,
        graph: GraphEncoderConfig {
            layers: 2,
            channels: 8,
            substructures: SUBSTRUCTURES,
            input_dropout: 0.0,
        },
        sequence: SequenceEncoderConfig {
            composition: COMPOSITION,
            motifs: 6,
            motif_length: 3,
            input_dropout: 0.0,
        },
        interaction: InteractionConfig {
            channels: 32,
            rank: 8,
            layers: 1,
            dropout: 0.0,
        },
        heads: HeadConfig {
            affinities: 2,
            binding: true,
        },
    }
}

/// A ring of `atoms` atoms with a tail, with varied fields.
fn ring(atoms: u32, salt: u32) -> GraphFeatures {
    let bond = |a: u32, b: u32, kind: u8| BondFeatures {
        a: a.min(b),
        b: a.max(b),
        fields: [kind % 4, kind % 2, 1, 0],
    };
    let mut bonds: Vec<BondFeatures> = (0..atoms - 1)
        .map(|a| bond(a, (a + 1) % (atoms - 1), (a + salt) as u8))
        .collect();
    bonds.push(bond(0, atoms - 1, 1));
    let atoms = (0..atoms)
        .map(|a| {
            [
                ((a + salt) % 9) as u8,
                (a % 4) as u8,
                5,
                2,
                (salt % 3) as u8,
                1,
                1,
                0,
                0,
            ]
        })
        .collect();
    GraphFeatures {
        atoms,
        bonds,
        substructures: Vec::new(),
    }
}

fn rows(count: usize, width: usize) -> Rows {
    Rows::build(count, width, |index, row| {
        row.iter_mut()
            .enumerate()
            .for_each(|(c, v)| *v = (((index * 7 + c * 3) % 11) as f32 - 5.0) / 5.0);
    })
}

fn stores() -> (DrugStore, TargetStore) {
    let graphs: Vec<GraphFeatures> = (0..8).map(|i| ring(5 + i % 4, i)).collect();
    let sequences: Vec<SequenceFeatures> = (0..6)
        .map(|i| SequenceFeatures {
            residues: (0..4 + 5 * i).map(|p| ((p * p + i) % 20) as u8).collect(),
        })
        .collect();
    (
        DrugStore {
            substructures: rows(graphs.len(), SUBSTRUCTURES),
            graphs,
        },
        TargetStore {
            composition: rows(sequences.len(), COMPOSITION),
            sequences,
        },
    )
}

fn model(device: &Device) -> Model {
    device.seed(11);
    config().init(device).unwrap()
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().unwrap()
}

fn assert_close(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() < 1e-4, "{what}: {x} against {y}");
    }
}

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

fn pairs() -> PairIndex {
    PairIndex {
        drug: (0..32).map(|p| p % 8).collect(),
        target: (0..32).map(|p| (p / 8 + p % 8) % 6).collect(),
    }
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
    let (drugs, targets) = (
        drugs.batch(&[0, 1, 2, 3, 4, 5, 6, 7]),
        targets.batch(&[0, 1, 2, 3, 4, 5]),
    );
    let output = model.forward(&drugs, &targets, pairs(), &device);
    let loss = output.affinity.unwrap().powi_scalar(2).sum() + output.binding.unwrap().powi_scalar(2).sum();
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
        let output = model.forward(&drugs, &targets, pairs(), &device);
        let loss = (output.affinity.unwrap() - truth.clone()).powi_scalar(2).mean();
        last = loss.clone().into_scalar::<f32>();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(5e-3, model, grads);
    }
    assert!(last < 0.01, "mean squared error {last} after 300 steps");
}

#[test]
fn many_pairs_score_as_one_batch_does() {
    let device = Device::flex();
    let (drugs, targets) = stores();
    let model = model(&device);
    let index = pairs();
    let list: Vec<(u32, u32)> = index.drug.iter().copied().zip(index.target.iter().copied()).collect();
    let mut done = 0;
    let scores = score_pairs(&model, (&drugs, &targets), &list, &device, |n| done = n);
    assert_eq!((done, scores.scales), (32, 2));
    let all = (
        drugs.batch(&[0, 1, 2, 3, 4, 5, 6, 7]),
        targets.batch(&[0, 1, 2, 3, 4, 5]),
    );
    let output = model.forward(&all.0, &all.1, index, &device);
    assert_close(&scores.affinity, &host(output.affinity.unwrap()), "affinity");
    assert_close(&scores.binding, &host(output.binding.unwrap()), "binding");
}

fn description() -> Description {
    Description {
        version: "0".into(),
        feature_schema: FEATURE_SCHEMA,
        model: config(),
        inputs: InputScales::default(),
        scales: vec![OutputScale {
            name: "pKd".into(),
            mean: 5.0,
            deviation: 1.0,
        }],
        threshold: Some(0.5),
        recipe: "test".into(),
        data_fingerprint: "f".into(),
        split_hash: "s".into(),
        seed: 1,
    }
}

#[test]
fn a_bundle_comes_back_and_damage_is_refused() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = model(&device);
    Bundle::save(Archive::of(&model), &description(), &path).unwrap();
    let bundle = Bundle::open(&path, &device).unwrap();
    assert_eq!(bundle.description, description());
    assert_eq!(Archive::of(&bundle.model), Archive::of(&model));

    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = Bundle::open(&path, &device).unwrap_err().to_string();
        assert!(error.contains("damaged"), "cut to {length}: {error}");
    }
    let mut other = description();
    other.model.width = 25;
    Bundle::save(Archive::of(&model), &other, &path).unwrap();
    assert!(Bundle::open(&path, &device).unwrap_err().to_string().contains("shape"));
    let mut other = description();
    other.feature_schema += 1;
    Bundle::save(Archive::of(&model), &other, &path).unwrap();
    assert!(
        Bundle::open(&path, &device)
            .unwrap_err()
            .to_string()
            .contains("feature schema")
    );
    assert!(
        Bundle::open(folder.path(), &device).is_err(),
        "a directory in place of a file"
    );
}

#[test]
fn a_seed_fixes_the_start() {
    let device = Device::flex();
    assert_eq!(Archive::of(&model(&device)), Archive::of(&model(&device)));
}
