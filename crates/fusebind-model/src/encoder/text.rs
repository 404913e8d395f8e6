//! Encoder of the `text` modality, in two forms.
//!
//! `terms`: `z = sum over terms of w_t E_t`, with `w` the unit row of term weights (`fusebind_features::feature::text`): one
//! dense layer, summed sparsely. `transformer`: the first words of the texts with learned positions through one encoder layer
//! (Vaswani et al. 2017, arXiv:1706.03762), averaged, and a dense layer; only entities with a text are encoded. Comes in: a
//! [`Bag`] over `V` terms, or [`Words`]. Goes out: `[B, D]`.

use std::sync::Arc;

use burn::{
    module::{Initializer, Module, Param},
    nn::{
        Embedding, EmbeddingConfig, Linear, LinearConfig,
        transformer::{TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput},
    },
    tensor::{Bool, Device, Int, Tensor, TensorData},
};
use fusebind_features::{
    batch::{Bag, RowIndex, Words},
    entity::pretrained::PretrainedConfig,
};
use serde::{Deserialize, Serialize};

use super::{Encoder, EncoderConfig};
use crate::{
    Error, ErrorKind,
    layer::{bag::weighted_bag, dense::dense, gather::gather_rows},
    limits,
};

/// Form of a [`TextEncoder`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextKind {
    /// Weighted terms.
    #[default]
    Terms,
    /// A small transformer over words.
    Transformer,
}

/// Configuration of [`TextEncoder`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextEncoderConfig {
    /// Form.
    pub kind: TextKind,
    /// Most terms of a vocabulary.
    pub terms: usize,
    /// Words that the transformer reads.
    pub words: usize,
    /// Channels of the transformer, a multiple of 4.
    pub dim: usize,
    /// A frozen encoder whose embeddings of texts of drugs and of targets are added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<PretrainedConfig>,
}

impl Default for TextEncoderConfig {
    fn default() -> Self {
        Self {
            kind: TextKind::Terms,
            terms: 4096,
            words: 64,
            dim: 64,
            pretrained: None,
        }
    }
}

const HEADS: usize = 4;

impl TextEncoderConfig {
    /// Words that are read of a text; 0 where terms are read.
    pub fn length(&self) -> usize {
        match self.kind {
            TextKind::Terms => 0,
            TextKind::Transformer => self.words,
        }
    }
}

impl EncoderConfig for TextEncoderConfig {
    type Encoder = TextEncoder;

    fn check(&self) -> Result<(), Error> {
        limits::all_at_most(
            limits::MOST_CHANNELS,
            &[("text.words", self.words), ("text.dim", self.dim)],
        )?;
        limits::at_most("text.terms", self.terms, limits::MOST_INPUTS)?;
        if self.kind == TextKind::Transformer && (self.words == 0 || self.dim == 0 || !self.dim.is_multiple_of(HEADS)) {
            let wanted = "text encoder: `words` must be above 0 and `dim` a multiple of 4";
            return Err(Error::new(ErrorKind::Config, wanted));
        }
        Ok(())
    }

    fn init(&self, terms: usize, width: usize, device: &Device) -> TextEncoder {
        let normal = |std: f64, shape: [usize; 2]| Initializer::Normal { mean: 0.0, std }.init(shape, device);
        TextEncoder {
            table: (self.kind == TextKind::Terms).then(|| normal(1.0, [terms, width])),
            transformer: (self.kind == TextKind::Transformer).then(|| TextTransformer {
                words: EmbeddingConfig::new(terms + 1, self.dim).init(device),
                positions: normal(0.1, [self.words, self.dim]),
                encoder: TransformerEncoderConfig::new(self.dim, 2 * self.dim, HEADS, 1).init(device),
                output: LinearConfig::new(self.dim, width).with_bias(false).init(device),
            }),
        }
    }
}

/// Encodes descriptions, see the file's header.
#[derive(Module, Debug)]
pub struct TextEncoder {
    table: Option<Param<Tensor<2>>>,
    transformer: Option<TextTransformer>,
}

#[derive(Module, Debug)]
struct TextTransformer {
    words: Embedding,
    positions: Param<Tensor<2>>,
    encoder: TransformerEncoder,
    output: Linear,
}

impl Encoder for TextEncoder {
    type Input = (Arc<Bag>, Words);

    fn encode(&self, (terms, words): &Self::Input, device: &Device) -> Tensor<2> {
        match (&self.table, &self.transformer) {
            (Some(table), _) => weighted_bag(table.val(), terms),
            (_, Some(transformer)) => transformer.encode(words, device),
            (None, None) => unreachable!("a text encoder has one of the two forms"),
        }
    }
}

impl Encoder for TextTransformer {
    type Input = Words;

    fn encode(&self, words: &Words, device: &Device) -> Tensor<2> {
        let width = self.output.weight.dims()[1];
        let texts: Vec<&[u32]> = words
            .rows
            .iter()
            .filter(|row| !row.is_empty())
            .map(Vec::as_slice)
            .collect();
        let mut all = vec![Tensor::<2>::zeros([1, width], device)];
        if device.is_autodiff() {
            // Training pads to the longest: what padding does to the last bits is below what dropout does.
            all.extend((!texts.is_empty()).then(|| self.read(&texts, device)));
        } else {
            // Each text by itself, so that what else is in the batch does not reach its bits.
            all.extend(texts.chunks(1).map(|text| self.read(text, device)));
        }
        // Row 0 stands for an entity without a text.
        let mut place = 0;
        let index = words.rows.iter().map(|row| {
            place += u32::from(!row.is_empty());
            if row.is_empty() { 0 } else { place }
        });
        let index = Arc::new(RowIndex::new(index.collect(), texts.len() + 1));
        gather_rows(Tensor::cat(all, 0), &index) // [B, width]
    }
}

impl TextTransformer {
    /// Embeds texts of at least one word: `[texts, width]`.
    fn read(&self, texts: &[&[u32]], device: &Device) -> Tensor<2> {
        let count = texts.len();
        let length = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        let (mut ids, mut here) = (vec![0i64; count * length], vec![0.0f32; count * length]);
        for (row, words) in texts.iter().enumerate() {
            for (at, word) in words.iter().enumerate() {
                ids[row * length + at] = i64::from(*word) + 1;
                here[row * length + at] = 1.0 / words.len() as f32;
            }
        }
        let padding: Vec<bool> = here.iter().map(|h| *h == 0.0).collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [count, length]), device);
        let padding = Tensor::<2, Bool>::from_data(TensorData::new(padding, [count, length]), device);
        let here = Tensor::<3>::from_data(TensorData::new(here, [count, length, 1]), device);
        let positions = self.positions.val().narrow(0, 0, length).unsqueeze::<3>(); // [1, length, channels]
        let states = self.words.forward(ids) + positions; // [texts, length, channels]
        let states = self
            .encoder
            .forward(TransformerEncoderInput::new(states).mask_pad(padding));
        let mean = (states * here).sum_dim(1).squeeze_dim::<2>(1); // [texts, channels]
        dense(mean, &self.output)
    }
}
