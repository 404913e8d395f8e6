//! Embeddings from other models, as a modality or beside our own encoder of it: one dense layer without a bias.
//!
//! `z = W x`, so that an entity without an embedding, whose row is zero, adds nothing. Comes in: rows `[B, E]`. Goes out: `[B, D]`.

use burn::{
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::rows::Rows;

use super::Encoder;
use crate::layer::dense::dense;

/// The layer for embeddings of `inputs` channels.
pub fn layer(inputs: usize, width: usize, device: &Device) -> Linear {
    LinearConfig::new(inputs, width).with_bias(false).init(device)
}

impl Encoder for Linear {
    type Input = Rows;

    fn encode(&self, rows: &Rows, device: &Device) -> Tensor<2> {
        let count = rows.values.len() / rows.width;
        let data = TensorData::new(rows.values.clone(), [count, rows.width]);
        dense(Tensor::<2>::from_data(data, device), self) // [B, width]
    }
}
