//! fusebind-eval
