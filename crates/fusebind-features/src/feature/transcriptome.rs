//! Expression signatures on one scale.
//!
//! `x = asinh(z)`, which is linear near 0 and logarithmic in the tails (Huber et al. 2002, doi
//! 10.1093/bioinformatics/18.suppl_1.S96), then divided by the root mean square over the signature's genes: a z-score, a
//! fold change and a rank in [-1, 1] give similar values. Genes that were not measured are 0, the mean, and add nothing.
//! Comes in: `[G]` with NaN where not measured. Goes out: `[G]`.

/// Scales one signature in place; `false` where nothing was measured or nothing varies.
pub fn normalise(signature: &mut [f32]) -> bool {
    let (mut square, mut count) = (0.0f64, 0u32);
    for value in signature.iter_mut() {
        *value = value.asinh();
        if value.is_finite() {
            square += f64::from(*value) * f64::from(*value);
            count += 1;
        } else {
            *value = 0.0;
        }
    }
    if square == 0.0 {
        return false;
    }
    let scale = (f64::from(count) / square).sqrt() as f32;
    signature.iter_mut().for_each(|value| *value *= scale);
    true
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn tails_are_tamed_and_gaps_add_nothing() {
        let mut signature = [207.0, -1.0, f32::NAN, 0.0];
        assert!(normalise(&mut signature));
        assert!(signature[0] > 0.0 && signature[0] < 2.0 && signature[1] < 0.0 && signature[2] == 0.0);
        let square: f32 = signature.iter().map(|v| v * v).sum();
        assert!(
            (square - 3.0).abs() < 1e-4,
            "unit mean square over three measured genes"
        );
        assert!(!normalise(&mut [f32::NAN, 0.0]));
    }
}
