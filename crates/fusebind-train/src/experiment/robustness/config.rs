//! How much a sweep measures.

/// How much is swept.
#[derive(Clone, Debug, PartialEq)]
pub struct RobustnessConfig {
    /// Missing rates above 0, ascending.
    pub rates: Vec<f64>,
    /// Repetitions of each pattern and rate.
    pub draws: u64,
    /// Seed of the first repetition.
    pub seed: u64,
}

impl Default for RobustnessConfig {
    fn default() -> Self {
        Self {
            rates: (1..=9).map(|tenth| f64::from(tenth) / 10.0).collect(),
            draws: 3,
            seed: 1,
        }
    }
}

impl RobustnessConfig {
    /// Two rates, one repetition.
    pub fn quick() -> Self {
        Self {
            rates: vec![0.5, 0.9],
            draws: 1,
            ..Self::default()
        }
    }
}
