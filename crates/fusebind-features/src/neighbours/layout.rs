//! Which neighbour feature is which.

use std::ops::Range;

use super::SimilarityKind;

/// Whose own labels a block depends on: the block is empty for an entity that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelDependency {
    /// Labels of the pair's drug with other targets.
    DrugLabels,
    /// Labels of the pair's target with other drugs.
    TargetLabels,
    /// Labels of neither.
    Nothing,
}

/// Channels that belong together and are present or absent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureBlock {
    /// Channels.
    pub channels: Range<usize>,
    /// Whose own labels it depends on.
    pub depends_on: LabelDependency,
    /// Drug source whose similarity it uses.
    pub drug: Option<usize>,
    /// Target source whose similarity it uses.
    pub target: Option<usize>,
}

/// The blocks of a row of neighbour features: the mean of each side, one block per source, and crossed blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Blocks in the order of their channels.
    pub blocks: Vec<FeatureBlock>,
}

/// Channels of a mean: the mean and the logarithm of its count.
pub(super) const MEAN: usize = 2;
/// Channels of a source: two for each exponent, and the nearest partner above and below the mean.
pub(super) const NEIGHBOURS: usize = 8;
/// Channels of a crossed block: the same summary of what the nearest drugs were tested on, and of what was tested on the nearest targets.
pub(super) const CROSSED: usize = 2 * NEIGHBOURS;

impl Layout {
    /// Layout for the given sources. Each target source is crossed with the first drug source and each drug source with the
    /// first target source.
    pub fn new(drugs: &[SimilarityKind], targets: &[SimilarityKind]) -> Self {
        let mut layout = Self::default();
        layout.push(MEAN, LabelDependency::TargetLabels, None, None);
        layout.push(MEAN, LabelDependency::DrugLabels, None, None);
        for drug in 0..drugs.len() {
            layout.push(NEIGHBOURS, LabelDependency::TargetLabels, Some(drug), None);
        }
        for target in 0..targets.len() {
            layout.push(NEIGHBOURS, LabelDependency::DrugLabels, None, Some(target));
        }
        for drug in 0..drugs.len() {
            for target in 0..targets.len() {
                if drug == 0 || target == 0 {
                    layout.push(CROSSED, LabelDependency::Nothing, Some(drug), Some(target));
                }
            }
        }
        layout
    }

    fn push(&mut self, width: usize, depends_on: LabelDependency, drug: Option<usize>, target: Option<usize>) {
        let start = self.width();
        self.blocks.push(FeatureBlock {
            channels: start..start + width,
            depends_on,
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
        let layout = Layout::new(
            &[SimilarityKind::Graph, SimilarityKind::Text],
            &[SimilarityKind::Sequence3, SimilarityKind::Text],
        );
        let mut next = 0;
        for block in &layout.blocks {
            assert_eq!(block.channels.start, next);
            next = block.channels.end;
        }
        assert_eq!((layout.blocks.len(), layout.width()), (2 + 2 + 2 + 3, 4 + 32 + 48));
    }
}
