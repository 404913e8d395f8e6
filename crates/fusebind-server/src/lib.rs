//! Predictions over HTTP, and the page that shows them. It contains no trainer.
//!
//! Comes in: a model and a [`ServerConfig`]. Goes out: a server ([`serve`]), or its routes alone ([`router`]), which tests call without a
//! socket. In the order in which a request travels: `connection` takes it, `guard` looks at host and token, `trace` counts it, `body` reads it within
//! limits, `input` turns it into rows, `engine` predicts the rows of all waiting requests in one call, `answer` writes them. What takes
//! longer is a job (`jobs`, `work`).

#![forbid(unsafe_code)]

mod answer;
mod app;
mod arrow;
mod body;
mod config;
mod connection;
mod engine;
mod explain;
mod gate;
mod guard;
mod id;
mod input;
mod jobs;
mod log;
mod metrics;
mod page;
mod places;
mod predict;
mod reader;
mod refusal;
mod routes;
mod rows;
mod screen;
mod table;
mod trace;
mod wire;
mod work;

pub use app::{App, OpenError};
pub use config::{Limits, ServerConfig};
pub use connection::{serve, signal};
pub use routes::router;
