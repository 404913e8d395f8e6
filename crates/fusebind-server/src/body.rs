//! A body within the limits of size and time.
//!
//! Comes in: a request. Goes out: its bytes and their kind, or a refusal that names the limit.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::{app::App, arrow, places::Client, refusal::Refusal};

/// Bytes up to which a body is read without asking: so many of every connection are no burden, and a client that sends them slowly is in nobody's
/// way.
const SMALL: u64 = 64 << 10;
/// Bytes from which on a body waits for its turn: it takes many times its size while it is read.
const LARGE: usize = 1 << 20;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Csv,
    Arrow,
}

/// A body, with its place among the requests that are worked on, and the turn of a large one.
pub(crate) struct Read<'a> {
    pub(crate) kind: Kind,
    pub(crate) bytes: Bytes,
    pub(crate) _permits: [Option<SemaphorePermit<'a>>; 3],
}

/// Reads the body of `request`.
pub(crate) async fn read<'a>(app: &'a App, request: Request) -> Result<Read<'a>, Refusal> {
    let kind = kind(request.headers())?;
    let most = app.config.limits.body_bytes;
    let too_large = || {
        let remedy = "send it in parts, or start the server with a larger limit";
        Refusal::beyond(
            "body_bytes",
            most,
            format!("the body has more than {most} bytes"),
            remedy,
        )
    };
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let limits = app.config.limits;
    let is_small = request.body().size_hint().upper().is_some_and(|most| most <= SMALL);
    let body = match is_small {
        true => None,
        false => Some(place(
            &app.bodies,
            ("bodies", limits.bodies),
            "too many long bodies are read",
        )?),
    };
    let client = request.extensions().get::<Arc<Client>>().cloned();
    let limit = limits.read();
    let late = || {
        let reason = "the body did not come in time";
        let refusal = Refusal::new(StatusCode::REQUEST_TIMEOUT, "limit", reason, "send it in smaller parts");
        refusal.limited("read_seconds", limit.as_secs() as usize)
    };
    let bytes = timeout(limit, bytes(request.into_body(), most))
        .await
        .map_err(|_| late())??;
    let bytes = bytes.ok_or_else(too_large)?;
    if let Some(client) = client {
        client.has_asked();
    }
    let work = place(
        &app.requests,
        ("requests", limits.requests),
        "too many requests are worked on",
    )?;
    let turn = match bytes.len() > LARGE {
        true => app.large.acquire().await.ok(),
        false => None,
    };
    Ok(Read {
        kind,
        bytes,
        _permits: [body, Some(work), turn],
    })
}

/// One of the places that a limit names, where one is free.
fn place<'a>(
    places: &'a Semaphore,
    (limit, most): (&'static str, usize),
    reason: &str,
) -> Result<SemaphorePermit<'a>, Refusal> {
    places.try_acquire().map_err(|_| Refusal::busy(limit, most, reason))
}

/// All bytes; none where they are too many.
async fn bytes(body: Body, most: usize) -> Result<Option<Bytes>, Refusal> {
    match to_bytes(body, most).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) => {
            let is_long = std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |e| e.source())
                .any(|e| e.to_string().contains("length limit exceeded"));
            match is_long {
                true => Ok(None),
                false => Err(Refusal::malformed("the body broke off", "send it again")),
            }
        }
    }
}

/// JSON, CSV or Arrow. A kind that a page of another origin may send without asking is refused.
fn kind(headers: &HeaderMap) -> Result<Kind, Refusal> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let plain = sent
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match plain.as_str() {
        "application/json" => Ok(Kind::Json),
        "text/csv" => Ok(Kind::Csv),
        arrow::MEDIA_TYPE => Ok(Kind::Arrow),
        _ => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type",
            "the body is neither JSON nor CSV nor an Arrow stream by its Content-Type",
            "send `Content-Type: application/json`, `text/csv` or `application/vnd.apache.arrow.stream`",
        )),
    }
}

/// How the client wants the answer: the first kind of table that it accepts, else JSON.
pub(crate) fn wanted(headers: &HeaderMap) -> Kind {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kinds = accepted.split(',').filter_map(|kind| kind.split(';').next());
    let table = kinds.filter_map(|kind| match kind.trim() {
        "text/csv" => Some(Kind::Csv),
        arrow::MEDIA_TYPE => Some(Kind::Arrow),
        "application/json" => Some(Kind::Json),
        _ => None,
    });
    table.into_iter().next().unwrap_or(Kind::Json)
}
