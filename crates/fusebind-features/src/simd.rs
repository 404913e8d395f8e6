//! Plain loops, compiled for the vector instructions of the machine that runs them.
//!
//! A program that is to run everywhere may use the oldest instructions only; here a loop is compiled for several generations and the
//! newest that the machine has is taken. Rust neither reorders nor contracts floating-point operations, so the bits are the same on
//! all of them.

#[doc(hidden)]
pub use pulp;

/// Runs a closure, given as `vectorised!(|| ..)`, with the vector instructions of this machine. What it calls must be inlined
/// (`#[inline(always)]`) to gain by it.
///
/// A macro, because the closure has to be written out once for each generation: one closure for all of them is too long to be
/// inlined three times, and stays a function of the oldest instructions.
#[macro_export]
macro_rules! vectorised {
    ($work:expr) => {{
        #[cfg(target_arch = "x86_64")]
        let done = match $crate::simd::pulp::x86::V4::try_new() {
            Some(simd) => simd.vectorize($work),
            None => match $crate::simd::pulp::x86::V3::try_new() {
                Some(simd) => simd.vectorize($work),
                None => ($work)(),
            },
        };
        #[cfg(not(target_arch = "x86_64"))]
        let done = $crate::simd::pulp::Arch::new().dispatch($work);
        done
    }};
}
