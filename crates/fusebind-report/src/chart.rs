//! What a line chart is made of: axes, series of points with bands, and reference lines.

/// A line chart with bands and horizontal reference lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// What the chart shows.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Lines, in the order of the legend; a place in this order keeps its colour, dashes and marker.
    pub series: Vec<Series>,
    /// Named horizontal lines, such as chance or a baseline.
    pub levels: Vec<(String, f64)>,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Ends of the axis; chosen from the data when `None`.
    pub range: Option<(f64, f64)>,
}

/// One line of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Points in drawing order.
    pub points: Vec<Point>,
}

/// A point of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Place on the horizontal axis.
    pub x: f64,
    /// Place on the vertical axis.
    pub y: f64,
    /// Lower and upper end of the band around `y`, such as a 95 % interval.
    pub band: Option<(f64, f64)>,
}
