//! Rotary positions (Su et al., RoFormer, 2021), in the form of ESM-2: channel `i` turns with channel `i + d/2`.
//!
//! Comes in: queries or keys of one head at a position. Goes out: the same, turned in place.
//!
//! ```text
//! angle(p, i) = p / 10000^(2 i / d)
//! ```

/// Cosines and sines of all positions, `[L, d/2]` each.
#[derive(Clone, Debug)]
pub(crate) struct Rotary {
    half: usize,
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Rotary {
    /// The frequencies of heads of `width` channels.
    pub fn frequencies(width: usize) -> Vec<f32> {
        let frequency = |i: usize| 1.0 / 10_000f32.powf((2 * i) as f32 / width as f32);
        (0..width / 2).map(frequency).collect()
    }

    /// Angles of `positions` positions.
    pub fn new(frequencies: &[f32], positions: usize) -> Self {
        let half = frequencies.len();
        let (mut cosines, mut sines) = (
            Vec::with_capacity(half * positions),
            Vec::with_capacity(half * positions),
        );
        for position in 0..positions {
            for frequency in frequencies {
                // The angle is rounded as in the published code; its cosine is not rounded twice.
                let angle = f64::from(position as f32 * frequency);
                cosines.push(angle.cos() as f32);
                sines.push(angle.sin() as f32);
            }
        }
        Self { half, cosines, sines }
    }

    /// Turns one head at `position`.
    pub fn turn(&self, head: &mut [f32], position: usize) {
        let (low, high) = head.split_at_mut(self.half);
        let at = position * self.half..(position + 1) * self.half;
        let angles = self.cosines[at.clone()].iter().zip(&self.sines[at]);
        for ((a, b), (cosine, sine)) in low.iter_mut().zip(high).zip(angles) {
            (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
        }
    }
}
