//! fusebind-model
