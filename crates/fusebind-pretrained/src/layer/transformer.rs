//! The whole encoder: embeddings, blocks, and where there is one a last norm.
//!
//! Comes in: token ids of several sequences behind each other. Goes out: the state of every token after a layer, `[L, D]`.
//!
//! ```text
//! norm first   x <- x + attention(norm(x)),   x <- x + feed_forward(norm(x))       ESM-2, T5
//! norm last    x <- norm(x + attention(x)),   x <- norm(x + feed_forward(x))       BERT, RoBERTa, MoLFormer
//! ```

use fusebind_features::vectorised;

use super::{Attention, Embedding, FeedForward, attention::AttentionRoom, feed_forward::FeedForwardRoom};
use crate::kernel::{Norm, Room};

/// Where the norms of a block stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    NormFirst,
    NormLast,
}

/// One block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub attention: Attention,
    pub attention_norm: Norm,
    pub feed_forward: FeedForward,
    pub feed_forward_norm: Norm,
}

/// An encoder.
#[derive(Clone, Debug)]
pub(crate) struct Transformer {
    pub embedding: Embedding,
    pub blocks: Vec<Block>,
    pub order: Order,
    pub last_norm: Option<Norm>,
}

/// What blocks write to on the way.
#[derive(Default)]
struct BlockRoom {
    normed: Vec<f32>,
    change: Vec<f32>,
    attention: AttentionRoom,
    feed_forward: FeedForwardRoom,
    packing: Room,
}

impl Transformer {
    /// The states after `layer` blocks; those after all of them are the output of the encoder, with its last norm.
    pub fn states(&self, ids: &[u32], ends: &[usize], layer: usize) -> Vec<f32> {
        let mut states = self.embedding.states(ids, ends);
        let mut room = BlockRoom::default();
        room.normed.resize(states.len(), 0.0);
        room.change.resize(states.len(), 0.0);
        for block in &self.blocks[..layer] {
            block.apply(&mut states, ends, self.order, &mut room);
        }
        if layer == self.blocks.len()
            && let Some(norm) = &self.last_norm
        {
            norm.apply_in_place(&mut states);
        }
        states
    }
}

impl Block {
    fn apply(&self, states: &mut [f32], ends: &[usize], order: Order, room: &mut BlockRoom) {
        let BlockRoom {
            normed,
            change,
            attention,
            feed_forward,
            packing,
        } = room;
        let width = self.attention_norm.weight.len();
        match order {
            Order::NormFirst => {
                self.attention_norm.apply(states, normed);
                self.attention.apply(normed, ends, change, (attention, packing));
                add(states, change);
                self.feed_forward_norm.apply(states, normed);
                self.feed_forward.apply(normed, width, change, (feed_forward, packing));
                add(states, change);
            }
            Order::NormLast => {
                self.attention.apply(states, ends, change, (attention, packing));
                add(states, change);
                self.attention_norm.apply_in_place(states);
                self.feed_forward.apply(states, width, change, (feed_forward, packing));
                add(states, change);
                self.feed_forward_norm.apply_in_place(states);
            }
        }
    }
}

fn add(states: &mut [f32], change: &[f32]) {
    vectorised!(|| states.iter_mut().zip(change).for_each(|(x, change)| *x += change));
}
