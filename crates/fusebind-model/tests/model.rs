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
    entity::side::{Embeddings, Profiles, SideData},
    feature::{
        graph::{ATOM_FIELDS, BondFeatures, GraphFeatures},
        sequence::SequenceFeatures,
    },
    modality::{Modality, ModalitySet},
};
use fusebind_model::{
    bundle::{Bundle, Description, FEATURE_SCHEMA, OutputScale},
    checkpoint::Archive,
    encoder::{
        graph::GraphEncoderConfig, sequence::SequenceEncoderConfig, text::TextEncoderConfig,
        transcriptome::TranscriptomeEncoderConfig,
    },
    evidence::{Evidence, Withheld},
    fusion::{evidence::EvidenceConfig, interaction::InteractionConfig, retrieval::RetrievalConfig},
    head::{HeadConfig, Output},
    input::{DrugStore, InputScales, Rows, SideChannels, SideSchema, SideStore, TargetStore, bank},
    model::{Model, ModelConfig},
    scoring::{Absence, EvidenceOf, Scorer},
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
        drug: SideChannels {
            text: 2,
            transcriptome: 4,
            bioassay: 6,
            embeddings: vec![(Modality::Graph, 2)],
        },
        target: SideChannels {
            text: 3,
            ..SideChannels::default()
        },
        evidence: EvidenceConfig {
            enabled: true,
            channels: 16,
            inputs: INPUTS,
        },
        retrieval: RetrievalConfig { channels: 8 },
        text: TextEncoderConfig::default(),
        transcriptome: TranscriptomeEncoderConfig { input_dropout: 0.0 },
    }
}

/// Side data of every second drug and every third target, over the channels of [`config`].
fn side() -> [SideStore; 2] {
    let profiles = |columns: &[&str], entities: usize, every: usize, rows: usize| Profiles {
        columns: columns.iter().map(|c| c.to_string()).collect(),
        values: (0..entities * rows * columns.len())
            .map(|v| ((v * 5) % 7) as f32 / 2.0 - 1.0)
            .collect(),
        of_entity: (0..entities as u32)
            .map(|e| match e as usize % every {
                0 => (0..rows as u32).map(|r| e * rows as u32 + r).collect(),
                _ => vec![],
            })
            .collect(),
    };
    let texts = |words: [&str; 3], entities: usize, every: usize| -> Vec<Vec<String>> {
        let text = |e: usize| format!("{} {}", words[e % 3], words[(e / 3) % 3]);
        (0..entities)
            .map(|e| if e % every == 0 { vec![text(e)] } else { vec![] })
            .collect()
    };
    let drug = SideData {
        texts: texts(["kinase", "ligand", "salt"], 8, 2),
        transcriptome: profiles(&["g1", "g2", "g3", "g4"], 8, 2, 2),
        bioassay: profiles(&["a", "b"], 8, 2, 1),
        embeddings: vec![Embeddings {
            modality: Modality::Graph,
            rows: profiles(&["0", "1"], 8, 1, 1),
        }],
    };
    let target = SideData {
        texts: texts(["receptor", "enzyme", "channel"], 6, 1),
        ..SideData::default()
    };
    let fit = |data: &SideData, entities: u32, terms: usize| {
        let all: Vec<u32> = (0..entities).collect();
        let schema = SideSchema::fit(data, &all, ModalitySet::ALL, terms);
        let (store, notes) = schema.store(data, entities as usize);
        assert!(notes.is_empty(), "{notes:?}");
        (schema.channels(), store)
    };
    let (drug, target) = (fit(&drug, 8, 5), fit(&target, 6, 3));
    assert_eq!(
        (drug.0, target.0),
        (config().drug, config().target),
        "the channels of the configuration"
    );
    [drug.1, target.1]
}

/// Channels of the evidence rows of [`evidence`].
const INPUTS: usize = 6;

fn evidence(pairs: usize) -> Rows {
    rows(pairs, INPUTS)
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
    let [drug_side, target_side] = side();
    let graphs: Vec<GraphFeatures> = (0..8).map(|i| ring(5 + i % 4, i)).collect();
    let sequences: Vec<SequenceFeatures> = (0..6)
        .map(|i| SequenceFeatures {
            residues: (0..4 + 5 * i).map(|p| ((p * p + i) % 20) as u8).collect(),
        })
        .collect();
    (
        DrugStore {
            substructures: rows(graphs.len(), SUBSTRUCTURES),
            keys: (0..graphs.len()).map(|i| format!("d{i}")).collect(),
            graphs,
            ..DrugStore::default()
        }
        .with_side(drug_side),
        TargetStore {
            composition: rows(sequences.len(), COMPOSITION),
            keys: (0..sequences.len()).map(|i| format!("t{i}")).collect(),
            sequences,
            ..TargetStore::default()
        }
        .with_side(target_side),
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
    let outputs = model.forward((&drugs, &targets), pairs(), Some(&evidence(32)), &device);
    let square =
        |output: Output| output.affinity.unwrap().powi_scalar(2).sum() + output.binding.unwrap().powi_scalar(2).sum();
    let loss = square(outputs.joint) + square(outputs.evidence.unwrap()) + square(outputs.retrieval.unwrap());
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
            .forward((&drugs, &targets), pairs(), Some(&evidence(32)), &device)
            .joint;
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
    let bank = memory(&drugs, &targets, &list);
    let scorer = Scorer {
        model: &model,
        evidence: EvidenceOf::Bank(&bank),
        absence: Absence::default(),
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

/// A bank whose evidence has [`INPUTS`] channels: means of both sides only, as there is nothing to compare by.
fn memory(drugs: &DrugStore, targets: &TargetStore, pairs: &[(u32, u32)]) -> Evidence {
    let outcomes: Vec<(u32, u32, f32)> = pairs.iter().map(|&(d, t)| (d, t, ((d + t) % 3) as f32)).collect();
    let (mut drugs, mut targets) = (drugs.clone(), targets.clone());
    drugs.descriptors.clear();
    targets.descriptors.clear();
    let (evidence, table) = Evidence::fit(bank(&drugs, &targets, &outcomes), (&drugs, &targets), pairs);
    assert_eq!((evidence.inputs(), table.inputs()), (6, 6));
    evidence
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
        mix: 0.25,
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
    let (drugs, targets) = stores();
    let known = memory(&drugs, &targets, &[(0, 0), (1, 2), (3, 1)]);
    Bundle::save(Archive::of(&model), Some(&known), &description(), &path).unwrap();
    let bundle = Bundle::open(&path, &device).unwrap();
    assert_eq!(bundle.description, description());
    assert_eq!(Archive::of(&bundle.model), Archive::of(&model));
    assert_eq!(bundle.evidence.as_ref(), Some(&known));

    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = Bundle::open(&path, &device).unwrap_err().to_string();
        assert!(error.contains("damaged"), "cut to {length}: {error}");
    }
    let mut other = description();
    other.model.width = 25;
    Bundle::save(Archive::of(&model), Some(&known), &other, &path).unwrap();
    assert!(Bundle::open(&path, &device).unwrap_err().to_string().contains("shape"));
    let mut other = description();
    other.feature_schema += 1;
    Bundle::save(Archive::of(&model), Some(&known), &other, &path).unwrap();
    assert!(
        Bundle::open(&path, &device)
            .unwrap_err()
            .to_string()
            .contains("feature schema")
    );
    Bundle::save(Archive::of(&model), None, &description(), &path).unwrap();
    let error = Bundle::open(&path, &device).unwrap_err().to_string();
    assert!(error.contains("evidence of 0 channels"), "{error}");
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

fn without(modalities: &[Modality]) -> ModalitySet {
    modalities.iter().copied().collect()
}

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
