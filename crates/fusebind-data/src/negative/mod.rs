//! Negative sampling for positives-only sets.
