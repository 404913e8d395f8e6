//! What a similarity is measured on: fingerprints, sparse terms or dense profiles of many entities.
//!
//! Comes in: entities. Goes out: [`Descriptors`], from which similarities in [0, 1] are computed row by row.

use rand::{Rng, RngExt};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::sparse_rows::{InvertedIndex, SparseRows};
use crate::{
    entity::{molecule::Molecule, protein::Protein},
    feature::fingerprint::{BITS, Fingerprint},
    modality::Modality,
    vectorised,
};

/// Weights of a label: a similarity to three powers, and itself.
pub(super) type Weights = [f32; 4];

/// One similarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SimilarityKind {
    /// Tanimoto coefficient of ECFP4.
    Graph,
    /// Cosine of counted 3-mers.
    Sequence3,
    /// Cosine of counted 4-mers.
    Sequence4,
    /// Cosine of weighted terms of texts.
    Text,
    /// Cosine of expression profiles.
    Transcriptome,
    /// Cosine of assay outcomes.
    Bioassay,
    /// Cosine of embeddings of the graph from other models, channels standardised.
    GraphEmbedding,
    /// Cosine of embeddings of the sequence from other models, channels standardised.
    SequenceEmbedding,
    /// Cosine of embeddings of texts from other models, channels standardised.
    TextEmbedding,
}

impl SimilarityKind {
    /// Modality that the similarity belongs to.
    pub fn modality(self) -> Modality {
        match self {
            Self::Graph | Self::GraphEmbedding => Modality::Graph,
            Self::Sequence3 | Self::Sequence4 | Self::SequenceEmbedding => Modality::Sequence,
            Self::Text | Self::TextEmbedding => Modality::Text,
            Self::Transcriptome => Modality::Transcriptome,
            Self::Bioassay => Modality::Bioassay,
        }
    }

    /// The similarity of embeddings of a modality; none for a modality that is not embedded.
    pub fn of_embedding(modality: Modality) -> Option<Self> {
        match modality {
            Modality::Graph => Some(Self::GraphEmbedding),
            Modality::Sequence => Some(Self::SequenceEmbedding),
            Modality::Text => Some(Self::TextEmbedding),
            Modality::Transcriptome | Modality::Bioassay => None,
        }
    }

    /// Whether it is measured on embeddings from other models.
    pub fn is_of_embedding(self) -> bool {
        Self::of_embedding(self.modality()) == Some(self)
    }

    /// Exponents of the similarity, from broad to sharp: the more unrelated entities share, the sharper.
    pub fn exponents(self) -> [f32; 3] {
        match self {
            Self::Graph | Self::GraphEmbedding | Self::SequenceEmbedding | Self::TextEmbedding => [2.0, 6.0, 16.0],
            Self::Sequence3 => [2.0, 8.0, 32.0],
            Self::Sequence4 => [0.5, 1.0, 3.0],
            Self::Text | Self::Transcriptome | Self::Bioassay => [1.0, 2.0, 6.0],
        }
    }

    /// A similarity to the power of each of its exponents.
    #[inline]
    pub fn powers(self, similarity: f32) -> [f32; 3] {
        let square = similarity * similarity;
        let fourth = square * square;
        let eighth = fourth * fourth;
        match self {
            Self::Graph | Self::GraphEmbedding | Self::SequenceEmbedding | Self::TextEmbedding => {
                [square, square * fourth, eighth * eighth]
            }
            Self::Sequence3 => [square, eighth, (eighth * eighth) * (eighth * eighth)],
            Self::Sequence4 => [similarity.sqrt(), similarity, similarity * square],
            Self::Text | Self::Transcriptome | Self::Bioassay => [similarity, square, square * fourth],
        }
    }

    /// Weights of a label at a similarity.
    #[inline]
    pub(super) fn weights(self, similarity: f32) -> Weights {
        let [a, b, c] = self.powers(similarity);
        [a, b, c, similarity]
    }
}

/// Descriptors of many entities. An empty sparse row, or a dense row of zeros, is an entity that has none.
#[derive(Clone, Debug, PartialEq)]
pub enum Descriptors {
    /// Circular fingerprints; similarity is the Tanimoto coefficient.
    Bits(Vec<Fingerprint>),
    /// Sparse unit rows; similarity is the cosine, 0 where it is negative.
    Sparse(SparseRows),
    /// Dense unit rows `[entities, width]`; similarity is the cosine, 0 where it is negative.
    Dense {
        /// Values.
        values: Vec<f32>,
        /// Channels of a row.
        width: usize,
    },
}

impl Descriptors {
    /// Fingerprints of molecules.
    pub fn fingerprints<'a>(molecules: impl Iterator<Item = &'a Molecule>) -> Self {
        Self::Bits(molecules.map(|m| m.fingerprint.clone()).collect())
    }

    /// Square roots of k-mer counts of proteins; `length` at most 6.
    pub fn kmers<'a>(proteins: impl Iterator<Item = &'a Protein>, length: usize) -> Self {
        assert!(
            (1..=6).contains(&length),
            "the codes of longer k-mers need more than 32 bits"
        );
        let proteins: Vec<&Protein> = proteins.collect();
        let rows: Vec<Vec<(u32, f32)>> = (proteins.par_iter())
            .map(|protein| {
                let code = |window: &[u8]| {
                    window
                        .iter()
                        .fold(0u32, |code, token| code * 24 + u32::from(*token).min(23))
                };
                let mut codes: Vec<u32> = protein.features.residues.windows(length).map(code).collect();
                codes.sort_unstable();
                codes
                    .chunk_by(u32::eq)
                    .map(|run| (run[0], (run.len() as f32).sqrt()))
                    .collect()
            })
            .collect();
        let mut sparse = SparseRows::default();
        rows.into_iter().for_each(|row| sparse.push(row));
        Self::Sparse(sparse)
    }

    /// Dense rows of `width` channels, scaled to unit norm; a row of zeros stays one.
    pub fn dense(mut values: Vec<f32>, width: usize) -> Self {
        for row in values.chunks_mut(width.max(1)) {
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            if norm > 0.0 {
                row.iter_mut().for_each(|v| *v /= norm);
            }
        }
        Self::Dense { values, width }
    }

    /// Number of entities.
    pub fn len(&self) -> usize {
        match self {
            Self::Bits(prints) => prints.len(),
            Self::Sparse(rows) => rows.len(),
            Self::Dense { values, width } => values.len() / (*width).max(1),
        }
    }

    /// Whether there is no entity.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether an entity has a descriptor at all.
    pub fn is_present(&self, index: usize) -> bool {
        match self {
            Self::Bits(_) => true,
            Self::Sparse(rows) => !rows.row(index).0.is_empty(),
            Self::Dense { values, width } => values[index * width..(index + 1) * width].iter().any(|v| *v != 0.0),
        }
    }

    /// `count` chimeras of the entities at `entities`: every value of a profile, and every term of a sparse row as
    /// long as that of a random entity, is taken from a random entity. They look like descriptors and describe nothing. Fingerprints
    /// have none.
    pub fn chimeras(&self, entities: &[u32], count: usize, random: &mut impl Rng) -> Option<Self> {
        let mut random_entity = || entities[random.random_range(0..entities.len())] as usize;
        match self {
            Self::Bits(_) => None,
            Self::Sparse(rows) => {
                let mut mixed = SparseRows::default();
                for _ in 0..count {
                    let length = rows.row(random_entity()).0.len();
                    let mut entries: Vec<(u32, f32)> = (0..length)
                        .map(|at| {
                            let (terms, weights) = rows.row(random_entity());
                            (terms[at % terms.len()], weights[at % terms.len()])
                        })
                        .collect();
                    entries.sort_unstable_by_key(|e| e.0);
                    entries.dedup_by_key(|e| e.0);
                    mixed.push(entries);
                }
                Some(Self::Sparse(mixed))
            }
            Self::Dense { values, width } => {
                let rows = (0..count * width).map(|at| values[random_entity() * width + at % width]);
                Some(Self::dense(rows.collect(), *width))
            }
        }
    }

    /// The same sparse descriptors, with the row of `other` in place of an entity's own where `rows` names one. Others stay as they are.
    pub(crate) fn with_rows_of(&self, other: &Self, rows: &[Option<u32>]) -> Self {
        let (Self::Sparse(own), Self::Sparse(other)) = (self, other) else {
            return self.clone();
        };
        let mut mixed = SparseRows::default();
        for (at, row) in rows.iter().enumerate() {
            mixed.push_row(row.map_or_else(|| own.row(at), |row| other.row(row as usize)));
        }
        Self::Sparse(mixed)
    }

    /// Appends descriptors of the same kind.
    pub(crate) fn append(&mut self, other: &Self) {
        match (self, other) {
            (Self::Bits(prints), Self::Bits(more)) => prints.extend_from_slice(more),
            (Self::Sparse(rows), Self::Sparse(more)) => (0..more.len()).for_each(|at| rows.push_row(more.row(at))),
            (Self::Dense { values, .. }, Self::Dense { values: more, .. }) => values.extend_from_slice(more),
            _ => unreachable!("entities of one model are described alike"),
        }
    }

    /// Bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Bits(prints) => prints.len() * BITS / 8,
            Self::Sparse(rows) => 4 * (rows.offsets.len() + rows.terms.len() + rows.weights.len()),
            Self::Dense { values, .. } => 4 * values.len(),
        }
    }

    /// The descriptors at `indices`.
    pub fn select(&self, indices: &[u32]) -> Self {
        match self {
            Self::Bits(prints) => Self::Bits(indices.iter().map(|i| prints[*i as usize].clone()).collect()),
            Self::Sparse(rows) => Self::Sparse(rows.select(indices)),
            Self::Dense { values, width } => Self::Dense {
                values: indices
                    .iter()
                    .flat_map(|i| &values[*i as usize * width..(*i as usize + 1) * width])
                    .copied()
                    .collect(),
                width: *width,
            },
        }
    }
}

/// Descriptors of a reference, ready to be compared with.
#[derive(Debug)]
pub(super) enum Comparer {
    Bits(BitIndex),
    Sparse(InvertedIndex),
    /// Which rows are present.
    Dense(Vec<u32>),
}

/// Fingerprints by bit: a query meets only those that share one of its few bits.
#[derive(Debug)]
pub(super) struct BitIndex {
    /// Bits that are set in each fingerprint.
    sizes: Vec<u32>,
    /// Fingerprints that have each bit.
    having: Vec<Vec<u32>>,
}

impl BitIndex {
    fn new(prints: &[Fingerprint]) -> Self {
        let mut having = vec![Vec::new(); BITS];
        let sizes = prints.iter().enumerate().map(|(at, print)| {
            let mut size = 0;
            for bit in print.bits() {
                having[bit].push(at as u32);
                size += 1;
            }
            size
        });
        Self {
            sizes: sizes.collect(),
            having,
        }
    }

    fn tanimoto(&self, query: &Fingerprint, out: &mut [f32]) {
        out.fill(0.0);
        let mut size = 0;
        for bit in query.bits() {
            size += 1;
            self.having[bit].iter().for_each(|at| out[*at as usize] += 1.0);
        }
        for (shared, other) in out.iter_mut().zip(&self.sizes) {
            let all = (size + other) as f32 - *shared;
            *shared = if all > 0.0 { *shared / all } else { 0.0 };
        }
    }
}

/// Dot product in sixteen lanes.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (a, b) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    for (a, b) in a.zip(b) {
        for ((lane, x), y) in lanes.iter_mut().zip(a).zip(b) {
            *lane += x * y;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

impl Comparer {
    pub fn new(reference: &Descriptors) -> Self {
        match reference {
            Descriptors::Bits(prints) => Self::Bits(BitIndex::new(prints)),
            Descriptors::Sparse(rows) => Self::Sparse(InvertedIndex::new(rows)),
            Descriptors::Dense { .. } => {
                let present = (0..reference.len()).filter(|at| reference.is_present(*at));
                Self::Dense(present.map(|at| at as u32).collect())
            }
        }
    }

    /// Similarity of entity `index` of `queries` to every entity of the `reference` that this was made of, into `out`.
    pub fn similarities(&self, reference: &Descriptors, queries: &Descriptors, index: usize, out: &mut [f32]) {
        match (self, queries) {
            (Self::Bits(reference), Descriptors::Bits(prints)) => reference.tanimoto(&prints[index], out),
            (Self::Sparse(reference), Descriptors::Sparse(rows)) => reference.cosines(rows.row(index), out),
            (Self::Dense(present), Descriptors::Dense { values, width: own }) => {
                let Descriptors::Dense {
                    values: reference,
                    width,
                } = reference
                else {
                    unreachable!("made of this reference");
                };
                assert_eq!(width, own, "a reference and its queries are described alike");
                out.fill(0.0);
                if queries.is_present(index) {
                    let row = &values[index * own..(index + 1) * own];
                    vectorised!(|| {
                        for at in present {
                            let start = *at as usize * width;
                            out[*at as usize] = dot(row, &reference[start..start + width]);
                        }
                    });
                }
            }
            _ => unreachable!("a reference and its queries are described alike"),
        }
        // Rounding lifts a cosine above 1; a negative one is no likeness.
        out.iter_mut().for_each(|s| *s = s.clamp(0.0, 1.0));
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn powers_are_those_of_the_exponents() {
        use SimilarityKind::{Graph, Sequence3, Sequence4, SequenceEmbedding, Text};
        for kind in [Graph, Sequence3, Sequence4, SequenceEmbedding, Text] {
            for similarity in [0.0f32, 0.3, 0.8, 1.0] {
                for (power, exponent) in kind.powers(similarity).into_iter().zip(kind.exponents()) {
                    assert!(
                        (power - similarity.powf(exponent)).abs() < 1e-6,
                        "{kind:?} {similarity}"
                    );
                }
            }
        }
    }

    #[test]
    fn like_entities_are_similar_and_missing_ones_to_none() {
        let proteins = ["MKTAYIAKQR", "MKTAYIAKQL", "GGGGGGGGGG"].map(|s| Protein::parse(s).expect("a protein"));
        let kmers = Descriptors::kmers(proteins.iter(), 3);
        let mut out = [0.0; 3];
        Comparer::new(&kmers).similarities(&kmers, &kmers, 0, &mut out);
        assert!((out[0] - 1.0).abs() < 1e-6 && out[1] > 0.7 && out[2] == 0.0, "{out:?}");
        let mut prints = vec![Fingerprint::default(); 3];
        [1, 2, 3].into_iter().for_each(|bit| prints[0].set(bit));
        [2, 3, 4].into_iter().for_each(|bit| prints[1].set(bit));
        let prints = Descriptors::Bits(prints);
        Comparer::new(&prints).similarities(&prints, &prints, 0, &mut out);
        assert_eq!(out, [1.0, 0.5, 0.0]);
        let (a, b): (Vec<f32>, Vec<f32>) = (0..37).map(|i| (i as f32, 1.0)).unzip();
        assert_eq!(dot(&a, &b), 666.0);
        let dense = Descriptors::dense(vec![3.0, 4.0, 0.0, 0.0, -4.0, 3.0], 2);
        assert_eq!([0, 1, 2].map(|i| dense.is_present(i)), [true, false, true]);
        Comparer::new(&dense).similarities(&dense, &dense, 0, &mut out);
        assert!((out[0] - 1.0).abs() < 1e-6 && out[1..] == [0.0, 0.0], "{out:?}");
        assert_eq!(dense.select(&[2]).len(), 1);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mixed = kmers.chimeras(&[0, 2], 5, &mut random).expect("sparse rows mix");
        assert!((0..5).all(|at| mixed.is_present(at)) && mixed.len() == 5);
        assert_eq!(dense.chimeras(&[0, 2], 3, &mut random).map(|d| d.len()), Some(3));
        assert!(prints.chimeras(&[0], 1, &mut random).is_none());
    }
}
