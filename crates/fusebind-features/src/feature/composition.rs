//! k-mer composition of a protein hashed into a row of fixed width.
//!
//! Residue k-mers of length 1 to 4, and gapped and reduced-alphabet k-mers that survive substitutions, each counted, damped
//! by `ln(1 + count)`, hashed with a sign into the row (feature hashing, Weinberger et al. 2009, arXiv:0902.2206), and each
//! family scaled to unit norm over the number of families. Nothing is fitted.

/// Reduced alphabet: residue tokens (order of `sequence::RESIDUES`) to ten physico-chemical classes.
/// Classes: A | C,M | D,E | F,W,Y | G | H | I,L,V | K,R | N,Q,S,T | P; U as C, O as K, X in no class.
const REDUCED: [u8; 23] = [0, 1, 2, 2, 3, 4, 5, 6, 7, 6, 1, 8, 9, 8, 7, 8, 8, 6, 3, 3, 1, 7, 10];

/// A family of k-mers: which alphabet, and which positions of a window are read.
struct Family {
    reduced: bool,
    offsets: &'static [usize],
}

impl Family {
    /// Code of the k-mer at the start of `window`, distinct between families.
    fn code(&self, number: usize, window: &[u8]) -> u64 {
        self.offsets.iter().fold(number as u64 + 1, |code, &offset| {
            let token = window[offset];
            let letter = if self.reduced {
                REDUCED[usize::from(token).min(22)]
            } else {
                token
            };
            code * 32 + u64::from(letter)
        })
    }
}

const FAMILIES: &[Family] = &[
    Family {
        reduced: false,
        offsets: &[0],
    },
    Family {
        reduced: false,
        offsets: &[0, 1],
    },
    Family {
        reduced: false,
        offsets: &[0, 1, 2],
    },
    Family {
        reduced: false,
        offsets: &[0, 1, 2, 3],
    },
    Family {
        reduced: false,
        offsets: &[0, 2, 3],
    },
    Family {
        reduced: true,
        offsets: &[0, 1, 2, 3],
    },
    Family {
        reduced: true,
        offsets: &[0, 1, 3, 4, 6],
    },
];

/// Adds the composition of `residues` (tokens) to `row`, which is zero on entry.
pub fn fold(residues: &[u8], row: &mut [f32]) {
    if row.is_empty() {
        return;
    }
    // Sorted codes instead of a hash map: sums run in one order, so that a protein gives the same bits in every process.
    let mut codes: Vec<u64> = Vec::with_capacity(residues.len());
    for (number, family) in FAMILIES.iter().enumerate() {
        let span = family.offsets[family.offsets.len() - 1] + 1;
        codes.clear();
        codes.extend(residues.windows(span).map(|window| family.code(number, window)));
        codes.sort_unstable();
        let counts = || codes.chunk_by(u64::eq).map(|run| (run[0], (run.len() as f32).ln_1p()));
        let norm: f32 = counts().map(|(_, damped)| damped * damped).sum::<f32>().sqrt();
        if norm == 0.0 {
            continue;
        }
        let scale = 1.0 / (norm * (FAMILIES.len() as f32).sqrt());
        for (code, damped) in counts() {
            let hash = mix(code);
            let sign = if hash >> 63 == 0 { scale } else { -scale };
            row[(hash % row.len() as u64) as usize] += sign * damped;
        }
    }
}

fn mix(code: u64) -> u64 {
    let mut x = code.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 32;
    x = x.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x ^= x >> 32;
    x.wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

#[cfg(test)]
mod tests {
    use super::fold;

    fn row(residues: &[u8]) -> Vec<f32> {
        let mut row = vec![0.0; 512];
        fold(residues, &mut row);
        row
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    #[test]
    fn homologues_are_near_and_strangers_are_far() {
        let protein: Vec<u8> = (0..300u32).map(|i| (i * i % 83 % 20) as u8).collect();
        let mut homologue = protein.clone();
        (0..300)
            .step_by(15)
            .for_each(|i| homologue[i] = (homologue[i] + 1) % 20);
        let stranger: Vec<u8> = (0..300u32).map(|i| ((i * 7 + i * i * i) % 97 % 20) as u8).collect();
        let (a, b, c) = (row(&protein), row(&homologue), row(&stranger));
        assert!(
            cosine(&a, &b) > cosine(&a, &c) + 0.2,
            "{} {}",
            cosine(&a, &b),
            cosine(&a, &c)
        );
        let norm: f32 = a.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((0.5..2.0).contains(&norm), "norm {norm}");
    }

    #[test]
    fn the_same_protein_gives_the_same_bits_and_short_ones_are_fine() {
        let protein: Vec<u8> = (0..500_u32).map(|i| (i * i * 7 % 101 % 23) as u8).collect();
        let first = row(&protein);
        for _ in 0..20 {
            assert!(
                row(&protein)
                    .iter()
                    .zip(&first)
                    .all(|(a, b)| a.to_bits() == b.to_bits())
            );
        }
        assert!(row(&[3]).iter().any(|v| *v != 0.0));
    }
}
