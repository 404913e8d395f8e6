//! Which evidence channel is which.

use std::ops::Range;

use super::Source;

/// Whose own labels a block rests on: it is empty for an entity without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Labels of the pair's drug with other targets.
    DrugLabels,
    /// Labels of the pair's target with other drugs.
    TargetLabels,
    /// Labels of neither.
    Nothing,
}

/// Channels that belong together and are present or absent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Channels.
    pub channels: Range<usize>,
    /// Whose own labels it rests on.
    pub needs: Needs,
    /// Drug source whose similarity it uses.
    pub drug: Option<usize>,
    /// Target source whose similarity it uses.
    pub target: Option<usize>,
}

/// The blocks of an evidence row: the mean of each side, one block per source, and crossed blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Blocks in the order of their channels.
    pub blocks: Vec<Block>,
}

/// Channels of a mean: the mean and the logarithm of its count.
pub(super) const MEAN: usize = 2;
/// Channels of a source: two for each exponent, and the nearest partner above and below the mean.
pub(super) const NEIGHBOURS: usize = 8;
/// Channels of a crossed block.
pub(super) const CROSSED: usize = 2;

impl Layout {
    /// Layout for the given sources. Each target source is crossed with the first drug source and each drug source with the
    /// first target source.
    pub fn new(drugs: &[Source], targets: &[Source]) -> Self {
        let mut layout = Self::default();
        layout.push(MEAN, Needs::TargetLabels, None, None);
        layout.push(MEAN, Needs::DrugLabels, None, None);
        for drug in 0..drugs.len() {
            layout.push(NEIGHBOURS, Needs::TargetLabels, Some(drug), None);
        }
        for target in 0..targets.len() {
            layout.push(NEIGHBOURS, Needs::DrugLabels, None, Some(target));
        }
        for drug in 0..drugs.len() {
            for target in 0..targets.len() {
                if drug == 0 || target == 0 {
                    layout.push(CROSSED, Needs::Nothing, Some(drug), Some(target));
                }
            }
        }
        layout
    }

    fn push(&mut self, width: usize, needs: Needs, drug: Option<usize>, target: Option<usize>) {
        let start = self.width();
        self.blocks.push(Block {
            channels: start..start + width,
            needs,
            drug,
            target,
        });
    }

    /// Channels of a row `F`.
    pub fn width(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.channels.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_follow_each_other() {
        let layout = Layout::new(&[Source::Graph, Source::Text], &[Source::Sequence3, Source::Text]);
        let mut next = 0;
        for block in &layout.blocks {
            assert_eq!(block.channels.start, next);
            next = block.channels.end;
        }
        assert_eq!((layout.blocks.len(), layout.width()), (2 + 2 + 2 + 3, 4 + 32 + 6));
    }
}
