//! Plain loops, compiled for the vector instructions of the machine that runs them.
//!
//! A program that is to run everywhere may use the oldest instructions only; here a loop is compiled for several generations and the
//! newest that the machine has is taken. Rust neither reorders nor contracts floating-point operations, so the bits are the same on
//! all of them.

/// Runs `work` with the vector instructions of this machine. What it calls must be inlined (`#[inline(always)]`) to gain by it.
#[inline(always)]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
