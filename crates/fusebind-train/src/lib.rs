//! fusebind-train
