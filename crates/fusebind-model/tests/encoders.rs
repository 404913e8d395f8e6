//! What an encoder keeps, one of another crate like our own: a row for each entity, the same bits alone and in company, in any order,
//! and parameters that all learn.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use burn::{
    module::{Initializer, Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::schema::TargetBatch;
use fusebind_model::{
    Error, ErrorKind,
    encoder::{
        Encoder, EncoderConfig,
        bioassay::BioassayEncoderConfig,
        graph::GraphEncoderConfig,
        sequence::SequenceEncoderConfig,
        sum,
        text::{TextEncoderConfig, TextKind},
        transcriptome::TranscriptomeEncoderConfig,
    },
};
use support::{host, stores};

const WIDTH: usize = 10;

/// Parameters without a gradient.
struct Unreached<'a>(&'a GradientsParams, usize);

impl ModuleVisitor for Unreached<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.0.get::<D>(param.id);
        let reached = gradient.is_some_and(|g| host(g).iter().any(|v| *v != 0.0));
        self.1 += usize::from(!reached);
    }
}

/// Checks an encoder of `inputs` channels; `batch` gives what it reads of entities, of which it takes `entities`, all different.
fn keeps<C: EncoderConfig>(
    name: &str,
    config: &C,
    inputs: usize,
    entities: &[u32],
    batch: impl Fn(&[u32]) -> <C::Encoder as Encoder>::Input,
) where
    C::Encoder: Module,
{
    config.check().unwrap();
    let device = Device::flex();
    device.seed(4);
    let encoder = config.init(inputs, WIDTH, &device);
    let of = |ids: &[u32]| host(encoder.encode(&batch(ids), &device));
    let together = of(entities);
    assert_eq!(together.len(), entities.len() * WIDTH, "{name}: a row for each entity");
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<u32>>();
    let mut turned: Vec<u32> = entities.to_vec();
    turned.reverse();
    let turned = of(&turned);
    for (at, (id, row)) in entities.iter().zip(together.chunks(WIDTH)).enumerate() {
        assert_eq!(bits(row), bits(&of(&[*id])), "{name}: entity {id} alone");
        let there = (entities.len() - 1 - at) * WIDTH;
        assert_eq!(
            bits(row),
            bits(&turned[there..there + WIDTH]),
            "{name}: entity {id} turned"
        );
        for other in together.chunks(WIDTH).skip(at + 1) {
            assert_ne!(row, other, "{name}: entities differ");
        }
    }
    let device = device.autodiff();
    let encoder = config.init(inputs, WIDTH, &device);
    let loss = encoder.encode(&batch(entities), &device).powi_scalar(2).sum();
    let gradients = GradientsParams::from_grads(loss.backward(), &encoder);
    let mut unreached = Unreached(&gradients, 0);
    encoder.visit(&mut unreached);
    assert_eq!(unreached.1, 0, "{name}: every parameter learns");
}

#[test]
fn our_own_encoders() {
    let config = support::config();
    let (drugs, targets) = stores();
    for graph in [
        GraphEncoderConfig {
            layers: 0,
            ..config.graph.clone()
        },
        GraphEncoderConfig {
            substructures: 0,
            ..config.graph.clone()
        },
        config.graph.clone(),
    ] {
        keeps("graph", &graph, 0, &[0, 1, 3], |ids| drugs.batch(ids));
    }
    for sequence in [
        SequenceEncoderConfig {
            composition: 0,
            ..config.sequence.clone()
        },
        SequenceEncoderConfig {
            motifs: 0,
            ..config.sequence.clone()
        },
        config.sequence.clone(),
    ] {
        keeps("sequence", &sequence, 0, &[0, 1, 3], |ids| targets.batch(ids));
    }
    let side = |ids: &[u32]| drugs.batch(ids).side;
    keeps("text", &config.text, config.drug.text, &[0, 2], |ids| {
        side(ids).text.unwrap()
    });
    keeps(
        "transcriptome",
        &TranscriptomeEncoderConfig { input_dropout: 0.0 },
        4,
        &[0, 2, 4],
        |ids| side(ids).transcriptome.unwrap(),
    );
    keeps("bioassay", &BioassayEncoderConfig, 6, &[0, 2], |ids| {
        side(ids).bioassay.unwrap()
    });
}

#[test]
fn the_transformer_reads_a_text_alike_beside_longer_ones() {
    let texts: [&[u32]; 4] = [&[1, 2], &[], &[3, 4, 5, 6, 7, 8, 9], &[6, 1, 1]];
    let config = TextEncoderConfig {
        kind: TextKind::Transformer,
        words: 8,
        dim: 8,
        ..TextEncoderConfig::default()
    };
    let device = Device::flex();
    device.seed(4);
    let encoder = config.init(10, WIDTH, &device);
    let of = |ids: &[usize]| {
        let rows: Vec<Vec<u32>> = ids.iter().map(|id| texts[*id].to_vec()).collect();
        let terms = fusebind_features::batch::Bag::new(rows.iter().map(|_| (&[][..], &[][..])), 10);
        let words = fusebind_features::batch::Words { rows };
        host(encoder.encode(&(std::sync::Arc::new(terms), words), &device))
    };
    let together = of(&[0, 1, 2, 3]);
    for (id, row) in together.chunks(WIDTH).enumerate() {
        assert_eq!(row, of(&[id]), "text {id}: the same bits");
    }
}

/// One encoder more, as another crate would write it: counts residues of each kind.
#[derive(Module, Debug)]
struct Residues {
    table: Param<Tensor<2>>,
}

struct ResiduesConfig {
    kinds: usize,
}

impl EncoderConfig for ResiduesConfig {
    type Encoder = Residues;

    fn check(&self) -> Result<(), Error> {
        match self.kinds {
            0 => Err(Error::new(ErrorKind::Config, "residues: `kinds` must be above 0")),
            _ => Ok(()),
        }
    }

    fn init(&self, _inputs: usize, width: usize, device: &Device) -> Residues {
        Residues {
            table: Initializer::Normal { mean: 0.0, std: 1.0 }.init([self.kinds, width], device),
        }
    }
}

impl Encoder for Residues {
    type Input = TargetBatch;

    fn encode(&self, input: &TargetBatch, device: &Device) -> Tensor<2> {
        let kinds = self.table.val().dims()[0];
        let offsets = &input.sequences.offsets;
        let mut counts = vec![0.0f32; (offsets.len() - 1) * kinds];
        for (row, ends) in counts.chunks_mut(kinds).zip(offsets.windows(2)) {
            for residue in &input.sequences.residues[ends[0] as usize..ends[1] as usize] {
                row[usize::from(*residue) % kinds] += 1.0;
            }
        }
        let counts = Tensor::<2>::from_data(TensorData::new(counts, [offsets.len() - 1, kinds]), device);
        // A sum and no matrix product, whose bits may depend on the number of rows.
        let table = self.table.val().unsqueeze::<3>(); // [1, kinds, width]
        (counts.unsqueeze_dim::<3>(2) * table).sum_dim(1).squeeze_dim::<2>(1)
    }
}

#[test]
fn one_of_another_crate_and_the_sum_of_several() {
    let (_, targets) = stores();
    let config = ResiduesConfig { kinds: 3 };
    keeps("residues", &config, 0, &[0, 1, 3], |ids| targets.batch(ids));
    assert!(ResiduesConfig { kinds: 0 }.check().is_err());
    let device = Device::flex();
    let (one, other) = (
        config.init(0, WIDTH, &device),
        support::config().sequence.init(0, WIDTH, &device),
    );
    let batch = targets.batch(&[0, 1]);
    let both = host(sum(&[Some(&one), None, Some(&other)], &batch, &device).unwrap());
    let added = host(one.encode(&batch, &device) + other.encode(&batch, &device));
    assert_eq!(both, added);
    assert!(sum::<TargetBatch>(&[None], &batch, &device).is_none());
}
