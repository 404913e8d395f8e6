//! Rings that are there today.

/// Imports of the second file by the first that close a ring. The list only shrinks: nothing is added, and what is on no ring any
/// more fails the gate until it is taken off.
pub const RINGS: &[(&str, &str)] = &[
    (
        "crates/fusebind-model/src/fusion/neighbours.rs",
        "crates/fusebind-model/src/fusion/fused.rs",
    ),
    (
        "crates/fusebind-model/src/fusion/fused.rs",
        "crates/fusebind-model/src/fusion/interaction.rs",
    ),
    (
        "crates/fusebind-model/src/layer/composed.rs",
        "crates/fusebind-model/src/layer/dropout.rs",
    ),
    (
        "crates/fusebind-model/src/layer/composed.rs",
        "crates/fusebind-model/src/layer/edge.rs",
    ),
    (
        "crates/fusebind-model/src/layer/composed.rs",
        "crates/fusebind-model/src/layer/norm.rs",
    ),
    (
        "crates/fusebind-model/src/layer/composed.rs",
        "crates/fusebind-model/src/layer/pool.rs",
    ),
];
