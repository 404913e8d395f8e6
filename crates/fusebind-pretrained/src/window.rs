//! Long sequences in overlapping windows.
//!
//! Comes in: a length, the most tokens of a window and how many two windows share. Goes out: windows, each with the part that counts. Every
//! token counts once, in the window in which it is further from an edge.

use std::ops::Range;

/// A window and the part of it that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub tokens: Range<usize>,
    pub counted: Range<usize>,
}

/// Windows over `length` tokens of at most `most`, that overlap by at least `overlap`.
pub(crate) fn windows(length: usize, most: usize, overlap: usize) -> Vec<Window> {
    let step = most.saturating_sub(overlap).max(1);
    let more = length.saturating_sub(most).div_ceil(step);
    // The last window is as long as the others: it reaches back.
    let starts: Vec<usize> = (0..=more)
        .map(|at| (at * step).min(length.saturating_sub(most)))
        .collect();
    let end = |at: usize| (starts[at] + most).min(length);
    let border = |at: usize| (starts[at + 1] + end(at)) / 2;
    (0..starts.len())
        .map(|at| Window {
            tokens: starts[at]..end(at),
            counted: if at == 0 { 0 } else { border(at - 1) }..if at + 1 == starts.len() { length } else { border(at) },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_token_counts_once_and_within_its_window(length in 0usize..400, most in 1usize..60, share in 0usize..59) {
            let overlap = share.min(most - 1);
            let windows = windows(length, most, overlap);
            let mut next = 0;
            for window in &windows {
                prop_assert_eq!(window.counted.start, next);
                prop_assert!(window.tokens.start <= window.counted.start && window.counted.end <= window.tokens.end);
                prop_assert!(window.tokens.len() <= most);
                next = window.counted.end;
            }
            prop_assert_eq!(next, length);
            for pair in windows.windows(2) {
                prop_assert!(pair[0].tokens.end - pair[1].tokens.start >= overlap);
                prop_assert_eq!(pair[0].tokens.len(), most);
            }
        }
    }
}
