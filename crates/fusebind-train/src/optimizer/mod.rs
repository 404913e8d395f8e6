//! AdamW with averaged weights, and the learning-rate schedule.

pub mod adamw;
pub mod schedule;
