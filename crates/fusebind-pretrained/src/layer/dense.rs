//! A dense layer. Comes in: rows `[L, in]`. Goes out: `x W^T + b`, `[L, out]`.

use fusebind_features::vectorised;

use crate::kernel::{Packed, Room, Rows, product};

/// Weights and bias.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    weight: Packed,
    /// Empty where there is none.
    bias: Vec<f32>,
}

impl Dense {
    /// A layer with `weight [out, in]` and a bias `[out]`, or an empty one.
    pub fn new(weight: &[f32], inner: usize, bias: Vec<f32>) -> Self {
        Self {
            weight: Packed::of_transposed(weight, inner),
            bias,
        }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.weight.columns
    }

    /// Applies the layer to rows.
    pub fn apply(&self, rows: &[f32], out: &mut [f32], room: &mut Room) {
        product(Rows::whole(rows, self.weight.inner), &self.weight, out, room);
        if !self.bias.is_empty() {
            vectorised!(|| {
                for row in out.chunks_exact_mut(self.bias.len()) {
                    row.iter_mut().zip(&self.bias).for_each(|(x, bias)| *x += bias);
                }
            });
        }
    }
}
