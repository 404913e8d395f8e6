//! Predictions from trained models. Nothing here can train.

#![forbid(unsafe_code)]

pub mod predictor;
