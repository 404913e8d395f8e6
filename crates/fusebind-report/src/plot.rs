//! Drawing of line charts. Comes in: lines that lie inside their axes. Goes out: one SVG, in twice the pixels it is shown at,
//! because `plotters` rounds to whole pixels.
//!
//! Colours: Okabe and Ito 2008, "Color universal design". Dashes and markers differ as well, for print in black and white.

use minijinja::HtmlEscape;
use plotters::{
    coord::{
        Shift,
        ranged1d::{DefaultFormatting, KeyPointHint},
    },
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{
    chart::{Curves, Point},
    error::Error,
    figure::{shorten, widest, width},
    scale::{Scale, fixed},
};

/// What can be drawn of a line chart.
pub(crate) struct Plan<'a> {
    pub curves: &'a Curves,
    pub x: Scale,
    pub y: Scale,
    pub lines: Vec<Line>,
    pub levels: Vec<(String, f64)>,
}

/// A line in unbroken runs of points.
pub(crate) struct Line {
    /// Place among all series of the chart, which decides its looks.
    pub place: usize,
    pub name: String,
    pub runs: Vec<Vec<Point>>,
}

const WIDE: u32 = 1440;
const HIGH: u32 = 680;
const LEGEND_ROW: u32 = 42;
const BELOW: u32 = 86;
const TICKS: usize = 6;
// Room for words, in pixels as shown.
pub(crate) const LEGEND_ROOM: usize = 620;
pub(crate) const LEVEL_ROOM: usize = 190;
pub(crate) const X_ROOM: usize = 480;
pub(crate) const Y_ROOM: usize = 290;
const LINE: u32 = 5;
const LEVEL: u32 = 3;
// The style sheet replaces these colours, by their values, in dark mode.
const INK: RGBColor = RGBColor(0x1F, 0x23, 0x28);
const MUTED: RGBColor = RGBColor(0x59, 0x63, 0x6E);
const GRID: RGBColor = RGBColor(0xD8, 0xDE, 0xE4);

const LOOKS: [(RGBColor, &str); 7] = [
    (RGBColor(0x00, 0x72, 0xB2), "none"),
    (RGBColor(0xD5, 0x5E, 0x00), "20 9"),
    (RGBColor(0x00, 0x9E, 0x73), "5 7"),
    (RGBColor(0xCC, 0x79, 0xA7), "24 8 5 8"),
    (RGBColor(0x00, 0x00, 0x00), "12 6"),
    (RGBColor(0x56, 0xB4, 0xE9), "32 12"),
    (RGBColor(0xE6, 0x9F, 0x00), "16 7 4 7 4 7"),
];

/// Outlines around a point: circle, square, triangle, diamond, inverted triangle.
const MARKERS: [&[(i32, i32)]; 5] = [
    &[(4, -9), (9, -4), (9, 4), (4, 9), (-4, 9), (-9, 4), (-9, -4), (-4, -9)],
    &[(-8, -8), (8, -8), (8, 8), (-8, 8)],
    &[(0, -11), (10, 8), (-10, 8)],
    &[(0, -12), (12, 0), (0, 12), (-12, 0)],
    &[(0, 11), (10, -8), (-10, -8)],
];

fn look(place: usize) -> (RGBColor, &'static [(i32, i32)]) {
    (LOOKS[place % LOOKS.len()].0, MARKERS[place % MARKERS.len()])
}

/// A scale for `plotters`, whose own ticks may not terminate on a range of neighbouring numbers.
struct Ticked {
    scale: Scale,
    count: usize,
}

impl Ranged for Ticked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.scale.share(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.scale.ticks(self.count)
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.scale.low..self.scale.high
    }
}

/// From values on the two axes to pixels.
type Place<'a> = dyn Fn((f64, f64)) -> (i32, i32) + 'a;

/// Draws the chart and its legend.
pub(crate) fn draw(plan: &Plan) -> Result<String, Error> {
    let longest = widest(plan.lines.iter().map(|line| &line.name), LEGEND_ROOM) as u32 * 2 + 130;
    let columns = (WIDE / longest).clamp(1, 4);
    let rows = (plan.lines.len() as u32).div_ceil(columns);
    let high = HIGH + rows * LEGEND_ROW + 24;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDE, high)).into_drawing_area();
        let (chart, legend) = root.split_vertically(HIGH);
        draw_chart(plan, &chart)?;
        for (at, line) in plan.lines.iter().enumerate() {
            let (column, row) = (at as u32 % columns, at as u32 / columns);
            let (left, y) = ((column * (WIDE / columns) + 20) as i32, (row * LEGEND_ROW + 36) as i32);
            let (colour, marker) = look(line.place);
            legend.draw(&PathElement::new(
                vec![(left, y), (left + 74, y)],
                colour.stroke_width(LINE),
            ))?;
            legend.draw(&Polygon::new(around((left + 37, y), marker), colour.filled()))?;
            legend.draw_text(
                &shorten(&line.name, LEGEND_ROOM),
                &text_style(HPos::Left),
                (left + 88, y),
            )?;
        }
        root.present()?;
    }
    Ok(finish_svg(&svg, &plan.curves.title, high))
}

fn draw_chart<DB: DrawingBackend>(plan: &Plan, area: &DrawingArea<DB, Shift>) -> Result<(), Error> {
    let level_room = widest(plan.levels.iter().map(|(name, _)| name), LEVEL_ROOM);
    let chart = draw_axes(plan, area, level_room)?;
    let place = |(x, y): (f64, f64)| chart.backend_coord(&(x, y));
    let canvas = area.strip_coord_spec();
    // Back to front: bands, reference lines, lines, so that no band covers a line.
    draw_bands(plan, &canvas, &place)?;
    draw_levels(plan, &canvas, &place, level_room)?;
    draw_lines(plan, &canvas, &place)
}

type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Ticked, Ticked>>;

fn draw_axes<'a, DB: DrawingBackend>(
    plan: &Plan,
    area: &'a DrawingArea<DB, Shift>,
    level_room: usize,
) -> Result<Chart<'a, DB>, Error> {
    let (x, y) = (plan.x, plan.y);
    let decimals = (x.decimals(TICKS + 2), y.decimals(TICKS));
    let labels = y.ticks(TICKS).into_iter().map(|tick| fixed(tick, decimals.1));
    let label_room = labels.map(|label| width(&label)).max().unwrap_or(0);
    let across = Ticked {
        scale: x,
        count: TICKS + 2,
    };
    let mut chart = ChartBuilder::on(area)
        .margin_top(18)
        .margin_right(2 * level_room.max(20) as u32 + 24)
        .x_label_area_size(BELOW)
        .y_label_area_size(2 * label_room as u32 + 66)
        .build_cartesian_2d(across, Ticked { scale: y, count: TICKS })?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(2))
        .axis_style(MUTED.stroke_width(2))
        .label_style(text_style(HPos::Center))
        .axis_desc_style(text_style(HPos::Center))
        .x_label_formatter(&|v| fixed(*v, decimals.0))
        .y_label_formatter(&|v| fixed(*v, decimals.1))
        .x_desc(shorten(&plan.curves.x.label, X_ROOM))
        .y_desc(shorten(&plan.curves.y.label, Y_ROOM))
        .draw()?;
    Ok(chart)
}

fn draw_bands<DB: DrawingBackend>(plan: &Plan, canvas: &DrawingArea<DB, Shift>, place: &Place) -> Result<(), Error> {
    let runs = plan
        .lines
        .iter()
        .flat_map(|line| line.runs.iter().map(move |run| (line, run)));
    for (line, run) in runs {
        let colour = look(line.place).0;
        for banded in run.split(|p| p.band.is_none()).filter(|banded| !banded.is_empty()) {
            let low = banded.iter().map(|p| place((p.x, p.band.map_or(p.y, |band| band.0))));
            let high = banded.iter().map(|p| place((p.x, p.band.map_or(p.y, |band| band.1))));
            let edge: Vec<_> = low.chain(high.rev()).collect();
            if banded.len() == 1 {
                // A band of one point has no area: a whisker instead.
                canvas.draw(&PathElement::new(edge, colour.mix(0.6).stroke_width(4)))?;
            } else {
                canvas.draw(&Polygon::new(edge, colour.mix(0.16)))?;
            }
        }
    }
    Ok(())
}

fn draw_levels<DB: DrawingBackend>(
    plan: &Plan,
    canvas: &DrawingArea<DB, Shift>,
    place: &Place,
    room: usize,
) -> Result<(), Error> {
    let (x, y) = (plan.x, plan.y);
    let end = place((x.high, y.low)).0;
    let heights: Vec<i32> = plan.levels.iter().map(|(_, v)| place((x.high, *v)).1).collect();
    for ((name, v), label) in plan.levels.iter().zip(spread_labels(&heights, (HIGH - BELOW) as i32)) {
        let ends = vec![place((x.low, *v)), place((x.high, *v))];
        canvas.draw(&PathElement::new(ends, MUTED.stroke_width(LEVEL)))?;
        canvas.draw_text(&shorten(name, room), &text_style(HPos::Left), (end + 14, label))?;
    }
    Ok(())
}

fn draw_lines<DB: DrawingBackend>(plan: &Plan, canvas: &DrawingArea<DB, Shift>, place: &Place) -> Result<(), Error> {
    for line in &plan.lines {
        let (colour, marker) = look(line.place);
        for run in &line.runs {
            let path: Vec<_> = run.iter().map(|p| place((p.x, p.y))).collect();
            if path.len() > 1 {
                canvas.draw(&PathElement::new(path.clone(), colour.stroke_width(LINE)))?;
            }
            // Markers on every point of a dense line would cover it; some are enough to identify it.
            for at in path.iter().step_by(path.len().div_ceil(24)) {
                canvas.draw(&Polygon::new(around(*at, marker), colour.filled()))?;
            }
        }
    }
    Ok(())
}

/// The text style of every chart: 13 pixels as shown; `plotters` divides its size by 1.24.
fn text_style(side: HPos) -> TextStyle<'static> {
    let style = TextStyle::from(("sans-serif", 26.0 * 1.24)).color(&INK);
    style.pos(Pos::new(side, VPos::Center))
}

fn around((x, y): (i32, i32), marker: &[(i32, i32)]) -> Vec<(i32, i32)> {
    marker.iter().map(|(dx, dy)| (x + dx, y + dy)).collect()
}

/// `heights` moved apart by a line of text, or by as much as the room above `bottom` allows; same order as given.
fn spread_labels(heights: &[i32], bottom: i32) -> Vec<i32> {
    let gap = 30.min(bottom / heights.len().max(1) as i32);
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by_key(|i| heights[*i]);
    let mut moved = heights.to_vec();
    for pair in order.windows(2) {
        moved[pair[1]] = moved[pair[1]].max(moved[pair[0]] + gap);
    }
    let mut lowest = bottom;
    for at in order.into_iter().rev() {
        moved[at] = moved[at].min(lowest);
        lowest = moved[at] - gap;
    }
    moved
}

/// The drawing with a title, its size on the page, and the dashes that `plotters` cannot write.
fn finish_svg(svg: &str, title: &str, high: u32) -> String {
    let body = svg.split_once('>').map_or(svg, |(_, body)| body);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" class=\"curves\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {WIDE} {high}\"><title>{}</title>{body}",
        WIDE / 2,
        high / 2,
        HtmlEscape(title),
    );
    // Texts are escaped and hold no quotation mark, so that only attributes match.
    let levels = std::iter::once((MUTED, LEVEL, "10 7"));
    for (RGBColor(r, g, b), wide, dash) in LOOKS
        .map(|(colour, dash)| (colour, LINE, dash))
        .into_iter()
        .chain(levels)
    {
        let stroke = format!("stroke=\"#{r:02X}{g:02X}{b:02X}\" stroke-width=\"{wide}\"");
        svg = svg.replace(&stroke, &format!("{stroke} stroke-dasharray=\"{dash}\""));
    }
    svg
}
