//! A chart ready for the page: a heading, a drawing and notes; and the width of its texts.

use minijinja::{Value, context};

/// A chart ready for the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figure {
    pub title: String,
    /// Markup that is safe to print; `None` when there is nothing to draw.
    pub svg: Option<String>,
    /// Sentences under the chart.
    pub notes: Vec<String>,
}

impl Figure {
    pub fn value(self) -> Value {
        context! {
            kind => "figure",
            title => self.title,
            svg => self.svg.map(Value::from_safe_string),
            notes => self.notes,
        }
    }

    /// Adds a note with the full text where the chart cuts it.
    pub fn note_full_text(&mut self, text: &str, room: usize) {
        let note = format!("In full: {text}");
        if width(text) > room && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds a note on how many of `what` are missing from the chart, and why.
    pub fn left_out(&mut self, count: usize, what: &str, why: &str) {
        if count > 0 {
            let (s, are) = if count == 1 { ("", "is") } else { ("s", "are") };
            self.notes.push(format!("{count} {what}{s} {are} left out: {why}."));
        }
    }
}

/// Why a number cannot be drawn.
pub(crate) const NO_NUMBER: &str = "not a finite number, or beyond 1e12";

/// Pixels that `text` needs at the 13 pixels of all charts. An upper estimate, since no font is measured.
pub(crate) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| if c < '\u{1100}' { 75 } else { 135 })
        .sum::<usize>()
        / 10
}

/// `text`, cut with an ellipsis where it needs more than `room` pixels.
pub(crate) fn shorten(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_string();
    }
    let mut short = String::new();
    for c in text.chars() {
        if width(&short) + 21 > room {
            break;
        }
        short.push(c);
    }
    short.trim_end().to_string() + "…"
}

/// Pixels of the widest of `texts`, at most `room`.
pub(crate) fn widest<'a>(texts: impl IntoIterator<Item = &'a String>, room: usize) -> usize {
    texts.into_iter().map(|t| width(t)).max().unwrap_or(0).min(room)
}
