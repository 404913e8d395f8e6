//! A small model with every modality, and entities that have some of them.

#![allow(clippy::unwrap_used, dead_code, missing_docs)] // each test file uses a part of this

use burn::tensor::{Device, Tensor};
use fusebind_features::{
    batch::PairIndex,
    entity::side::{Embeddings, Profiles, SideData},
    feature::{
        graph::{BondFeatures, GraphFeatures},
        sequence::SequenceFeatures,
    },
    modality::{Modality, ModalitySet},
    quality::MismatchModel,
    reference::Reference,
    rows::Rows,
    schema::{DrugStore, SideDims, SideSchema, SideStore, TargetStore, reference_set},
};
use fusebind_model::{
    config::ModelConfig,
    encoder::{
        graph::GraphEncoderConfig, sequence::SequenceEncoderConfig, text::TextEncoderConfig,
        transcriptome::TranscriptomeEncoderConfig,
    },
    fusion::{
        alignment::AlignmentConfig, entity::FusionConfig, interaction::InteractionConfig, neighbours::NeighbourConfig,
        retrieval::RetrievalConfig,
    },
    head::HeadConfig,
    model::Model,
};

pub const SUBSTRUCTURES: usize = 16;
pub const COMPOSITION: usize = 12;

pub fn config() -> ModelConfig {
    ModelConfig {
        width: 24,
        dropout: 0.0,
        graph: GraphEncoderConfig {
            layers: 2,
            dim: 8,
            substructures: SUBSTRUCTURES,
            input_dropout: 0.0,
            pretrained: None,
        },
        sequence: SequenceEncoderConfig {
            composition: COMPOSITION,
            motifs: 6,
            motif_length: 3,
            input_dropout: 0.0,
            pretrained: None,
        },
        interaction: InteractionConfig {
            dim: 32,
            rank: 8,
            layers: 1,
            dropout: 0.0,
        },
        heads: HeadConfig {
            affinities: 2,
            binding: true,
        },
        drug: SideDims {
            text: 2,
            transcriptome: 4,
            bioassay: 6,
            embeddings: vec![(Modality::Graph, 2)],
        },
        target: SideDims {
            text: 3,
            ..SideDims::default()
        },
        neighbours: NeighbourConfig {
            enabled: true,
            dim: 16,
            inputs: INPUTS,
            flags: 2,
            similarity: 5.0,
            embeddings: false,
            imputed: false,
        },
        retrieval: RetrievalConfig { dim: 8 },
        alignment: AlignmentConfig::default(),
        fusion: FusionConfig::default(),
        text: TextEncoderConfig::default(),
        transcriptome: TranscriptomeEncoderConfig { input_dropout: 0.0 },
    }
}

/// Numeric rows of every so manieth entity.
pub fn profiles(columns: &[&str], entities: usize, every: usize, rows: usize) -> Profiles {
    Profiles {
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
    }
}

fn texts(words: [&str; 3], entities: usize, every: usize) -> Vec<Vec<String>> {
    let text = |e: usize| format!("{} {}", words[e % 3], words[(e / 3) % 3]);
    (0..entities)
        .map(|e| if e % every == 0 { vec![text(e)] } else { vec![] })
        .collect()
}

/// Side data of every second of eight drugs, over the channels of [`config`].
pub fn drug_data() -> SideData {
    SideData {
        texts: texts(["kinase", "ligand", "salt"], 8, 2),
        transcriptome: profiles(&["g1", "g2", "g3", "g4"], 8, 2, 2),
        bioassay: profiles(&["a", "b"], 8, 2, 1),
        embeddings: vec![Embeddings {
            modality: Modality::Graph,
            rows: profiles(&["0", "1"], 8, 1, 1),
            encoder: None,
        }],
        ..SideData::default()
    }
}

/// A schema fitted on the first `entities` entities.
pub fn schema(data: &SideData, entities: u32, terms: usize) -> SideSchema {
    SideSchema::fit(data, &(0..entities).collect::<Vec<_>>(), ModalitySet::ALL, terms)
}

/// Side data of eight drugs and six targets, over the channels of [`config`].
pub fn side() -> [SideStore; 2] {
    let target = SideData {
        texts: texts(["receptor", "enzyme", "channel"], 6, 1),
        ..SideData::default()
    };
    let store = |data: &SideData, entities: u32, terms: usize| {
        let schema = schema(data, entities, terms);
        let (store, notes) = schema.store(data, entities as usize);
        assert!(notes.is_empty(), "{notes:?}");
        (schema.channels(), store)
    };
    let (drug, target) = (store(&drug_data(), 8, 2), store(&target, 6, 3));
    assert_eq!(
        (drug.0, target.0),
        (config().drug, config().target),
        "the channels of the configuration"
    );
    [drug.1, target.1]
}

/// Channels of the rows of neighbour features of [`neighbours`].
pub const INPUTS: usize = 6;

pub fn neighbours(pairs: usize) -> Rows {
    rows(pairs, INPUTS)
}

/// A ring of `atoms` atoms with a tail, with varied fields.
pub fn ring(atoms: u32, salt: u32) -> GraphFeatures {
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

pub fn rows(count: usize, width: usize) -> Rows {
    Rows::build(count, width, |index, row| {
        row.iter_mut()
            .enumerate()
            .for_each(|(c, v)| *v = (((index * 7 + c * 3) % 11) as f32 - 5.0) / 5.0);
    })
}

pub fn stores() -> (DrugStore, TargetStore) {
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

pub fn model(device: &Device) -> Model {
    config().init(device, 11).unwrap()
}

pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().unwrap()
}

pub fn assert_close(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() < 1e-4, "{what}: {x} against {y}");
    }
}

/// A reference set with [`INPUTS`] neighbour features: means of both sides only, as there is nothing to compare by.
pub fn memory(drugs: &DrugStore, targets: &TargetStore, pairs: &[(u32, u32)]) -> Reference {
    let outcomes: Vec<(u32, u32, f32)> = pairs.iter().map(|&(d, t)| (d, t, ((d + t) % 3) as f32)).collect();
    let (mut drugs, mut targets) = (drugs.clone(), targets.clone());
    drugs.descriptors.clear();
    targets.descriptors.clear();
    let mut neighbours = Reference::new(reference_set(&drugs, &targets, &outcomes), MismatchModel::default());
    let table = neighbours.fit((&drugs, &targets), pairs);
    assert_eq!((neighbours.inputs(), table.inputs()), (6, 6));
    neighbours
}

pub fn without(modalities: &[Modality]) -> ModalitySet {
    modalities.iter().copied().collect()
}

/// Pairs of all eight drugs and six targets of [`stores`].
pub fn pairs() -> PairIndex {
    PairIndex {
        drug: (0..32).map(|p| p % 8).collect(),
        target: (0..32).map(|p| (p / 8 + p % 8) % 6).collect(),
    }
}
