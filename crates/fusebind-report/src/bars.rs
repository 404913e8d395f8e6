//! Histograms. Comes in: numbers. Goes out: how many fall into each of some bins of round width, as bars.

use minijinja::{Environment, Value, context};

use crate::{
    error::Error,
    figure::{Figure, NO_NUMBER, shorten},
    scale::{Scale, drawable, fixed},
};

/// A histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// What the chart shows.
    pub title: String,
    /// Quantity and unit.
    pub x: String,
    /// Numbers, in any order.
    pub values: Vec<f64>,
    /// Whether they are counts, so that each whole number has a bin of its own where they are few.
    pub is_count: bool,
}

const WIDE: usize = 420;
const HIGH: usize = 150;
const LEFT: usize = 14;
const TOP: usize = 20;
/// Bins at most, and about how many ticks.
const BINS: usize = 24;
const TICKS: usize = 6;

/// Bins of one width from `first` on, with their counts.
struct Bins {
    first: f64,
    width: f64,
    counts: Vec<usize>,
}

impl Histogram {
    pub(crate) fn figure(&self, templates: &Environment) -> Result<Figure, Error> {
        let mut figure = Figure {
            title: self.title.clone(),
            ..Figure::default()
        };
        let values: Vec<f64> = self.values.iter().copied().filter(|value| drawable(*value)).collect();
        if let Some(bins) = self.bins(&values) {
            figure.svg = Some(templates.get_template("bars.svg")?.render(self.drawing(&bins))?);
        }
        figure.left_out(self.values.len() - values.len(), "value", NO_NUMBER);
        Ok(figure)
    }

    fn bins(&self, values: &[f64]) -> Option<Bins> {
        let scale = Scale::around(values.iter().copied(), 0.0)?;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (first, width) = match self.is_count && high - low < BINS as f64 {
            true => (low.round() - 0.5, 1.0),
            false => {
                let width = scale.step(BINS);
                ((low / width).floor() * width, width)
            }
        };
        let place = |value: f64| ((value - first) / width).floor().max(0.0) as usize;
        let mut counts = vec![0; place(high).min(2 * BINS) + 1];
        let last = counts.len() - 1;
        values.iter().for_each(|value| counts[place(*value).min(last)] += 1);
        Some(Bins { first, width, counts })
    }

    fn drawing(&self, bins: &Bins) -> Value {
        let most = bins.counts.iter().copied().max().unwrap_or(1).max(1) as f64;
        let scale = Scale {
            low: bins.first,
            high: bins.first + bins.width * bins.counts.len() as f64,
        };
        let place = |value: f64| LEFT as f64 + scale.share(value) * WIDE as f64;
        let decimals = scale.decimals(TICKS);
        let bar = |(at, count): (usize, &usize)| {
            let low = bins.first + bins.width * at as f64;
            let (left, right) = (place(low), place(low + bins.width));
            let high = *count as f64 / most * HIGH as f64;
            let range = match self.is_count && bins.width == 1.0 {
                true => fixed(low + 0.5, 0),
                false => format!(
                    "{} to {}",
                    fixed(low, decimals + 1),
                    fixed(low + bins.width, decimals + 1)
                ),
            };
            context! {
                x => fixed(left + 0.5, 1), y => fixed((TOP + HIGH) as f64 - high, 1), wide => fixed((right - left - 1.0).max(0.5), 1),
                high => fixed(high, 1), text => format!("{range}: {count}"),
            }
        };
        let tick = |value: f64| context! { x => fixed(place(value), 1), text => fixed(value, decimals) };
        context! {
            title => &self.title, label => shorten(&self.x, WIDE), top => TOP, bottom => TOP + HIGH, left => LEFT, right => LEFT + WIDE,
            middle => LEFT + WIDE / 2, width => WIDE + 2 * LEFT, height => TOP + HIGH + 48, most => most,
            bars => bins.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(bar).collect::<Value>(),
            ticks => scale.ticks(TICKS).into_iter().map(tick).collect::<Value>(),
        }
    }
}
