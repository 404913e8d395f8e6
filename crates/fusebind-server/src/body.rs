//! A body within the limits of size and time.
//!
//! Comes in: a request. Goes out: its bytes and their kind, or a refusal that names the limit.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use tokio::{sync::SemaphorePermit, time::timeout};

use crate::{app::App, arrow, refusal::Refusal};

/// Bytes from which on a body waits for its turn: it takes many times its size while it is read.
const LARGE: usize = 1 << 20;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Csv,
    Arrow,
}

/// A body, and the turn of a large one.
pub(crate) struct Read<'a> {
    pub(crate) kind: Kind,
    pub(crate) bytes: Bytes,
    pub(crate) _turn: Option<SemaphorePermit<'a>>,
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
    let limit = app.config.limits.read();
    let late = || {
        let reason = "the body did not come in time";
        let refusal = Refusal::new(StatusCode::REQUEST_TIMEOUT, "limit", reason, "send it in smaller parts");
        refusal.limited("read_seconds", limit.as_secs() as usize)
    };
    let bytes = timeout(limit, bytes(request.into_body(), most))
        .await
        .map_err(|_| late())??;
    let bytes = bytes.ok_or_else(too_large)?;
    let turn = match bytes.len() > LARGE {
        true => app.large.acquire().await.ok(),
        false => None,
    };
    Ok(Read {
        kind,
        bytes,
        _turn: turn,
    })
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
