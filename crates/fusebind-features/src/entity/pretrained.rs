//! An embedding that a pretrained encoder computes: how it is asked for, and what it is known by.
//!
//! Comes in: the table of a recipe ([`PretrainedConfig`]). Goes out: the reference that a model file keeps in place of weights
//! ([`EncoderReference`]), and the trait by which entities are embedded without knowing how ([`EmbedInputs`]). Axis legend: `D` channels.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::modality::Modality;

/// What becomes of the states of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenPooling {
    /// Their mean over the residues, atoms or words.
    #[default]
    Mean,
    /// Their mean over all tokens, the special ones included, as sentence encoders are used.
    MeanAll,
    /// The state of the first, special token.
    Cls,
}

impl fmt::Display for TokenPooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::MeanAll => "mean-all",
            Self::Cls => "cls",
        })
    }
}

/// To how many bytes the values of an embedding are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValuePrecision {
    /// Two.
    #[default]
    Float16,
    /// Four.
    Float32,
}

/// A frozen encoder inside a recipe: `[model.sequence.pretrained]`, `[model.graph.pretrained]`, `[model.text.pretrained]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PretrainedConfig {
    /// Folder in the Hugging Face layout.
    pub path: String,
    /// Layer, 0 for the embeddings of tokens; the last one without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// What becomes of the states of tokens.
    #[serde(default)]
    pub pooling: TokenPooling,
    /// Most tokens at once; the most that the encoder reads without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// Tokens that neighbouring windows share; a quarter of the window without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<usize>,
    /// How values are rounded.
    #[serde(default)]
    pub precision: ValuePrecision,
}

/// What a model knows of an encoder that it needs. The weights stay where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderReference {
    /// Modality that is embedded.
    pub modality: Modality,
    /// Name of the folder.
    pub name: String,
    /// The folder, as the recipe named it.
    pub folder: String,
    /// SHA-256 of weights, configuration and tokeniser, in hexadecimal digits.
    pub sha256: String,
    /// Family of the architecture.
    pub architecture: String,
    /// Layer.
    pub layer: usize,
    /// Pooling.
    pub pooling: TokenPooling,
    /// Most tokens at once.
    pub window: usize,
    /// Tokens that neighbouring windows share.
    pub overlap: usize,
    /// How values are rounded.
    pub precision: ValuePrecision,
    /// Channels `D`.
    pub width: usize,
}

impl EncoderReference {
    /// Whether both stand for the same values, wherever the folder is and whatever its name.
    pub fn is_same(&self, other: &Self) -> bool {
        let named_alike = Self {
            name: self.name.clone(),
            folder: self.folder.clone(),
            ..other.clone()
        };
        *self == named_alike
    }
}

impl fmt::Display for EncoderReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} by {} ({}, layer {}, {}, {} channels)",
            self.modality, self.name, self.architecture, self.layer, self.pooling, self.width
        )
    }
}

/// Something that embeds SMILES, sequences or texts.
pub trait EmbedInputs: fmt::Debug + Send + Sync {
    /// What it is known by.
    fn reference(&self) -> &EncoderReference;

    /// The embedding `[D]` of each of `inputs`, none where there is none. It depends on its own input alone.
    fn embed(&self, inputs: &[&str]) -> Vec<Option<Vec<f32>>>;
}
