//! Predictions from trained models. Nothing here can train.

pub mod predictor;
