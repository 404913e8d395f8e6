//! Calibration maps from a probability to one that occurs with its frequency, for all pairs and for groups of them.
//!
//! Comes in: labels and probabilities of pairs that no model was fitted on. Goes out: [`PlattMap`],
//! `logit p' = slope logit p + offset` (Platt 1999, with the smoothed targets of that paper). A group's map is drawn to the map of all pairs by
//! a quadratic penalty, so that a small group changes it little.

use crate::error::Undefined;

/// Probabilities are kept this far from 0 and 1, so that their logits are finite.
const EDGE: f64 = 1e-7;
/// Most steps of Newton's method.
const STEPS: usize = 200;
/// Most halvings of one step.
const HALVINGS: usize = 40;

/// A map of probabilities that never turns their order around.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlattMap {
    /// Factor of the logit, 0 or more.
    pub slope: f64,
    /// Added to the logit.
    pub offset: f64,
}

impl PlattMap {
    /// The map that changes nothing.
    pub const IDENTITY: Self = Self {
        slope: 1.0,
        offset: 0.0,
    };

    /// The calibrated probability of `probability`, both from 0 to 1.
    pub fn apply(self, probability: f64) -> f64 {
        sigmoid(self.slope * logit(probability) + self.offset)
    }

    /// The map of all pairs, by maximum likelihood. Where the probabilities rank the pairs the wrong way round, the slope is 0 and every
    /// pair gets the share of positives.
    ///
    /// # Errors
    /// Where there is nothing, lengths differ, or a probability is outside 0 to 1.
    pub fn fit(truth: &[bool], probabilities: &[f64]) -> Result<Self, Undefined> {
        check(truth, probabilities)?;
        Ok(Fit::new(truth, probabilities, Self::IDENTITY, 0.0).solve())
    }

    /// The map of a group, drawn to the map `pooled` of all pairs as if by `strength` pairs whose logit has a variance of 1.
    ///
    /// # Errors
    /// As [`PlattMap::fit`], and where `strength` is negative or not finite.
    pub fn fit_group(truth: &[bool], probabilities: &[f64], pooled: Self, strength: f64) -> Result<Self, Undefined> {
        check(truth, probabilities)?;
        if !(strength >= 0.0 && strength.is_finite()) {
            return Err(Undefined::Parameter);
        }
        Ok(Fit::new(truth, probabilities, pooled, strength).solve())
    }
}

fn check(truth: &[bool], probabilities: &[f64]) -> Result<(), Undefined> {
    match () {
        () if truth.len() != probabilities.len() => Err(Undefined::Length),
        () if truth.is_empty() => Err(Undefined::Empty),
        () if probabilities.iter().any(|p| !(0.0..=1.0).contains(p)) => Err(Undefined::Parameter),
        () => Ok(()),
    }
}

fn logit(probability: f64) -> f64 {
    let p = probability.clamp(EDGE, 1.0 - EDGE);
    (p / (1.0 - p)).ln()
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// A penalised logistic regression on one logit.
struct Fit {
    logits: Vec<f64>,
    /// Smoothed labels.
    targets: Vec<f64>,
    center: PlattMap,
    strength: f64,
}

impl Fit {
    fn new(truth: &[bool], probabilities: &[f64], center: PlattMap, strength: f64) -> Self {
        let positives = truth.iter().filter(|binds| **binds).count() as f64;
        let negatives = truth.len() as f64 - positives;
        // Without smoothing, classes that do not overlap would have a slope without end. With pairs of a pooled map the penalty does it.
        let [high, low] = match strength > 0.0 {
            true => [1.0, 0.0],
            false => [(positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0)],
        };
        Self {
            logits: probabilities.iter().map(|p| logit(*p)).collect(),
            targets: truth.iter().map(|binds| if *binds { high } else { low }).collect(),
            center,
            strength,
        }
    }

    /// Negative log likelihood with the penalty.
    fn loss(&self, map: PlattMap) -> f64 {
        let pair = |(x, t): (&f64, &f64)| {
            let z = map.slope * x + map.offset;
            // ln(1 + e^z) without overflow.
            z.max(0.0) + (-z.abs()).exp().ln_1p() - t * z
        };
        let apart = [map.slope - self.center.slope, map.offset - self.center.offset];
        // A pair at p = 1/2 has curvature 1/4.
        let penalty = self.strength * 0.125 * apart.iter().map(|d| d * d).sum::<f64>();
        self.logits.iter().zip(&self.targets).map(pair).sum::<f64>() + penalty
    }

    /// The minimum, with a slope of 0 or more.
    fn solve(&self) -> PlattMap {
        let map = self.newton(false);
        if map.slope >= 0.0 { map } else { self.newton(true) }
    }

    /// Newton's method with halved steps; `flat` holds the slope at 0.
    fn newton(&self, flat: bool) -> PlattMap {
        let mut map = self.center;
        if flat {
            map.slope = 0.0;
        }
        let mut loss = self.loss(map);
        for _ in 0..STEPS {
            let [slope, offset] = self.step(map, flat);
            let mut share = 1.0;
            let found = (0..HALVINGS).find_map(|_| {
                let next = PlattMap {
                    slope: map.slope - share * slope,
                    offset: map.offset - share * offset,
                };
                share *= 0.5;
                let lower = self.loss(next);
                (lower < loss).then_some((next, lower))
            });
            let Some((next, lower)) = found else { break };
            (map, loss) = (next, lower);
        }
        map
    }

    /// Gradient over curvature.
    fn step(&self, map: PlattMap, flat: bool) -> [f64; 2] {
        let ridge = self.strength * 0.25;
        let mut gradient = [
            ridge * (map.slope - self.center.slope),
            ridge * (map.offset - self.center.offset),
        ];
        // The least curvature keeps the system solvable where all logits are the same.
        let (mut xx, mut x1, mut one) = (ridge + 1e-9, 0.0, ridge + 1e-9);
        for (x, t) in self.logits.iter().zip(&self.targets) {
            let p = sigmoid(map.slope * x + map.offset);
            gradient[0] += (p - t) * x;
            gradient[1] += p - t;
            let weight = p * (1.0 - p);
            xx += weight * x * x;
            x1 += weight * x;
            one += weight;
        }
        if flat {
            return [0.0, gradient[1] / one];
        }
        let determinant = (xx * one - x1 * x1).max(1e-12);
        [
            (one * gradient[0] - x1 * gradient[1]) / determinant,
            (xx * gradient[1] - x1 * gradient[0]) / determinant,
        ]
    }
}
