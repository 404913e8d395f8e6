//! Counted circular substructures folded into a row of fixed width.
//!
//! `row[id mod S] += ln(1 + count)`, then divided by the root mean square number of substructures of a drug-like molecule, so
//! that a row has a norm near one. No vocabulary is fitted, so nothing of a test molecule can leak into one.

/// Scale of a row: about the norm of an unscaled row of a drug-like molecule.
const SCALE: f32 = 1.0 / 8.0;

/// Adds the substructures of one molecule to `row`, which is zero on entry.
pub fn fold(substructures: &[(u32, u16)], row: &mut [f32]) {
    if row.is_empty() {
        return;
    }
    for &(identifier, count) in substructures {
        // The low bits of an identifier are well mixed, but not independent of those that ECFP4 bits use: mix once more.
        let slot = mix(identifier) as usize % row.len();
        row[slot] += f32::from(count).ln_1p() * SCALE;
    }
}

fn mix(identifier: u32) -> u32 {
    let mut x = identifier.wrapping_mul(0x9E37_79B1);
    x ^= x >> 15;
    x = x.wrapping_mul(0x85EB_CA77);
    x ^ (x >> 13)
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn counts_are_tamed_and_order_does_not_matter() {
        let (mut a, mut b) = ([0.0f32; 64], [0.0f32; 64]);
        fold(&[(7, 1), (9, 20)], &mut a);
        fold(&[(9, 20), (7, 1)], &mut b);
        assert_eq!(a, b);
        let mut values: Vec<f32> = a.into_iter().filter(|v| *v > 0.0).collect();
        values.sort_by(f32::total_cmp);
        assert_eq!(values.len(), 2);
        assert!((values[1] / values[0] - 21f32.ln() / 2f32.ln()).abs() < 1e-5);
    }
}
