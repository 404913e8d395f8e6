//! One encoder per modality: features to embeddings.
//!
//! An encoder is whatever implements [`Encoder`]; a modality may have several, whose outputs are added ([`sum`]). One more is a module here
//! with its layers, a configuration that implements [`EncoderConfig`] and is read from a table of the recipe, `[model.<modality>.<encoder>]`
//! or keys of `[model.<modality>]`, and a field for it in the encoder of its modality. What every encoder must keep is tested in
//! `tests/encoders.rs`, for one more as well.

pub mod bioassay;
pub mod embedding;
pub mod graph;
pub mod sequence;
pub mod side;
pub mod text;
pub mod transcriptome;

use burn::tensor::{Device, Tensor};

use crate::Error;

/// Encodes one modality of the distinct entities of a batch.
pub trait Encoder {
    /// What it reads of a batch.
    type Input;

    /// Embeddings `[B, width]`, a row for each entity of the batch. A row depends on its entity alone, whatever else the batch holds.
    fn encode(&self, input: &Self::Input, device: &Device) -> Tensor<2>;
}

/// What a recipe says of an encoder.
pub trait EncoderConfig {
    /// What it makes.
    type Encoder: Encoder;

    /// # Errors
    /// What makes no encoder, or one that no machine has the memory for; the message names the key.
    fn check(&self) -> Result<(), Error>;

    /// An encoder of `inputs` channels (0 where it reads structures, whose channels are fixed) with `width` output channels. The
    /// configuration has been checked.
    fn init(&self, inputs: usize, width: usize, device: &Device) -> Self::Encoder;
}

/// Sum of the outputs of those `paths` that a modality has, `[B, width]`; `None` where it has none.
pub fn sum<I>(paths: &[Option<&dyn Encoder<Input = I>>], input: &I, device: &Device) -> Option<Tensor<2>> {
    let outputs = paths.iter().flatten().map(|path| path.encode(input, device));
    outputs.reduce(|sum, output| sum + output)
}

/// A path as [`sum`] takes it.
fn path<I, E: Encoder<Input = I>>(path: &Option<E>) -> Option<&dyn Encoder<Input = I>> {
    path.as_ref().map(|path| path as &dyn Encoder<Input = I>)
}
