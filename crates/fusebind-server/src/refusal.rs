//! Why a request or a row is refused: what is wrong, where, and what helps.
//!
//! Comes in: a kind and a reason. Goes out: a response, or the `error` of a row.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A refused request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    /// A word for programs.
    code: &'static str,
    /// What is wrong.
    reason: String,
    /// What helps.
    remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Limit>,
}

/// A bound that was passed, under its name in `limits` of `/v1/model`.
#[derive(Debug, Clone, Copy, Serialize)]
struct Limit {
    name: &'static str,
    value: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a Refusal,
}

/// Why one row has no answer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RowFault {
    /// Field that is wrong.
    pub(crate) field: String,
    /// What is wrong.
    pub(crate) reason: String,
    /// What helps.
    pub(crate) remedy: String,
}

impl RowFault {
    pub(crate) fn new(field: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            reason: reason.into(),
            remedy: remedy.into(),
            limit: None,
        }
    }

    /// A body that cannot be understood.
    pub(crate) fn malformed(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", reason, remedy)
    }

    /// Something that is not there.
    pub(crate) fn unknown(what: &str, remedy: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", what, remedy)
    }

    /// More than the limit called `name` allows.
    pub(crate) fn beyond(name: &'static str, value: usize, reason: impl Into<String>, remedy: &str) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", reason, remedy).limited(name, value)
    }

    /// Too much at this moment.
    pub(crate) fn busy(name: &'static str, value: usize, reason: &str) -> Self {
        let remedy = "try again in a moment, with fewer requests at once";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", reason, remedy).limited(name, value)
    }

    /// A fault of the program.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server failed at this request",
            "report it, with the line of the log that has this request",
        )
    }

    pub(crate) fn limited(mut self, name: &'static str, value: usize) -> Self {
        let value = value as u64;
        self.limit = Some(Limit { name, value });
        self
    }

    /// As the text of an object.
    pub(crate) fn text(&self) -> String {
        // A struct of texts and numbers cannot fail to become JSON.
        serde_json::to_string(&Body { error: self }).unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.text()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
