//! Counts and logs requests.
//!
//! Comes in: a request on its way. Goes out: its response, with `x-request-id`, which is also in the log.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use serde_json::{Value, json};

use crate::{app::App, id};

/// Rows of a response, for the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) predicted: usize,
    pub(crate) rejected: usize,
}

/// Counts and logs every request.
pub(crate) async fn requests(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = id::secret();
    let method = request.method().clone();
    // The pattern, not the path: a path may hold the name of a job.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str)
        .to_string();
    let mut response = next.run(request).await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    app.metrics.request(&route, status, took);
    let rows = response.extensions().get::<Rows>().copied();
    if let Some(rows) = rows {
        app.metrics.rejected(rows.rejected);
    }
    let mut fields = json!({
        "request": id,
        "method": method.as_str(),
        "route": route,
        "status": status,
        "ms": (took.as_secs_f64() * 1e6).round() / 1e3,
    });
    if let (Value::Object(fields), Some(rows)) = (&mut fields, rows) {
        fields.insert("predicted".into(), rows.predicted.into());
        fields.insert("rejected".into(), rows.rejected.into());
    }
    app.log.event("request", fields);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
