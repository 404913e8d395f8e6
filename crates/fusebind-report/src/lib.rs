//! Results of sweeps and ablations as one HTML page that opens offline: no script, no font, no address to load.
//!
//! Comes in: names and numbers in the order of the page ([`Page`], [`Section`], [`Block`]). Goes out: the page, the same bytes for
//! the same input. A value that is not finite is left out and counted in a note under its chart; it is never drawn as zero.
//!
//! ```
//! use fusebind_report::{Block, Forest, Interval, Page, Section};
//! let chart = Forest {
//!     title: "Without one modality".into(),
//!     x: "AUROC, ablated minus full".into(),
//!     rows: vec![Interval { name: "no sequence".into(), value: -0.06, low: -0.08, high: -0.04 }],
//!     zero: 0.0,
//! };
//! let section = Section { title: "Ablations".into(), blocks: vec![Block::Forest(chart)] };
//! let page = Page { title: "Robustness".into(), summary: vec![], sections: vec![section] };
//! assert!(page.render()?.contains("-0.060 [-0.080, -0.040]"));
//! # Ok::<(), fusebind_report::Error>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bars;
mod chart;
mod curves;
mod error;
mod figure;
mod forest;
mod gallery;
mod heat;
mod page;
mod plot;
mod scale;
mod table;

pub use bars::Histogram;
pub use chart::{Axis, Curves, Point, Series};
pub use error::{Error, ErrorKind};
pub use forest::{Forest, Interval};
pub use gallery::{Card, Gallery};
pub use heat::Heat;
pub use page::{Block, Page, Section};
pub use table::Table;
