//! The first stage of a screening: the compounds of a library whose codes promise most for each target.
//!
//! Comes in: codes of compounds `[B, C]` with their places, part by part. Goes out: for each target the best places. A tile of compounds
//! is multiplied with all targets while it lies in the cache, and only products that exceed the worst one held are looked at one by one.

use fusebind_features::vectorised;
use fusebind_model::retrieval::TargetCodes;
use rayon::prelude::*;

/// Products that one thread computes between two looks at what is held.
const TAKEN: usize = 1 << 20;
/// Least and most compounds of them.
const COMPOUNDS: [usize; 2] = [1 << 10, 1 << 14];
/// Products that are held at a time: they fit into the second cache.
const HELD: usize = 1 << 15;
/// Products that are compared at a time.
const LANES: usize = 16;

/// See the file's header.
#[derive(Clone, Debug)]
pub struct Candidates {
    targets: TargetCodes,
    held: Vec<Held>,
}

/// The best of a target so far and some more: cheaper than a heap, since most of what comes late is left out by its score.
#[derive(Clone, Debug)]
struct Held {
    most: usize,
    /// Products and places, in no order.
    pairs: Vec<(i32, u64)>,
    /// A product below it is not among the best.
    least: i32,
}

impl Held {
    fn offer(&mut self, product: i32, place: u64) {
        if product < self.least || self.most == 0 {
            return;
        }
        self.pairs.push((product, place));
        if self.pairs.len() >= 2 * self.most {
            self.settle();
        }
    }

    /// Removes what is not among the best; equal products are ordered by place.
    fn settle(&mut self) {
        if self.pairs.len() > self.most {
            let order = |a: &(i32, u64), b: &(i32, u64)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
            let (_, worst, _) = self.pairs.select_nth_unstable_by(self.most - 1, order);
            self.least = worst.0;
            self.pairs.truncate(self.most);
        }
    }
}

impl Candidates {
    /// Will hold so many candidates, `[T]`, for each of the targets with `weights`, `[T, C]`.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn new(weights: &[i8], channels: usize, most: &[usize]) -> Self {
        let targets = TargetCodes::new(weights, channels);
        assert_eq!(targets.len(), most.len());
        let none = |most: &usize| Held {
            most: *most,
            pairs: Vec::new(),
            least: i32::MIN,
        };
        Self {
            held: most.iter().map(none).collect(),
            targets,
        }
    }

    /// Takes compounds in: `codes` `[B, C]` and `places` `[B]`. The order of the calls and the number of threads do not matter.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn offer(&mut self, codes: &[i8], places: &[u64]) {
        let channels = self.targets.channels();
        assert_eq!(codes.len(), places.len() * channels);
        if self.held.is_empty() {
            return;
        }
        let [fewest, most] = COMPOUNDS;
        let rows = (TAKEN / self.targets.width()).clamp(fewest, most);
        let round = rows * rayon::current_num_threads();
        for (codes, places) in codes.chunks(round * channels).zip(places.chunks(round)) {
            let least = self.thresholds();
            let taken: Vec<Vec<(usize, i32, u64)>> = (codes.par_chunks(rows * channels))
                .zip(places.par_chunks(rows))
                .map(|(codes, places)| self.reaching(codes, places, &least))
                .collect();
            for (target, product, place) in taken.into_iter().flatten() {
                self.held[target].offer(product, place);
            }
        }
    }

    /// Target, product and place of the pairs that reach their thresholds.
    fn reaching(&self, codes: &[i8], places: &[u64], least: &[i32]) -> Vec<(usize, i32, u64)> {
        let (channels, width) = (self.targets.channels(), self.targets.width());
        let rows = (HELD / width).max(1);
        let mut products = vec![0; rows * width];
        let mut found = Vec::new();
        for (codes, places) in codes.chunks(rows * channels).zip(places.chunks(rows)) {
            let products = &mut products[..places.len() * width];
            self.targets.products(codes, products);
            for (row, block) in reached(products, least) {
                for target in block * LANES..(block * LANES + LANES).min(self.held.len()) {
                    let product = products[row * width + target];
                    if product >= least[target] {
                        found.push((target, product, places[row]));
                    }
                }
            }
        }
        found
    }

    /// The product that a new one must reach, for each target; lanes without a target are never reached.
    fn thresholds(&self) -> Vec<i32> {
        let mut all: Vec<i32> = self.held.iter().map(|held| held.least).collect();
        all.resize(self.targets.width(), i32::MAX);
        all
    }

    /// The places of the candidates of each target, ascending.
    pub fn places(&self) -> Vec<Vec<u64>> {
        let of = |held: &Held| {
            let mut held = held.clone();
            held.settle();
            let mut places: Vec<u64> = held.pairs.iter().map(|(_, place)| *place).collect();
            places.sort_unstable();
            places
        };
        self.held.iter().map(of).collect()
    }
}

/// Rows and blocks of `products`, `[B, width]`, in which a product reaches its threshold.
fn reached(products: &[i32], least: &[i32]) -> Vec<(usize, usize)> {
    vectorised!(|| {
        let mut found = Vec::new();
        for (row, products) in products.chunks_exact(least.len()).enumerate() {
            let blocks = products.as_chunks::<LANES>().0.iter().zip(least.as_chunks::<LANES>().0);
            for (block, (products, least)) in blocks.enumerate() {
                if reaches(products, least) {
                    found.push((row, block));
                }
            }
        }
        found
    })
}

#[inline(always)]
fn reaches(products: &[i32; LANES], least: &[i32; LANES]) -> bool {
    let mut any = false;
    for lane in 0..LANES {
        any |= products[lane] >= least[lane];
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_the_best_products_and_ties_go_by_place() {
        let (channels, count) = (4, 50_000usize);
        let codes: Vec<i8> = (0..count * channels).map(|at| (at * at % 251) as u8 as i8).collect();
        let weights: Vec<i8> = (0..20 * channels).map(|at| (at * 37 % 113) as i8 - 50).collect();
        let places: Vec<u64> = (0..count as u64).map(|place| 3 * place).collect();
        // One target wants more than the others.
        let most: Vec<usize> = (0..20).map(|target| if target == 3 { 170 } else { 100 }).collect();
        let mut all = Candidates::new(&weights, channels, &most);
        all.offer(&codes, &places);
        let mut parts = Candidates::new(&weights, channels, &most);
        for (codes, places) in codes.chunks(channels * 7_777).zip(places.chunks(7_777)).rev() {
            parts.offer(codes, places);
        }
        assert_eq!(all.places(), parts.places());
        for (target, found) in all.places().iter().enumerate() {
            let weights = &weights[target * channels..][..channels];
            let product = |code: &[i8]| -> i32 {
                code.iter()
                    .zip(weights)
                    .map(|(a, b)| i32::from(*a) * i32::from(*b))
                    .sum()
            };
            let mut ranked: Vec<(i32, u64)> = codes
                .chunks(channels)
                .zip(&places)
                .map(|(c, p)| (-product(c), *p))
                .collect();
            ranked.sort_unstable();
            let mut expected: Vec<u64> = ranked[..most[target]].iter().map(|(_, place)| *place).collect();
            expected.sort_unstable();
            assert_eq!(*found, expected, "target {target}");
        }
    }
}
