//! The products of a tile of compounds with all targets.
//!
//! Targets are packed in blocks of 16, four channels of each behind each other, so that one instruction multiplies four channels of a
//! compound with those of 16 targets; a block of six compounds and 64 targets stays in registers. AVX-512 VNNI multiplies
//! unsigned by signed bytes: target codes are kept with 128 added, and 128 times the sum of a compound's codes is taken off again.
//! Axis legend: `B` compounds, `T` targets, `C` channels.

use fusebind_features::vectorised;

/// Targets that one instruction serves.
const LANES: usize = 16;
/// Channels that it multiplies for each.
const DEPTH: usize = 4;

/// Which instructions compute the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// AVX-512 with VNNI.
    #[cfg(target_arch = "x86_64")]
    Vnni,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Plain loops.
    Portable,
}

impl Instructions {
    /// All that this machine has, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
                all.push(Self::Vnni);
            }
            if is_x86_feature_detected!("avx2") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Portable);
        all
    }
}

/// Codes of targets, packed.
#[derive(Clone, Debug)]
pub struct TargetCodes {
    channels: usize,
    targets: usize,
    /// `[T / 16][C / 4][16][4]`, zeros where there is no target or channel.
    codes: Vec<[[i8; DEPTH]; LANES]>,
    /// The same with 128 added.
    raised: Vec<[[u8; DEPTH]; LANES]>,
    instructions: Instructions,
}

impl TargetCodes {
    /// Packs `codes`, `[T, C]`, for the fastest instructions of this machine.
    ///
    /// # Panics
    /// Where `channels` is no positive multiple of four or `codes` no whole number of targets.
    pub fn new(codes: &[i8], channels: usize) -> Self {
        assert!(channels > 0 && channels.is_multiple_of(DEPTH) && codes.len().is_multiple_of(channels));
        let targets = codes.len() / channels;
        let (blocks, groups) = (targets.div_ceil(LANES), channels / DEPTH);
        let mut packed = vec![[[0i8; DEPTH]; LANES]; blocks * groups];
        for (target, row) in codes.chunks(channels).enumerate() {
            for (group, four) in row.as_chunks::<DEPTH>().0.iter().enumerate() {
                packed[target / LANES * groups + group][target % LANES] = *four;
            }
        }
        let raise = |code: i8| (code as u8) ^ 0x80;
        Self {
            channels,
            targets,
            raised: packed.iter().map(|lanes| lanes.map(|four| four.map(raise))).collect(),
            codes: packed,
            instructions: Instructions::available()[0],
        }
    }

    /// The same with other instructions, which this machine must have.
    ///
    /// # Panics
    /// Where it has not.
    pub fn with(mut self, instructions: Instructions) -> Self {
        assert!(Instructions::available().contains(&instructions));
        self.instructions = instructions;
        self
    }

    /// Number of targets `T`.
    pub fn len(&self) -> usize {
        self.targets
    }

    /// Whether there is no target.
    pub fn is_empty(&self) -> bool {
        self.targets == 0
    }

    /// Channels `C`.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Columns of a row of products: the targets, rounded up to a multiple of 16.
    pub fn width(&self) -> usize {
        self.targets.next_multiple_of(LANES)
    }

    /// Writes the products of `compounds`, `[B, C]`, into `products`, `[B, width]`; what stands behind the targets means nothing.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn products(&self, compounds: &[i8], products: &mut [i32]) {
        assert_eq!(compounds.len() / self.channels * self.width(), products.len());
        match self.instructions {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` and `with` take instructions that `available` has found on this machine.
            Instructions::Vnni => unsafe { vnni::products(self, compounds, products) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Instructions::Avx2 => unsafe { avx2::products(self, compounds, products) },
            Instructions::Portable => vectorised!(|| portable(self, compounds, products)),
        }
    }
}

#[inline(always)]
fn portable(targets: &TargetCodes, compounds: &[i8], products: &mut [i32]) {
    let (groups, width) = (targets.channels / DEPTH, targets.width());
    if width == 0 {
        return;
    }
    for (row, out) in compounds
        .chunks_exact(targets.channels)
        .zip(products.chunks_exact_mut(width))
    {
        for (block, out) in targets.codes.chunks_exact(groups).zip(out.as_chunks_mut::<LANES>().0) {
            let mut sums = [0i32; LANES];
            for (lanes, four) in block.iter().zip(row.as_chunks::<DEPTH>().0) {
                for (sum, codes) in sums.iter_mut().zip(lanes) {
                    let product = |at: usize| i32::from(codes[at]) * i32::from(four[at]);
                    *sum += (product(0) + product(1)) + (product(2) + product(3));
                }
            }
            *out = sums;
        }
    }
}

/// Sum of the codes of a compound.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sum(codes: &[i8]) -> i32 {
    codes.iter().map(|code| i32::from(*code)).sum()
}

#[cfg(target_arch = "x86_64")]
mod vnni {
    use std::arch::x86_64::{__m512i, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_storeu_si512};

    use super::{DEPTH, LANES, TargetCodes, sum};

    /// Compounds of a block.
    const ROWS: usize = 6;
    /// Registers of targets in a block.
    const WIDE: usize = 4;

    #[target_feature(enable = "avx512f,avx512vnni")]
    pub fn products(targets: &TargetCodes, compounds: &[i8], products: &mut [i32]) {
        let (channels, width) = (targets.channels, targets.width());
        if width == 0 {
            return;
        }
        let rows = compounds.len() / channels;
        let whole = rows / ROWS * ROWS;
        let (first, last) = compounds.split_at(whole * channels);
        let (first_out, last_out) = products.split_at_mut(whole * width);
        for (rows, out) in first
            .chunks_exact(ROWS * channels)
            .zip(first_out.chunks_exact_mut(ROWS * width))
        {
            tile::<ROWS>(targets, rows, out);
        }
        for (row, out) in last.chunks_exact(channels).zip(last_out.chunks_exact_mut(width)) {
            tile::<1>(targets, row, out);
        }
    }

    /// `R` compounds with all targets.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn tile<const R: usize>(targets: &TargetCodes, rows: &[i8], out: &mut [i32]) {
        let groups = targets.channels / DEPTH;
        let rows: [&[[i8; DEPTH]]; R] =
            std::array::from_fn(|at| rows[at * targets.channels..][..targets.channels].as_chunks::<DEPTH>().0);
        // What the raised codes of the targets have added.
        let added = rows.map(|row| -128 * sum(row.as_flattened()));
        let blocks = targets.raised.len() / groups;
        let mut block = 0;
        while block + WIDE <= blocks {
            step::<R, WIDE>(targets, block, (&rows, &added), out);
            block += WIDE;
        }
        while block < blocks {
            step::<R, 1>(targets, block, (&rows, &added), out);
            block += 1;
        }
    }

    /// `R` compounds with `N` blocks of targets.
    #[target_feature(enable = "avx512f,avx512vnni")]
    #[inline]
    fn step<const R: usize, const N: usize>(
        targets: &TargetCodes,
        block: usize,
        (rows, added): (&[&[[i8; DEPTH]]; R], &[i32; R]),
        out: &mut [i32],
    ) {
        let (groups, width) = (targets.channels / DEPTH, targets.width());
        let codes: [&[[[u8; DEPTH]; LANES]]; N] =
            std::array::from_fn(|at| &targets.raised[(block + at) * groups..][..groups]);
        let rows: [&[[i8; DEPTH]]; R] = std::array::from_fn(|at| &rows[at][..groups]);
        let mut sums: [[__m512i; N]; R] = std::array::from_fn(|at| [_mm512_set1_epi32(added[at]); N]);
        for group in 0..groups {
            let load = |at: usize| {
                // SAFETY: 64 bytes lie behind the reference, and the load asks for no alignment.
                unsafe { _mm512_loadu_si512((&raw const codes[at][group]).cast()) }
            };
            let codes: [__m512i; N] = std::array::from_fn(load);
            for (sums, row) in sums.iter_mut().zip(&rows) {
                let four = _mm512_set1_epi32(i32::from_le_bytes(row[group].map(|code| code as u8)));
                for (sum, codes) in sums.iter_mut().zip(&codes) {
                    *sum = _mm512_dpbusd_epi32(*sum, *codes, four);
                }
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let out = &mut out[at * width + block * LANES..][..N * LANES];
            for (lanes, sum) in out.as_chunks_mut::<LANES>().0.iter_mut().zip(sums) {
                // SAFETY: 64 bytes lie behind the reference, and the store asks for no alignment.
                unsafe { _mm512_storeu_si512((&raw mut *lanes).cast(), *sum) };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_hadd_epi32, _mm256_madd_epi16,
        _mm256_permute4x64_epi64, _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_storeu_si256,
    };

    use super::{DEPTH, LANES, TargetCodes};

    /// Four targets of four channels fill a register once bytes are widened.
    const QUARTERS: usize = 4;

    #[target_feature(enable = "avx2")]
    pub fn products(targets: &TargetCodes, compounds: &[i8], products: &mut [i32]) {
        let (channels, width) = (targets.channels, targets.width());
        if width == 0 {
            return;
        }
        for (row, out) in compounds.chunks_exact(channels).zip(products.chunks_exact_mut(width)) {
            row_products(targets, row.as_chunks::<DEPTH>().0, out);
        }
    }

    #[target_feature(enable = "avx2")]
    fn row_products(targets: &TargetCodes, row: &[[i8; DEPTH]], out: &mut [i32]) {
        let blocks = targets.codes.chunks_exact(row.len());
        for (block, out) in blocks.zip(out.as_chunks_mut::<LANES>().0) {
            let mut sums: [__m256i; QUARTERS] = [_mm256_setzero_si256(); QUARTERS];
            for (lanes, four) in block.iter().zip(row) {
                let [a, b, c, d] = four.map(|code| i64::from(code) & 0xFFFF);
                let four = _mm256_set1_epi64x(a | b << 16 | c << 32 | d << 48);
                for (sum, quarter) in sums.iter_mut().zip(lanes.as_chunks::<4>().0) {
                    // SAFETY: 16 bytes lie behind the reference, and the load asks for no alignment.
                    let codes = unsafe { _mm_loadu_si128((&raw const *quarter).cast()) };
                    let pairs = _mm256_madd_epi16(_mm256_cvtepi8_epi16(codes), four);
                    *sum = _mm256_add_epi32(*sum, pairs);
                }
            }
            // Two sums of each target lie beside each other.
            for (eight, sums) in out.as_chunks_mut::<8>().0.iter_mut().zip(sums.as_chunks::<2>().0) {
                let both = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(sums[0], sums[1]));
                // SAFETY: 32 bytes lie behind the reference, and the store asks for no alignment.
                unsafe { _mm256_storeu_si256((&raw mut *eight).cast(), both) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that look random and cover the whole range.
    fn bytes(count: usize, seed: u64) -> Vec<i8> {
        let mut state = seed;
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8 as i8
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn all_instructions_give_the_exact_products() {
        for (rows, targets, channels) in [
            (1, 1, 4),
            (7, 17, 128),
            (13, 80, 64),
            (6, 130, 132),
            (3, 0, 8),
            (0, 5, 8),
        ] {
            let (compounds, codes) = (bytes(rows * channels, 1), bytes(targets * channels, 2));
            for instructions in Instructions::available() {
                let packed = TargetCodes::new(&codes, channels).with(instructions);
                let mut products = vec![0; rows * packed.width()];
                packed.products(&compounds, &mut products);
                for row in 0..rows {
                    for target in 0..targets {
                        let one = &compounds[row * channels..][..channels];
                        let other = &codes[target * channels..][..channels];
                        let expected: i32 = one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
                        assert_eq!(products[row * packed.width() + target], expected, "{instructions:?}");
                    }
                }
            }
        }
    }
}
