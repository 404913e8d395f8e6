//! Learning rate over a run: linear warm-up, then half a cosine to a final_share (Loshchilov & Hutter 2017, arXiv:1608.03983).
//!
//! `lr(s) = peak * s / warmup` for `s < warmup`, then
//! `lr(s) = peak * (final_share + (1 - final_share) * (1 + cos(pi * t)) / 2)` with `t` running from 0 to 1.

/// The schedule of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Highest learning rate.
    pub peak: f64,
    /// Steps of linear warm-up.
    pub warmup: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Last learning rate over the highest.
    pub final_share: f64,
}

impl Schedule {
    /// Learning rate of `step`, counted from 0.
    pub fn rate(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let span = self.steps.saturating_sub(self.warmup).max(1);
        let progress = ((step - self.warmup) as f64 / span as f64).min(1.0);
        self.peak
            * (self.final_share + (1.0 - self.final_share) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()))
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn rises_to_the_peak_and_falls_to_the_floor() {
        let schedule = Schedule {
            peak: 1e-3,
            warmup: 10,
            steps: 110,
            final_share: 0.1,
        };
        assert!((schedule.rate(0) - 1e-4).abs() < 1e-12);
        assert!((schedule.rate(9) - 1e-3).abs() < 1e-12);
        assert!((schedule.rate(60) - 0.55e-3).abs() < 1e-9);
        assert!((schedule.rate(110) - 1e-4).abs() < 1e-12);
        assert!((10..110).all(|s| schedule.rate(s + 1) <= schedule.rate(s)));
    }

    #[test]
    fn no_warm_up_starts_at_the_peak() {
        assert_eq!(
            Schedule {
                peak: 1.0,
                warmup: 0,
                steps: 5,
                final_share: 0.0
            }
            .rate(0),
            1.0
        );
    }
}
