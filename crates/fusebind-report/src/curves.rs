//! Line charts. Comes in: series of points with bands. Goes out: what of it can be drawn on which axes, and notes on the rest.

use crate::{
    chart::{Axis, Curves, Point, Series},
    error::Error,
    figure::{Figure, NO_NUMBER},
    plot::{self, Line, Plan},
    scale::{Scale, drawable},
};

impl Curves {
    pub(crate) fn figure(&self) -> Result<Figure, Error> {
        let mut figure = Figure {
            title: self.title.clone(),
            ..Figure::default()
        };
        let points = || self.series.iter().flat_map(|s| &s.points).filter(|p| p.drawable());
        let bands = points()
            .filter_map(Point::usable_band)
            .flat_map(|(low, high)| [low, high]);
        let heights = points().map(|p| p.y).chain(bands);
        let x = self.x.scale(points().map(|p| p.x), 0.02, &mut figure);
        // Levels stretch the axis but do not make one: a chart of levels alone shows nothing.
        let some = points().next().map(|_| self.levels.iter().map(|(_, v)| *v));
        let y = self
            .y
            .scale(heights.chain(some.into_iter().flatten()), 0.05, &mut figure);
        let plan = x.zip(y).map(|(x, y)| self.plan((x, y), &mut figure));
        self.note_omissions(&mut figure);
        figure.svg = match plan {
            Some(plan) if !plan.lines.is_empty() => {
                plan.lines
                    .iter()
                    .for_each(|line| figure.note_full_text(&line.name, plot::LEGEND_ROOM));
                plan.levels
                    .iter()
                    .for_each(|(name, _)| figure.note_full_text(name, plot::LEVEL_ROOM));
                figure.note_full_text(&self.x.label, plot::X_ROOM);
                figure.note_full_text(&self.y.label, plot::Y_ROOM);
                Some(plot::draw(&plan)?)
            }
            _ => None,
        };
        Ok(figure)
    }

    fn plan(&self, (x, y): (Scale, Scale), figure: &mut Figure) -> Plan<'_> {
        let inside = |p: &Point| p.drawable() && x.contains(p.x) && y.contains(p.y);
        // A line breaks where a point is missing, since a connecting line would suggest values that were not measured.
        let line = |(place, series): (usize, &Series)| {
            let runs = series.points.split(|p| !inside(p)).filter(|run| !run.is_empty());
            Line {
                place,
                name: series.name.clone(),
                runs: runs.map(|run| run.iter().map(|p| p.within(y)).collect()).collect(),
            }
        };
        let lines = self.series.iter().enumerate().map(line);
        let points = self.series.iter().flat_map(|s| &s.points);
        let outside = points.filter(|p| p.drawable() && !inside(p)).count();
        figure.left_out(outside, "point", "outside the axes");
        let (levels, hidden): (Vec<_>, Vec<_>) = self.levels.iter().cloned().partition(|(_, v)| y.contains(*v));
        let hidden = hidden.iter().filter(|(_, v)| drawable(*v)).count();
        figure.left_out(hidden, "reference line", "outside the axes");
        Plan {
            curves: self,
            x,
            y,
            lines: lines.filter(|line| !line.runs.is_empty()).collect(),
            levels,
        }
    }

    fn note_omissions(&self, figure: &mut Figure) {
        let points = || self.series.iter().flat_map(|s| &s.points);
        figure.left_out(points().filter(|p| !p.drawable()).count(), "point", NO_NUMBER);
        let broken = |p: &&Point| p.drawable() && p.band.is_some() && p.usable_band().is_none();
        figure.left_out(points().filter(broken).count(), "band", NO_NUMBER);
        let levels = self.levels.iter().filter(|(_, v)| !drawable(*v)).count();
        figure.left_out(levels, "reference line", NO_NUMBER);
    }
}

impl Axis {
    /// The given range, or else the one of `values`.
    fn scale(&self, values: impl Iterator<Item = f64>, margin: f64, figure: &mut Figure) -> Option<Scale> {
        let given = self.range.and_then(Scale::given);
        if self.range.is_some() && given.is_none() {
            let note = format!(
                "The range given for `{}` is not valid; the axis follows the data.",
                self.label
            );
            figure.notes.push(note);
        }
        given.or_else(|| Scale::around(values, margin))
    }
}

impl Point {
    fn drawable(&self) -> bool {
        drawable(self.x) && drawable(self.y)
    }

    /// The band from its lower to its upper end.
    fn usable_band(&self) -> Option<(f64, f64)> {
        let (a, b) = self.band.filter(|(a, b)| drawable(*a) && drawable(*b))?;
        Some((a.min(b), a.max(b)))
    }

    /// The point with its band clamped to the axes.
    fn within(self, y: Scale) -> Self {
        let band = self.usable_band();
        Self {
            band: band.map(|(low, high)| (low.clamp(y.low, y.high), high.clamp(y.low, y.high))),
            ..self
        }
    }
}
