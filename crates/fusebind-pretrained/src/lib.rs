//! Pretrained encoders from local files: ESM-2, BERT and RoBERTa, the encoder of T5.
//!
//! Comes in: a folder in the Hugging Face layout (`config.json`, tokeniser, safetensors) and texts. Goes out: embeddings `[D]` or states of
//! tokens `[L, D]`. Nothing is downloaded, and pickled weights, which are programs, are refused.
//!
//! A crate of its own, because it is used without training and prediction, which it knows nothing of, and because it alone needs a library of
//! tokenisers. It computes no gradients: plain loops over `f32` slices are all of its engine. Weights are packed once for the product
//! that reads them, sequences stand behind each other without padding, and one thread works through one pack of sequences, so that an
//! embedding has the same bits whatever else is embedded.
//!
//! ```no_run
//! use fusebind_pretrained::{Content, EmbedConfig, Encoder, Plan, Pooling};
//!
//! let encoder = Encoder::open("esm2_t33_650M_UR50D")?;
//! let config = EmbedConfig::of(&encoder, Content::Protein, Pooling::Mean);
//! let plan = Plan::new(&encoder, &config, &["MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"])?;
//! plan.run(&|text, values| {
//!     println!("{text}: {} channels", values.len());
//!     Ok(())
//! })?;
//! # Ok::<(), fusebind_pretrained::Error>(())
//! ```

#![forbid(unsafe_code)]

mod architecture;
mod config;
mod embed;
mod encoder;
mod error;
mod folders;
mod frozen;
mod kernel;
mod layer;
mod store;
mod tokenizer;
mod weights;
mod window;

pub use architecture::Family;
pub use embed::{EmbedConfig, Plan, Pooling};
pub use encoder::Encoder;
pub use error::Error;
pub use folders::{EncoderFolders, KeptIn};
pub use frozen::{EmbedProgress, FrozenEncoder};
pub use store::{Precision, Store, TextHash, text_hash};
pub use tokenizer::Content;
