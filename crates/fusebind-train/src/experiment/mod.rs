//! Experiments on top of training: what perturbed data, missing modalities and each part of a recipe cost or bring.
//!
//! [`perturbation`] changes training data on purpose, [`robustness`] scores a trained model with modalities missing or wrong, and
//! [`ablation`] compares variants of a recipe over seeds.

pub mod ablation;
pub mod noise;
pub mod perturbation;
pub mod robustness;
