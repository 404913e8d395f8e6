//! From a folder to an encoder: one file per family of architectures. `config.json` says which one.

mod bert;
mod esm2;
mod esmc;
mod molformer;
mod parts;
mod t5;

use std::{fmt, path::Path};

pub(crate) use parts::Built;

use crate::{Error, config::Config};

/// Families of encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// ESM-2, of proteins.
    Esm2,
    /// ESM-C, of proteins.
    EsmC,
    /// BERT and what differs from it in its weights alone: ProtBert, BiomedBERT, SciBERT, MiniLM.
    Bert,
    /// RoBERTa: ChemBERTa.
    Roberta,
    /// MoLFormer, of molecules.
    MolFormer,
    /// The encoder of T5: ProtT5.
    T5,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Esm2 => "ESM-2",
            Self::EsmC => "ESM-C",
            Self::Bert => "BERT",
            Self::Roberta => "RoBERTa",
            Self::MolFormer => "MoLFormer",
            Self::T5 => "T5",
        })
    }
}

impl Family {
    /// The family that `config.json` names.
    pub(crate) fn of(config: &Config) -> Result<Self, Error> {
        match config.text("model_type") {
            Some("esm") => Ok(Self::Esm2),
            Some("esmc") => Ok(Self::EsmC),
            Some("bert") => Ok(Self::Bert),
            Some("roberta" | "xlm-roberta") => Ok(Self::Roberta),
            Some("molformer") => Ok(Self::MolFormer),
            Some("t5" | "mt5") => Ok(Self::T5),
            other => {
                let what = format!("is {}, which is not known here", other.unwrap_or("missing"));
                Err(config.fault(
                    "model_type",
                    &what,
                    "esm, esmc, bert, roberta, molformer and t5 are known",
                ))
            }
        }
    }
}

/// Reads the weights of an encoder of `family` in `folder`.
pub(crate) fn build(family: Family, config: &Config, folder: &Path) -> Result<Built, Error> {
    match family {
        Family::Esm2 => esm2::build(config, folder),
        Family::EsmC => esmc::build(config, folder),
        Family::Bert => bert::build(config, folder, 0),
        // The first positions are kept for padding.
        Family::Roberta => bert::build(config, folder, config.token("pad_token_id", 1) + 1),
        Family::MolFormer => molformer::build(config, folder),
        Family::T5 => t5::build(config, folder),
    }
}
