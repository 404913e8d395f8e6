//! Which address does what.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    middleware::from_fn_with_state,
    response::Response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    answer,
    app::App,
    body::{Kind, wanted},
    explain::explain,
    guard,
    metrics::Gauges,
    page,
    predict::{json, predict, table, typed},
    refusal::Refusal,
    screen::screen,
    trace,
};

/// Rows of a page of results where the client says nothing, and at most.
const PAGE: usize = 1_000;
const LARGEST_PAGE: usize = 100_000;
/// Proteins of training in one answer.
const LISTED: usize = 50;

/// The routes of a server.
pub fn router(app: Arc<App>) -> Router {
    page::routes()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/v1/model", get(model))
        .route("/v1/targets", get(targets))
        .route("/v1/predict", post(predict))
        .route("/v1/explain", post(explain))
        .route("/v1/screen", post(screen))
        .route("/v1/jobs/{id}", get(job).delete(cancel))
        .route("/v1/jobs/{id}/results", get(results))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .layer(from_fn_with_state(app.clone(), trace::requests))
        .with_state(app)
}

async fn health(State(app): State<Arc<App>>) -> Response {
    match app.is_stopping() {
        true => json(
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "status": "stopping" }).to_string(),
        ),
        false => json(StatusCode::OK, json!({ "status": "ok" }).to_string()),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let [compounds, proteins] = app.engine.lookups();
    let gauges = Gauges {
        waiting_pairs: app.engine.waiting(),
        jobs: app.jobs.counts(),
        caches: [
            ("compounds", app.caches.compounds.counts()),
            ("proteins", app.caches.targets.counts()),
            ("encoded_compounds", compounds),
            ("encoded_proteins", proteins),
        ],
        uptime: app.started.elapsed(),
    };
    typed(
        StatusCode::OK,
        app.metrics.text(&gauges),
        "text/plain; version=0.0.4; charset=utf-8",
    )
}

/// What the model file holds, the columns of its answers, and the limits.
async fn model(State(app): State<Arc<App>>) -> Response {
    let text = json!({
        "model": app.info,
        "columns": answer::header(app.engine.model(), &[]),
        "limits": app.config.limits,
        "version": env!("CARGO_PKG_VERSION"),
    });
    json(StatusCode::OK, text.to_string())
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    search: String,
}

/// Proteins of training whose names hold a text, for the page to pick from.
async fn targets(State(app): State<Arc<App>>, search: Query<Search>) -> Response {
    let wanted = search.search.to_lowercase();
    let model = app.engine.model();
    let reference = model.trained().neighbours.as_ref();
    let sequences = reference
        .map(|reference| reference.set.targets.keys.as_slice())
        .unwrap_or_default();
    let named = sequences
        .iter()
        .zip(0..)
        .map(|(sequence, at)| (model.training_name(1, at), sequence));
    let found: Vec<_> = named
        .filter(|(name, _)| name.to_lowercase().contains(&wanted))
        .take(LISTED)
        .map(|(name, sequence)| json!({ "id": name, "sequence": sequence }))
        .collect();
    json(
        StatusCode::OK,
        json!({ "targets": found, "known": sequences.len() }).to_string(),
    )
}

async fn job(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Refusal> {
    Ok(json(StatusCode::OK, app.jobs.find(&id)?.progress()))
}

async fn cancel(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let job = app.jobs.find(&id)?;
    job.cancel();
    Ok(json(StatusCode::OK, job.progress()))
}

#[derive(Deserialize)]
struct PageQuery {
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct PageHead {
    offset: usize,
    next: Option<usize>,
    status: crate::jobs::Status,
}

async fn results(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    query: Result<Query<PageQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Query(query) = query.map_err(|_| {
        Refusal::malformed(
            "`offset` and `limit` are whole numbers",
            "leave them out for the first page",
        )
    })?;
    let job = app.jobs.find(&id)?;
    let most = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let (lines, next, status) = job.page(query.offset, most);
    let wanted = wanted(&headers);
    if wanted != Kind::Json {
        if job.header.is_empty() {
            let reason = "explanations are no table";
            let status = StatusCode::NOT_ACCEPTABLE;
            return Err(Refusal::new(status, "accept", reason, "ask for `application/json`"));
        }
        if let Some(table) = table(app.engine.model(), &lines, (wanted, &job.header))? {
            return Ok(table);
        }
    }
    let head = PageHead {
        offset: query.offset,
        next,
        status,
    };
    let head = serde_json::to_string(&head).map_err(|_| Refusal::internal())?;
    let text = format!("{},\"results\":[{}]}}", head.trim_end_matches('}'), lines.join(","));
    Ok(json(StatusCode::OK, text))
}

async fn nothing() -> Refusal {
    Refusal::unknown("there is nothing at this address", "see /docs")
}

async fn wrong_method() -> Refusal {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Refusal::new(status, "method", "this address does not take this method", "see /docs")
}
