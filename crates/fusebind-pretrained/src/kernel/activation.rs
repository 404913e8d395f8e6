//! What stands between the two dense layers of a block.
//!
//! Comes in: values. Goes out: values in place. GELU is `x/2 (1 + erf(x/sqrt 2))` (Hendrycks and Gimpel, 2016); its other form takes
//! `tanh(sqrt(2/pi) (x + 0.044715 x^3))` in place of `erf`. The error function follows Abramowitz and Stegun 7.1.26, the exponential
//! is a polynomial of degree six between powers of two; both are within 2e-7.

use fusebind_features::vectorised;

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Relu,
    Gelu,
    GeluTanh,
    Silu,
}

impl Activation {
    /// The function that a configuration calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "relu" => Self::Relu,
            "gelu" => Self::Gelu,
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Self::GeluTanh,
            "silu" | "swish" => Self::Silu,
            _ => return None,
        })
    }

    /// Applies it to all `values`.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Relu => vectorised!(|| values.iter_mut().for_each(|x| *x = x.max(0.0))),
            Self::Gelu => vectorised!(|| values.iter_mut().for_each(|x| *x = gelu(*x))),
            Self::GeluTanh => vectorised!(|| values.iter_mut().for_each(|x| *x = gelu_tanh(*x))),
            Self::Silu => vectorised!(|| values.iter_mut().for_each(|x| *x = *x / (1.0 + exp(-*x)))),
        }
    }
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    // The part of the bell beyond |x|: where it rounds to nothing, nothing is lost.
    let tail = 0.5 * series * exp(-z * z);
    let share = if x < 0.0 { tail } else { 1.0 - tail };
    x * share
}

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    let y = 0.797_884_6 * (x + 0.044_715 * x * x * x);
    // (1 + tanh y) / 2 is the logistic function of 2 y.
    x / (1.0 + exp(-2.0 * y))
}

/// `e^x`; what is too small for a float is 0 and what is too large is near the largest one.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.3, 88.0);
    // Adding this rounds to a whole number, which then stands in the lowest bits.
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let n = shifted - 12_582_912.0;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let high = 1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0)));
    let polynomial = 1.0 + r * (1.0 + r * (0.5 + r * high));
    // n lies between -126 and 127, so that the bits are those of a power of two.
    polynomial * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_within_float_precision() {
        // Integrates the bell curve in double precision.
        let exact = |x: f64| {
            let steps = 20_000;
            let bell = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let h = x / f64::from(steps);
            let sum: f64 = (0..steps).map(|i| bell((f64::from(i) + 0.5) * h) * h).sum();
            x * (0.5 + sum)
        };
        for i in -60..=60 {
            let x = i as f32 / 8.0;
            assert!((f64::from(gelu(x)) - exact(f64::from(x))).abs() < 1e-6, "{x}");
            let e = f64::from(x).exp();
            assert!((f64::from(exp(x)) - e).abs() < 3e-7 * e, "{x}");
        }
        assert!(exp(-1000.0) < 1e-37 && exp(1000.0).is_finite());
        let mut values = [-30.0, 0.0, 30.0];
        Activation::GeluTanh.apply(&mut values);
        assert_eq!(values.map(f32::round), [0.0, 0.0, 30.0]);
    }
}
