//! Banded alignment of two sequences with affine gaps, and the identity along its best path.
//!
//! Gotoh's recursion (1982, doi 10.1016/0022-2836(82)90398-9) with BLOSUM62 (Henikoff & Henikoff 1992, doi
//! 10.1073/pnas.89.22.10915), gaps of 11 to open and 1 to extend, gaps at the ends free. Only diagonals inside the band are
//! filled: `O(short * band)` time, `O(band)` memory. Identical residues are counted while the table is filled: score and count
//! travel in one number, so no path need be traced back.

const OPEN: i64 = 11;
const EXTEND: i64 = 1;
/// Scores are kept above this many bits, the count of identical residues below them.
const COUNT_BITS: u32 = 24;
const OUTSIDE: i64 = i64::MIN / 4;

/// BLOSUM62 in the order of [`PUBLISHED`].
#[rustfmt::skip]
const BLOSUM62: [[i8; 20]; 20] = [
    [ 4, -1, -2, -2,  0, -1, -1,  0, -2, -1, -1, -1, -1, -2, -1,  1,  0, -3, -2,  0],
    [-1,  5,  0, -2, -3,  1,  0, -2,  0, -3, -2,  2, -1, -3, -2, -1, -1, -3, -2, -3],
    [-2,  0,  6,  1, -3,  0,  0,  0,  1, -3, -3,  0, -2, -3, -2,  1,  0, -4, -2, -3],
    [-2, -2,  1,  6, -3,  0,  2, -1, -1, -3, -4, -1, -3, -3, -1,  0, -1, -4, -3, -3],
    [ 0, -3, -3, -3,  9, -3, -4, -3, -3, -1, -1, -3, -1, -2, -3, -1, -1, -2, -2, -1],
    [-1,  1,  0,  0, -3,  5,  2, -2,  0, -3, -2,  1,  0, -3, -1,  0, -1, -2, -1, -2],
    [-1,  0,  0,  2, -4,  2,  5, -2,  0, -3, -3,  1, -2, -3, -1,  0, -1, -3, -2, -2],
    [ 0, -2,  0, -1, -3, -2, -2,  6, -2, -4, -4, -2, -3, -3, -2,  0, -2, -2, -3, -3],
    [-2,  0,  1, -1, -3,  0,  0, -2,  8, -3, -3, -1, -2, -1, -2, -1, -2, -2,  2, -3],
    [-1, -3, -3, -3, -1, -3, -3, -4, -3,  4,  2, -3,  1,  0, -3, -2, -1, -3, -1,  3],
    [-1, -2, -3, -4, -1, -2, -3, -4, -3,  2,  4, -2,  2,  0, -3, -2, -1, -2, -1,  1],
    [-1,  2,  0, -1, -3,  1,  1, -2, -1, -3, -2,  5, -1, -3, -1,  0, -1, -3, -2, -2],
    [-1, -1, -2, -3, -1,  0, -2, -3, -2,  1,  2, -1,  5,  0, -2, -1, -1, -1, -1,  1],
    [-2, -3, -3, -3, -2, -3, -3, -3, -1,  0,  0, -3,  0,  6, -4, -2, -2,  1,  3, -1],
    [-1, -2, -2, -1, -3, -1, -1, -2, -2, -3, -3, -1, -2, -4,  7, -1, -1, -4, -3, -2],
    [ 1, -1,  1,  0, -1,  0,  0,  0, -1, -2, -2,  0, -1, -2, -1,  4,  1, -3, -2, -2],
    [ 0, -1,  0, -1, -1, -1, -1, -2, -2, -1, -1, -1, -1, -2, -1,  1,  5, -2, -2,  0],
    [-3, -3, -4, -4, -2, -2, -3, -2, -2, -3, -2, -3, -1,  1, -4, -3, -2, 11,  2, -3],
    [-2, -2, -2, -3, -2, -1, -2, -3,  2, -1, -1, -2, -1,  3, -3, -2, -2,  2,  7, -1],
    [ 0, -3, -3, -3, -1, -2, -2, -3, -3,  3,  1, -2,  1, -1, -2, -2,  0, -3, -1,  4],
];
const PUBLISHED: &[u8; 20] = b"ARNDCQEGHILKMFPSTWYV";
/// Our residue tokens; selenocysteine scores as cysteine and pyrrolysine as lysine.
const TOKENS: &[u8; 22] = b"ACDEFGHIKLMNPQRSTVWYCK";

/// Packed score of two tokens, with the count of one identity where they are equal. `X` scores -1 and is never identical.
static SCORES: [[i64; 32]; 32] = scores();

const fn published(token: usize) -> usize {
    let mut at = 0;
    while PUBLISHED[at] != TOKENS[token] {
        at += 1;
    }
    at
}

const fn scores() -> [[i64; 32]; 32] {
    let mut table = [[-(1 << COUNT_BITS); 32]; 32];
    let mut a = 0;
    while a < TOKENS.len() {
        let mut b = 0;
        while b < TOKENS.len() {
            table[a][b] = (BLOSUM62[published(a)][published(b)] as i64) << COUNT_BITS;
            if a == b {
                table[a][b] += 1;
            }
            b += 1;
        }
        a += 1;
    }
    table
}

/// Share of the shorter sequence's residues that are identical in the best alignment whose diagonals (position in `a` minus
/// position in `b`) lie in `low..=high`. Sequences are residue tokens; an empty one has identity 0.
pub fn identity(a: &[u8], b: &[u8], (low, high): (isize, isize)) -> f64 {
    let low = low.max(1 - b.len() as isize);
    let high = high.min(a.len() as isize - 1);
    if a.is_empty() || b.is_empty() || low > high {
        return 0.0;
    }
    let width = (high - low + 1) as usize;
    let (open, extend) = ((OPEN + EXTEND) << COUNT_BITS, EXTEND << COUNT_BITS);
    // Of the row before: best score of each diagonal, and best score that ends in a gap along `b`. One cell stays outside.
    let mut best = vec![OUTSIDE; width + 1];
    let mut down = vec![OUTSIDE; width + 1];
    let mut finish = OUTSIDE;
    for (row, residue) in b.iter().enumerate() {
        let scores = &SCORES[usize::from(*residue & 31)];
        // Cells of this row that lie inside `a`: column = row + low + cell.
        let shift = row as isize + low;
        let from = (-shift).max(0) as usize;
        let to = (a.len() as isize - shift).clamp(0, width as isize) as usize;
        if from >= to {
            best.fill(OUTSIDE);
            down.fill(OUTSIDE);
            continue;
        }
        let mut along = OUTSIDE;
        let mut left = OUTSIDE;
        let first_column = shift + from as isize;
        let last_row = row + 1 == b.len();
        let columns = &a[first_column as usize..(shift + to as isize) as usize];
        // A gap opposite a residue of `b` comes from the next diagonal of the row before: its cell is one further.
        let mut next = (best[from], down[from]);
        for (cell, residue) in (from..to).zip(columns) {
            let start = if row == 0 || first_column == 0 && cell == from {
                0
            } else {
                next.0
            };
            next = (best[cell + 1], down[cell + 1]);
            let diagonal = start + scores[usize::from(*residue & 31)];
            let gap_b = (next.0 - open).max(next.1 - extend);
            along = (left - open).max(along - extend);
            let score = diagonal.max(gap_b).max(along);
            best[cell] = score;
            down[cell] = gap_b;
            left = score;
            if last_row {
                finish = finish.max(score);
            }
        }
        if shift + to as isize == a.len() as isize {
            finish = finish.max(left);
        }
        // Cells beyond the end of `a` hold scores of earlier rows that no path may reach any more.
        best[to..].fill(OUTSIDE);
        down[to..].fill(OUTSIDE);
    }
    // A best path that costs more than no alignment at all is none.
    if finish < 0 {
        return 0.0;
    }
    (finish & ((1 << COUNT_BITS) - 1)) as f64 / a.len().min(b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(sequence: &str) -> Vec<u8> {
        let token = |residue: u8| TOKENS.iter().position(|t| *t == residue).unwrap() as u8;
        sequence.bytes().map(token).collect()
    }

    const WIDE: (isize, isize) = (-1000, 1000);

    #[test]
    fn the_matrix_is_symmetric_with_its_known_diagonal() {
        for (row, a) in BLOSUM62.iter().enumerate() {
            for (column, b) in BLOSUM62.iter().enumerate() {
                assert_eq!(a[column], b[row]);
            }
        }
        let diagonal: Vec<i8> = (0..20).map(|i| BLOSUM62[i][i]).collect();
        assert_eq!(diagonal, [4, 5, 6, 6, 9, 5, 5, 6, 8, 4, 4, 5, 5, 6, 7, 4, 5, 11, 7, 4]);
        assert_eq!(SCORES[22][22], -(1 << COUNT_BITS));
    }

    #[test]
    fn identity_passes_gaps_and_free_ends() {
        let a = tokens("MKVLWAARHCDEFGHIKLMNPQRSTVWYACDEFGHIKLM");
        assert_eq!(identity(&a, &a, (0, 0)), 1.0);
        let mut gapped = a.clone();
        gapped.drain(18..22);
        assert_eq!(
            identity(&a, &gapped, (-8, 8)),
            1.0,
            "a gap takes no identity from the shorter one"
        );
        assert_eq!(identity(&gapped, &a, (-8, 8)), 1.0);
        assert!(identity(&a, &gapped, (0, 0)) < 0.6, "but it must fit into the band");
        assert_eq!(identity(&a, &a[10..30], WIDE), 1.0, "ends are free");
        let mut mutated = a.clone();
        (0..40)
            .step_by(4)
            .filter(|i| *i < a.len())
            .for_each(|i| mutated[i] = 22);
        assert!((identity(&a, &mutated, WIDE) - 0.75).abs() < 0.03);
    }

    /// Biopython 1.88: `PairwiseAligner(mode="global", substitution_matrix=BLOSUM62, open_gap_score=-12, extend_gap_score=-1,
    /// end_gap_score=0)`, identical columns of the best alignment (the most, where several are best).
    #[test]
    fn identities_agree_with_a_reference() {
        for (a, b, identical) in [
            (
                "ILEPSFDDAPVLCITVNKGEKHAKKHGLLNDYMPTIGISKDVLALWLTHQQYLQRGILKC",
                "RLVPSHHDGWVMCIWVMKADKHAKLFGYLYRKGAIHHCGLALWLCTQQHQIIGHCKH",
                26,
            ),
            (
                "QKFMCMWEWPCSPDQHWGMLSMQTHKMPSDKHCPYFKCGRWSPPHAHGAYKEPPIVCHGY",
                "VKTDYVWENTCNPVHHIGMDYMQRHKMESGFDGLGSPPHRHGAYYFYMDVCHNN",
                26,
            ),
            (
                "DDPGMNMGLAYATDNEGGWSWDEGSIYLPYISILNIMVTRPTPMLRQWAKGVRVYNPPYA",
                "DNPDMSMGIFYKLWDFGSIYLPYISLDGIPVPPAAFELRVVRKGVRGYNYPQA",
                29,
            ),
        ] {
            let expected = f64::from(identical) / b.len() as f64;
            assert_eq!(identity(&tokens(a), &tokens(b), WIDE), expected, "{a}");
            assert_eq!(identity(&tokens(b), &tokens(a), WIDE), expected, "either way round");
            assert_eq!(
                identity(&tokens(a), &tokens(b), (-12, 20)),
                expected,
                "a band that holds the path is enough"
            );
        }
    }

    #[test]
    fn nothing_in_common_is_no_identity() {
        assert_eq!(identity(&[], &[1], WIDE), 0.0);
        assert_eq!(identity(&[1], &[], WIDE), 0.0);
        assert_eq!(identity(&tokens("WWWW"), &tokens("GGGG"), WIDE), 0.0);
        assert_eq!(
            identity(&[22; 9], &[22; 9], WIDE),
            0.0,
            "unknown residues are never identical"
        );
        assert_eq!(identity(&[3; 4], &[3; 4], (9, 12)), 0.0, "a band beside both sequences");
        assert!(
            identity(&[255, 40, 7], &[7, 99], WIDE) <= 1.0,
            "tokens out of range are unknown residues"
        );
    }
}
