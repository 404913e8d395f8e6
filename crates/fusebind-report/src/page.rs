//! The page. Comes in: a title, paragraphs and sections of blocks. Goes out: one HTML document as text.

use minijinja::{AutoEscape, Environment, Value, context, syntax::SyntaxConfig};

use crate::{
    bars::Histogram, chart::Curves, error::Error, figure::Figure, forest::Forest, gallery::Gallery, heat::Heat,
    table::Table,
};

/// A page: a title, a summary, and sections in reading order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Heading, and title of the window.
    pub title: String,
    /// Paragraphs above the first section.
    pub summary: Vec<String>,
    /// Sections, in order.
    pub sections: Vec<Section>,
}

/// A headed part of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// What follows the heading, in order.
    pub blocks: Vec<Block>,
}

/// One thing on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph of plain text.
    Text(String),
    /// Names and values, such as settings of a run.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// A line chart.
    Curves(Curves),
    /// A heat map.
    Heat(Heat),
    /// Differences with their intervals.
    Forest(Forest),
    /// How often which numbers occur.
    Histogram(Histogram),
    /// Drawings side by side.
    Gallery(Gallery),
    /// A drawing that is ready: its title, the SVG, and what to say below.
    Drawing {
        /// What it shows.
        title: String,
        /// Text of an SVG that this program made.
        svg: String,
        /// A line below.
        note: String,
    },
}

impl Block {
    /// A table with a caption and a header.
    pub fn table(caption: &str, header: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self::Table(Table {
            caption: caption.into(),
            header: header.iter().map(|name| name.to_string()).collect(),
            rows,
        })
    }
}

impl Page {
    /// Writes the page. Fails where the rows of a table or heat map do not fit its columns.
    pub fn render(&self) -> Result<String, Error> {
        let templates = templates()?;
        let mut sections = Vec::new();
        for section in &self.sections {
            let blocks: Result<Vec<Value>, Error> = section.blocks.iter().map(|b| b.value(&templates)).collect();
            sections.push(context! { title => &section.title, blocks => blocks? });
        }
        let page = templates.get_template("page.html")?.render(context! {
            title => &self.title,
            summary => &self.summary,
            sections => sections,
            css => Value::from_safe_string(include_str!("template/page.css").to_string()),
        })?;
        // Control characters have no place in HTML or XML, and no escape either.
        let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let legal = |c: char| allowed(c) && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
        Ok(page.chars().map(|c| if legal(c) { c } else { '\u{FFFD}' }).collect())
    }
}

impl Block {
    fn value(&self, templates: &Environment) -> Result<Value, Error> {
        Ok(match self {
            Self::Text(text) => context! { kind => "text", text => text },
            Self::Facts(facts) => {
                let fact = |(name, value): &(String, String)| context! { name => name, value => value };
                context! { kind => "facts", facts => facts.iter().map(fact).collect::<Value>() }
            }
            Self::Table(table) => table.value()?,
            Self::Curves(curves) => curves.figure()?.value(),
            Self::Heat(heat) => heat.figure(templates)?.value(),
            Self::Forest(forest) => forest.figure(templates)?.value(),
            Self::Histogram(histogram) => histogram.figure(templates)?.value(),
            Self::Gallery(gallery) => gallery.value(),
            Self::Drawing { title, svg, note } => Figure {
                title: title.clone(),
                svg: Some(svg.clone()),
                notes: vec![note.clone()],
            }
            .value(),
        })
    }
}

/// Every template, all of them escaping what they are given.
fn templates() -> Result<Environment<'static>, Error> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.add_template("page.html", include_str!("template/page.html"))?;
    templates.add_template("heat.svg", include_str!("template/heat.svg"))?;
    templates.add_template("bars.svg", include_str!("template/bars.svg"))?;
    templates.add_template("forest.svg", include_str!("template/forest.svg"))?;
    Ok(templates)
}
