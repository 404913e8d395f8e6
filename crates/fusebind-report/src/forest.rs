//! Forest plots. Comes in: differences with their intervals. Goes out: one row each, on a common axis with a line at zero.

use minijinja::{Environment, Value, context};

use crate::{
    error::Error,
    figure::{Figure, NO_NUMBER, shorten, widest},
    scale::{Scale, drawable, fixed},
};

/// Differences with 95 % intervals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forest {
    /// What the chart shows.
    pub title: String,
    /// What differs from what, and its unit.
    pub x: String,
    /// Differences, from top to bottom.
    pub rows: Vec<Interval>,
    /// Where "no difference" lies: 0, or 1 for ratios.
    pub zero: f64,
}

/// A difference with its interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interval {
    /// What was changed.
    pub name: String,
    /// The difference.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

const ROW: usize = 28;
const TOP: usize = 30;
const NAME_ROOM: usize = 280;
const PLOT: usize = 360;
const LABEL_ROOM: usize = 360;
const TICKS: usize = 5;

impl Interval {
    fn drawable(&self) -> bool {
        [self.value, self.low, self.high].into_iter().all(drawable)
    }

    fn ends(&self) -> (f64, f64) {
        (self.low.min(self.high), self.low.max(self.high))
    }
}

impl Forest {
    pub(crate) fn figure(&self, templates: &Environment) -> Result<Figure, Error> {
        let mut figure = Figure {
            title: self.title.clone(),
            ..Figure::default()
        };
        let rows: Vec<&Interval> = self.rows.iter().filter(|row| row.drawable()).collect();
        let ends = rows.iter().flat_map(|row| [row.value, row.low, row.high]);
        // The line at zero stretches the axis but does not make one.
        let zero = Some(self.zero).filter(|zero| drawable(*zero) && !rows.is_empty());
        if let Some(scale) = Scale::around(ends.chain(zero), 0.05) {
            let drawing = self.drawing(&rows, scale, zero);
            figure.svg = Some(templates.get_template("forest.svg")?.render(drawing)?);
            if zero.is_some() {
                let note = "Filled: the interval leaves out the line of no difference. Hollow: it includes it.";
                figure.notes.push(note.into());
            }
        }
        figure.note_full_text(&self.x, LABEL_ROOM);
        figure.left_out(self.rows.len() - rows.len(), "row", NO_NUMBER);
        figure.left_out(usize::from(!drawable(self.zero)), "line of no difference", NO_NUMBER);
        Ok(figure)
    }

    fn drawing(&self, rows: &[&Interval], scale: Scale, zero: Option<f64>) -> Value {
        let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
        let left = widest(&names, NAME_ROOM) + 20;
        let decimals = (scale.decimals(TICKS) + 1).max(2);
        let print = |v: f64| fixed(v, decimals);
        let figures = |row: &Interval| {
            let (low, high) = row.ends();
            format!("{} [{}, {}]", print(row.value), print(low), print(high))
        };
        let texts: Vec<String> = rows.iter().map(|row| figures(row)).collect();
        // Tenths of a pixel: enough to see, and the same text on every machine.
        let place = |v: f64| fixed(left as f64 + scale.share(v) * PLOT as f64, 1);
        let lines = rows.iter().zip(&texts).enumerate().map(|(at, (row, text))| {
            let (low, high) = row.ends();
            context! {
                y => TOP + at * ROW + ROW / 2, name => &row.name, short => shorten(&row.name, NAME_ROOM), text => text,
                value => place(row.value), low => place(low), high => place(high),
                clear => zero.is_some_and(|zero| low > zero || high < zero),
            }
        });
        let tick = |v: f64| context! { x => place(v), text => fixed(v, scale.decimals(TICKS)) };
        let bottom = TOP + rows.len() * ROW;
        let right = left + PLOT;
        let figures_room = widest(&texts, 600).max(190);
        context! {
            title => &self.title, label => shorten(&self.x, LABEL_ROOM), rows => lines.collect::<Value>(),
            ticks => scale.ticks(TICKS).into_iter().map(tick).collect::<Value>(),
            zero => zero.map(place), top => TOP, bottom => bottom, left => left, right => right,
            middle => (left + right) / 2, width => right + figures_room + 24, height => bottom + 52,
        }
    }
}
