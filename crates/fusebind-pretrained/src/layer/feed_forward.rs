//! The second half of a block. Comes in: rows `[L, D]`. Goes out: `f(x W_1) W_2`, or `(f(x W_0) * x W_1) W_2` where it is gated (Shazeer, 2020).

use fusebind_features::vectorised;

use super::Dense;
use crate::kernel::{Activation, Room};

/// Rows at a time, so that what lies between the two layers stays in the cache.
const ROWS: usize = 96;

/// Two dense layers, or three.
#[derive(Clone, Debug)]
pub(crate) struct FeedForward {
    pub up: Dense,
    /// Multiplied with what `up` and the activation give.
    pub gate: Option<Dense>,
    pub activation: Activation,
    pub down: Dense,
}

/// What lies between the layers.
#[derive(Default)]
pub(crate) struct FeedForwardRoom {
    hidden: Vec<f32>,
    gate: Vec<f32>,
}

impl FeedForward {
    /// Applies the layers to rows of `width`.
    pub fn apply(
        &self,
        rows: &[f32],
        width: usize,
        out: &mut [f32],
        (room, packing): (&mut FeedForwardRoom, &mut Room),
    ) {
        for (rows, out) in rows.chunks(ROWS * width).zip(out.chunks_mut(ROWS * width)) {
            let size = rows.len() / width * self.up.outputs();
            room.hidden.resize(size, 0.0);
            self.up.apply(rows, &mut room.hidden, packing);
            self.activation.apply(&mut room.hidden);
            if let Some(gate) = &self.gate {
                room.gate.resize(size, 0.0);
                gate.apply(rows, &mut room.gate, packing);
                let FeedForwardRoom { hidden, gate } = room;
                vectorised!(|| hidden.iter_mut().zip(&*gate).for_each(|(x, gate)| *x *= gate));
            }
            self.down.apply(&room.hidden, out, packing);
        }
    }
}
