//! Encoders of all side modalities of drugs, or of targets.
//!
//! Comes in: the embedding of the structure and a [`SideBatch`]. Goes out: an embedding `[B, D]` for each modality. An embedding from
//! another model is added to the output of the encoder of its modality.

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Device, Tensor},
};
use fusebind_features::{
    modality::Modality,
    schema::{SideBatch, SideDims},
};

use super::{
    Encoder, EncoderConfig,
    bioassay::{BioassayEncoder, BioassayEncoderConfig},
    embedding,
    text::{TextEncoder, TextEncoderConfig},
    transcriptome::{TranscriptomeEncoder, TranscriptomeEncoderConfig},
};

/// Modality embeddings of a batch of entities, `[B, width]` each, the structure first.
pub(crate) type ModalityEmbeddings = Vec<(Modality, Tensor<2>)>;

/// Configurations of the encoders of side modalities.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SideConfigs<'a> {
    pub text: &'a TextEncoderConfig,
    pub transcriptome: &'a TranscriptomeEncoderConfig,
}

/// Encoders of the side modalities of one side.
#[derive(Module, Debug)]
pub(crate) struct SideEncoders {
    text: Option<TextEncoder>,
    transcriptome: Option<TranscriptomeEncoder>,
    bioassay: Option<BioassayEncoder>,
    embeddings: Vec<Linear>,
}

impl SideEncoders {
    pub fn new(dims: &SideDims, configs: SideConfigs<'_>, width: usize, device: &Device) -> Self {
        fn some<C: EncoderConfig>(config: &C, inputs: usize, width: usize, device: &Device) -> Option<C::Encoder> {
            (inputs > 0).then(|| config.init(inputs, width, device))
        }
        Self {
            text: some(configs.text, dims.text, width, device),
            transcriptome: some(configs.transcriptome, dims.transcriptome, width, device),
            bioassay: some(&BioassayEncoderConfig, dims.bioassay, width, device),
            embeddings: (dims.embeddings.iter())
                .map(|(_, inputs)| embedding::layer(*inputs, width, device))
                .collect(),
        }
    }

    /// All modalities of an entity in the order of [`Modality::ALL`], which begins with `structure`.
    pub fn encode(&self, structure: (Modality, Tensor<2>), input: &SideBatch, device: &Device) -> ModalityEmbeddings {
        fn read<E: Encoder>(encoder: &Option<E>, input: &Option<E::Input>, device: &Device) -> Option<Tensor<2>> {
            Some(encoder.as_ref()?.encode(input.as_ref()?, device))
        }
        let mut all = [
            (structure.0, Some(structure.1)),
            (Modality::Text, read(&self.text, &input.text, device)),
            (
                Modality::Transcriptome,
                read(&self.transcriptome, &input.transcriptome, device),
            ),
            (Modality::Bioassay, read(&self.bioassay, &input.bioassay, device)),
        ];
        for (layer, (modality, rows)) in self.embeddings.iter().zip(&input.embeddings) {
            let embedded = layer.encode(rows, device);
            if let Some((_, slot)) = all.iter_mut().find(|(m, _)| m == modality) {
                *slot = Some(slot.take().map_or(embedded.clone(), |native| native + embedded));
            }
        }
        all.into_iter().filter_map(|(m, x)| Some((m, x?))).collect()
    }
}
