//! What every chart becomes before it stands on the page: a heading, a drawing and notes; and the room that its words need.

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

    /// Says in full what the chart itself has to cut.
    pub fn in_full(&mut self, text: &str, room: usize) {
        let note = format!("In full: {text}");
        if width(text) > room && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Says how many of `what` are missing from the chart, and why.
    pub fn left_out(&mut self, count: usize, what: &str, why: &str) {
        if count > 0 {
            let (s, are) = if count == 1 { ("", "is") } else { ("s", "are") };
            self.notes.push(format!("{count} {what}{s} {are} left out: {why}."));
        }
    }
}

/// Why a number cannot be drawn.
pub(crate) const NO_NUMBER: &str = "not a finite number, or beyond 1e12";

/// Pixels that `text` needs at the 13 pixels of all charts. No font is asked, so this errs on the wide side.
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
