//! Heat maps. Comes in: a grid of numbers. Goes out: coloured cells with their numbers, on the colours of viridis (van der Walt
//! and Smith 2015), which are perceptually uniform, also in grey and with colour blindness.

use minijinja::{Environment, Value, context};

use crate::{
    error::Error,
    figure::{Figure, NO_NUMBER, shorten, widest, width},
    scale::{Scale, drawable, fixed},
};

/// A heat map: one number per row and column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// What the map shows.
    pub title: String,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Numbers row by row; `None` where one is missing.
    pub values: Vec<Vec<Option<f64>>>,
    /// Decimals to print, at most 12.
    pub decimals: usize,
}

const CELL: usize = 30;
const ROW_ROOM: usize = 280;
const COLUMN_ROOM: usize = 170;
const RAMP: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2D, 0x7B],
    [0x3B, 0x52, 0x8B],
    [0x2C, 0x72, 0x8E],
    [0x21, 0x91, 0x8C],
    [0x28, 0xAE, 0x80],
    [0x5E, 0xC9, 0x62],
    [0xAD, 0xDC, 0x30],
    [0xFD, 0xE7, 0x25],
];

impl Heat {
    pub(crate) fn figure(&self, templates: &Environment) -> Result<Figure, Error> {
        self.check()?;
        let mut figure = Figure {
            title: self.title.clone(),
            ..Figure::default()
        };
        let given = || self.values.iter().flatten().flatten().copied();
        if let Some(scale) = Scale::around(given(), 0.0) {
            let svg = templates.get_template("heat.svg")?.render(self.drawing(scale))?;
            figure.svg = Some(svg);
        }
        figure.left_out(given().filter(|v| !drawable(*v)).count(), "cell", NO_NUMBER);
        Ok(figure)
    }

    fn check(&self) -> Result<(), Error> {
        if self.values.len() != self.rows.len() {
            let what = format!("heat map `{}`: its values", self.title);
            return Err(Error::shape(what, self.values.len(), self.rows.len()));
        }
        let wrong = self
            .rows
            .iter()
            .zip(&self.values)
            .find(|(_, row)| row.len() != self.columns.len());
        wrong.map_or(Ok(()), |(name, row)| {
            let what = format!("heat map `{}`: row `{name}`", self.title);
            Err(Error::shape(what, row.len(), self.columns.len()))
        })
    }

    fn drawing(&self, scale: Scale) -> Value {
        let shown = |v: &Option<f64>| v.filter(|v| drawable(*v));
        let print = |v: f64| fixed(v, self.decimals);
        let numbers: Vec<String> = self.values.iter().flatten().filter_map(shown).map(print).collect();
        let wide = (widest(&numbers, 400) + 14).max(52);
        let left = widest(&self.rows, ROW_ROOM) + 12;
        // Names wider than a cell are rotated, and the last of them extends to the right.
        let names = widest(&self.columns, COLUMN_ROOM);
        let slope = names + 8 > wide;
        let (top, lean) = if slope {
            (names * 5 / 7 + 16, names * 5 / 7)
        } else {
            (26, 0)
        };
        let columns = self.columns.iter().enumerate().map(|(at, name)| {
            let short = shorten(name, COLUMN_ROOM);
            context! { x => left + at * wide + wide / 2, name => name, short => short }
        });
        let rows = self
            .rows
            .iter()
            .zip(&self.values)
            .enumerate()
            .map(|(at, (name, values))| {
                let cell = |(column, v): (usize, &Option<f64>)| {
                    let x = left + column * wide;
                    let coloured = shown(v).map(|v| (print(v), colour(scale.share(v))));
                    coloured.map_or(context! { x => x }, |(text, (fill, ink))| {
                        context! { x => x, text => text, fill => fill, ink => ink }
                    })
                };
                let cells: Value = values.iter().enumerate().map(cell).collect();
                let short = shorten(name, ROW_ROOM);
                context! { y => top + at * CELL, name => name, short => short, cells => cells }
            });
        let bottom = top + self.rows.len() * CELL;
        let (low, high) = (print(scale.low), print(scale.high));
        let key_at = left + width(&low) + 8;
        let steps = (0..24).map(|at| context! { x => key_at + at * 6, fill => colour(at as f64 / 23.0).0 });
        let key_end = key_at + 24 * 6 + 8 + width(&high);
        // Equal values have no range: a key would show one that is not in the data.
        let spread = numbers.len() > 1 && low != high && numbers.iter().any(|n| *n != numbers[0]);
        context! {
            title => &self.title, wide => wide, high => CELL, left => left, top => top, slope => slope,
            columns => columns.collect::<Value>(), rows => rows.collect::<Value>(),
            key => spread.then(|| context! {
                y => bottom + 16, low => low, high => high, at => key_at, steps => steps.collect::<Value>(),
            }),
            width => (left + self.columns.len() * wide + lean).max(key_end) + 8,
            height => bottom + if spread { 40 } else { 8 },
        }
    }
}

/// Fill at `share` of the ramp, and the ink that is easier to read on it (relative luminance, WCAG 2).
fn colour(share: f64) -> (String, &'static str) {
    let place = share * (RAMP.len() - 1) as f64;
    let below = (place as usize).min(RAMP.len() - 2);
    let blend = |channel: usize| {
        let (a, b) = (f64::from(RAMP[below][channel]), f64::from(RAMP[below + 1][channel]));
        a + (place - below as f64) * (b - a)
    };
    let [r, g, b] = [blend(0), blend(1), blend(2)];
    let linear = |v: f64| (v / 255.0).powf(2.2);
    let light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    // In short form, which the style sheet does not swap in the dark: these are printed on the fill, not on the page.
    let ink = if light > 0.179 { "#000" } else { "#FFF" };
    (format!("#{:02X}{:02X}{:02X}", r as u8, g as u8, b as u8), ink)
}
