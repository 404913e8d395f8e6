//! What is known of binding without training data.
//!
//! Comes in: the share of binding pairs among training pairs, and whether a compound is presumed inert
//! ([`Molecule::is_presumed_inert`](fusebind_features::entity::molecule::Molecule::is_presumed_inert)). Goes out: what is added to the
//! calibrated logit of a pair that training does not hold. Scores stay as they are. Public sets hold inert molecules nearly as binders alone, so training cannot tell their true rate;
//! it is set to [`INERT_RATE`], by the change of the prior (Saerens et al. 2002, Neural Comput. 14:21):
//! `logit' = logit + logit(INERT_RATE) - logit(share in training)`.

/// Presumed share of binding pairs among those of an inert compound.
pub const INERT_RATE: f64 = 0.01;

/// Added to the calibrated logit of an inert compound; never more than 0.
pub fn of_inert(share: Option<f64>) -> f64 {
    let logit = |p: f64| (p / (1.0 - p)).ln();
    share.map_or(0.0, |share| {
        (logit(INERT_RATE) - logit(share.clamp(0.001, 0.999))).min(0.0)
    })
}

/// A probability whose logit is shifted.
pub fn shifted(probability: f64, shift: f64) -> f64 {
    if shift == 0.0 {
        return probability;
    }
    let odds = probability / (1.0 - probability) * shift.exp();
    if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_pair_of_training_gets_the_presumed_rate() {
        for share in [0.5, 0.2, 0.9] {
            let shift = of_inert(Some(share));
            assert!((shifted(share, shift) - INERT_RATE).abs() < 1e-6);
        }
        assert_eq!(of_inert(Some(0.005)), 0.0, "rarer in training than presumed");
        assert_eq!(of_inert(None), 0.0);
        assert_eq!(shifted(1.0, -4.0), 1.0);
        assert_eq!(shifted(0.3, 0.0), 0.3);
    }
}
