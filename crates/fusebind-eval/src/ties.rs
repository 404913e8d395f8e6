//! Groups of rows with one score: a score that is computed group by group does not depend on the order of the rows.

/// Groups of equal score, by falling score: positives, size and score of each.
pub(crate) fn groups(truth: &[bool], scores: &[f64]) -> Vec<(usize, usize, f64)> {
    let mut order: Vec<usize> = (0..truth.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order
        .chunk_by(|a, b| scores[*a] == scores[*b])
        .map(|group| {
            (
                group.iter().filter(|i| truth[**i]).count(),
                group.len(),
                scores[group[0]],
            )
        })
        .collect()
}
