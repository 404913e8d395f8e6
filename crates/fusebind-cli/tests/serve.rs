//! The server: every endpoint, limits, tokens, jobs, damaged bodies, and the end. Most tests call the routes without a socket.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

#[path = "serve/arrow.rs"]
mod arrow;
#[path = "serve/client.rs"]
mod client;
#[path = "serve/encoders.rs"]
mod encoders;
#[path = "serve/endpoints.rs"]
mod endpoints;
#[path = "serve/jobs.rs"]
mod jobs;
#[path = "serve/program.rs"]
mod program;
#[path = "serve/refusals.rs"]
mod refusals;
#[path = "serve/slow.rs"]
mod slow;
