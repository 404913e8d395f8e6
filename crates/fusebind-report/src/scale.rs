//! From numbers to places on an axis.
//!
//! Comes in: numbers of any kind. Goes out: a range that is never empty, round ticks on it, and numbers as text.

/// Beyond this a label would be longer than the chart is wide.
const LARGEST: f64 = 1e12;

/// Whether a chart can show `value`.
pub(crate) fn drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// `value` with `decimals` places, at most 12; what rounds to zero carries no sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.0$}", decimals.min(12));
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_string(),
        _ => text,
    }
}

/// A range of drawable numbers with `low < high`, wide enough to divide by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub low: f64,
    pub high: f64,
}

impl Scale {
    /// The range of drawable `values`, widened on both sides by a `margin` share; `None` of nothing.
    pub fn around(values: impl IntoIterator<Item = f64>, margin: f64) -> Option<Self> {
        let ends = |(low, high): (f64, f64), v: f64| (low.min(v), high.max(v));
        let (low, high) = values
            .into_iter()
            .filter(|v| drawable(*v))
            .fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        if low > high {
            return None;
        }
        let size = low.abs().max(high.abs());
        // Equal values, or values that differ in the last bits only, still need a range.
        let pad = match high - low {
            span if span >= (1e-9 * size).max(1e-12) => margin * span,
            _ if size < 1e-6 => 0.5,
            _ => 0.1 * size,
        };
        Some(Self {
            low: low - pad,
            high: high + pad,
        })
    }

    /// The range that a caller asks for; `None` when it is not a range.
    pub fn given((low, high): (f64, f64)) -> Option<Self> {
        (drawable(low) && drawable(high) && low < high)
            .then(|| Self::around([low, high], 0.0))
            .flatten()
    }

    /// Whether `value` lies in the range.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Place of `value`: 0 at the low end, 1 at the high end.
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// About `count` round numbers in the range.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        let step = self.step(count);
        // A bit of slack keeps the tick at an end that rounding moved out.
        let (first, last) = (self.low / step - 1e-6, self.high / step + 1e-6);
        (first.ceil() as i64..=last.floor() as i64)
            .map(|k| (k as f64 * step).clamp(self.low, self.high))
            .collect()
    }

    /// Decimals at which two neighbouring ticks differ.
    pub fn decimals(&self, count: usize) -> usize {
        (-self.step(count).log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize
    }

    /// The step of 1, 2 or 5 times a power of ten that makes at most `count` intervals.
    pub fn step(&self, count: usize) -> f64 {
        let raw = (self.high - self.low) / count.max(1) as f64;
        let power = 10f64.powf(raw.log10().floor());
        let round = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= raw * (1.0 - 1e-9));
        round.unwrap_or(10.0) * power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_both_ends() {
        let scale = Scale { low: 0.0, high: 0.6 };
        let labels: Vec<String> = scale.ticks(6).iter().map(|t| fixed(*t, scale.decimals(6))).collect();
        assert_eq!(labels, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]);
    }

    #[test]
    fn every_range_can_be_divided_by() {
        for values in [
            [0.0, 0.0],
            [1e-300, 2e-300],
            [1e12, 1e12],
            [5.0, 5.0 + 1e-15],
            [-1e12, 1e12],
        ] {
            let scale = Scale::around(values, 0.05).expect("drawable");
            assert!(scale.high > scale.low, "{values:?}");
            let ticks = scale.ticks(6);
            assert!((2..=8).contains(&ticks.len()), "{values:?}: {ticks:?}");
            assert!(ticks.iter().all(|t| scale.contains(*t)));
        }
        assert_eq!(Scale::around([f64::NAN, f64::INFINITY, 1e13], 0.0), None);
        assert_eq!(Scale::given((1.0, 0.0)), None);
    }

    #[test]
    fn zero_carries_no_sign() {
        assert_eq!(fixed(-0.0004, 3), "0.000");
        assert_eq!(fixed(-0.0006, 3), "-0.001");
        assert_eq!(fixed(1.0, usize::MAX).len(), 14);
    }
}
