//! Drawings side by side. Comes in: drawings with what to say of each. Goes out: one card for each.

use minijinja::{Value, context};

/// Cards in reading order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gallery {
    /// What they show.
    pub caption: String,
    /// Cards, in order.
    pub cards: Vec<Card>,
}

/// A drawing and what to say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// Name of what is drawn.
    pub title: String,
    /// Text of an SVG that this program made; none where there is nothing to draw.
    pub svg: Option<String>,
    /// Lines below.
    pub lines: Vec<String>,
}

impl Gallery {
    pub(crate) fn value(&self) -> Value {
        let card = |card: &Card| {
            context! {
                title => &card.title,
                svg => card.svg.as_ref().map(|svg| Value::from_safe_string(svg.clone())),
                lines => &card.lines,
            }
        };
        context! { kind => "gallery", caption => &self.caption, cards => self.cards.iter().map(card).collect::<Value>() }
    }
}
