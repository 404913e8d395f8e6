//! `POST /v1/predict`: predictions at once, or as a job.
//!
//! Comes in: JSON or a table of pairs. Goes out: one result for each row, in order.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fusebind_predict::{Model, Pair};
use tokio::time::timeout;

use crate::{
    answer::{self, sequence},
    app::App,
    arrow,
    body::{self, Kind, Read},
    engine, id,
    jobs::{Job, Key, NewJob},
    refusal::Refusal,
    rows::{Asked, Row},
    table as tables,
    trace::Rows,
    wire::Body,
};

/// Most letters of an idempotency key.
const KEY_LETTERS: usize = 200;

/// Limits of rows, and the name of the one that counts.
pub(crate) type Most = (usize, &'static str);

/// Answers the request.
pub(crate) async fn predict(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    let headers = request.headers().clone();
    let limits = app.config.limits;
    if is_job(&headers) {
        let read = body::read(&app, request).await?;
        let key = key(&headers, "predict", &read.bytes)?;
        if let Some(known) = app.jobs.known(key.as_ref())? {
            return Ok(accepted(&known));
        }
        let asked = asked(&app, &read, (limits.job_rows, "job_rows")).await?;
        return submit(app.clone(), asked, key);
    }
    let wanted = body::wanted(&headers);
    let work = async {
        let read = body::read(&app, request).await?;
        let asked = asked(&app, &read, (limits.rows, "rows")).await?;
        let pairs: Vec<Pair> = asked
            .rows
            .iter()
            .filter_map(|row| row.pair.as_ref().ok().cloned())
            .collect();
        let predictions = app.engine.predict(pairs).await?;
        let own = app.clone();
        blocking(move || {
            let rows: Vec<&Row> = asked.rows.iter().collect();
            let lines = answer::lines(own.engine.model(), &rows, &predictions, |_, pair| {
                sequence(asked.sequences, pair)
            });
            let header = answer::header(own.engine.model(), &[]);
            respond(
                own.engine.model(),
                (&lines, predictions.len()),
                (wanted, header),
                &asked.notes,
            )
        })
        .await?
    };
    within(&app, work).await
}

/// Gives a request up after the time that it has.
pub(crate) async fn within<T>(app: &App, work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let limit = app.config.limits.answer();
    timeout(limit, work).await.unwrap_or_else(|_| {
        let reason = "the answer took too long";
        let remedy = "send fewer rows, or ask for a job with the header `Prefer: respond-async`";
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "limit", reason, remedy);
        Err(refusal.limited("answer_seconds", limit.as_secs() as usize))
    })
}

/// Does work that takes a while, beside the threads that serve.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::internal())
}

/// The rows of a body.
pub(crate) async fn asked(app: &Arc<App>, read: &Read<'_>, (most, limit): Most) -> Result<Asked, Refusal> {
    let (app, kind, bytes) = (app.clone(), read.kind, read.bytes.clone());
    blocking(move || match kind {
        Kind::Csv => tables::pairs(app.reader(), bytes.to_vec(), most, limit),
        Kind::Arrow => {
            let letters = app.config.limits.body_bytes;
            tables::pairs_of_table(app.reader(), arrow::table(&bytes, (most, limit), letters)?)
        }
        Kind::Json => {
            let body = Body::parse(&bytes)?;
            body.refuse_screening()?;
            app.reader().pairs(body, most, limit)
        }
    })
    .await?
}

/// Whether the client asks for a job (RFC 7240).
pub(crate) fn is_job(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case("respond-async"))
}

/// Hashes of the idempotency key and of the body, where the client sent a key.
pub(crate) fn key(headers: &HeaderMap, kind: &str, body: &Bytes) -> Result<Option<Key>, Refusal> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > KEY_LETTERS {
        let remedy = format!("use 1 to {KEY_LETTERS} letters, for instance a UUID");
        return Err(Refusal::malformed("the Idempotency-Key is empty or too long", remedy));
    }
    let csv = headers
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    let whole = [kind.as_bytes(), csv, &id::hash(body)].join(&0);
    Ok(Some(Key {
        name: id::hash(key.as_bytes()),
        body: id::hash(&whole),
    }))
}

/// The answer that names a job.
pub(crate) fn accepted(job: &Job) -> Response {
    let mut response = json(StatusCode::ACCEPTED, job.progress());
    if let Ok(place) = HeaderValue::from_str(&format!("/v1/jobs/{}", job.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

pub(crate) fn json(status: StatusCode, text: String) -> Response {
    typed(status, text, "application/json")
}

pub(crate) fn typed(status: StatusCode, content: impl IntoResponse, kind: &'static str) -> Response {
    let kind: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, kind)];
    (status, kind, content).into_response()
}

/// Lines of results, and how many of them are predictions, as one answer: a table with the columns of a header, or an object.
pub(crate) fn respond(
    model: &Model,
    (lines, predicted): (&[String], usize),
    (wanted, header): (Kind, Vec<String>),
    notes: &[String],
) -> Result<Response, Refusal> {
    let rejected = lines.len() - predicted;
    let mut response = match table(model, lines, (wanted, &header))? {
        Some(table) => table,
        None => {
            let notes = serde_json::Value::from(notes.to_vec());
            let text = format!(
                "{{\"results\":[{}],\"predicted\":{predicted},\"rejected\":{rejected},\"notes\":{notes}}}",
                lines.join(",")
            );
            json(StatusCode::OK, text)
        }
    };
    response.extensions_mut().insert(Rows { predicted, rejected });
    Ok(response)
}

/// Lines of results as the table that is wanted; none where it is JSON.
pub(crate) fn table(
    model: &Model,
    lines: &[String],
    (wanted, header): (Kind, &[String]),
) -> Result<Option<Response>, Refusal> {
    Ok(match wanted {
        Kind::Json => None,
        Kind::Csv => {
            let table = answer::csv(header, lines.iter().map(String::as_str));
            Some(typed(StatusCode::OK, table, "text/csv; charset=utf-8"))
        }
        Kind::Arrow => {
            let stream = arrow::stream(model, header, lines)?;
            Some(typed(StatusCode::OK, stream, arrow::MEDIA_TYPE))
        }
    })
}

fn submit(app: Arc<App>, asked: Asked, key: Option<Key>) -> Result<Response, Refusal> {
    let own = app.clone();
    let (total, rows, sequences) = (asked.rows.len(), asked.rows, asked.sequences);
    let task = move |job: &Job| {
        for rows in rows.chunks(engine::MOST) {
            if job.is_cancelled() {
                return;
            }
            let rows: Vec<&Row> = rows.iter().collect();
            let pairs: Vec<Pair> = rows.iter().filter_map(|row| row.pair.as_ref().ok().cloned()).collect();
            let predictions = own.engine.patient(|model| model.predict(&pairs));
            let lines = answer::lines(own.engine.model(), &rows, &predictions, |_, pair| {
                sequence(sequences, pair)
            });
            job.add(lines, rows.len());
        }
    };
    let job = app.jobs.submit(
        NewJob {
            kind: "predict",
            header: answer::header(app.engine.model(), &[]),
            notes: asked.notes,
            total,
            task: Box::new(task),
        },
        key,
    )?;
    Ok(accepted(&job))
}
