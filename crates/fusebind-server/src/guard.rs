//! Who may ask, and what a browser may do with the answer.
//!
//! Comes in: a request. Goes out: the same request, or a refusal; and a response with the headers that bind browsers. On a loopback address only
//! requests to a loopback name are answered, so that a page of the web cannot reach the server under a name of its own (DNS rebinding). There are
//! no CORS headers: pages of other origins get no answer.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{app::App, id, jobs::stopping, refusal::Refusal};

/// What the page may load: its own files. Drawings are images from data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Refuses what may not be asked, and binds browsers.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

fn check(app: &App, request: &Request) -> Result<(), Refusal> {
    if app.config.host.is_loopback() && !is_loopback_host(request.headers()) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "host",
            "this server answers requests to a loopback address only",
            "ask for http://127.0.0.1, or start the server with --host and a token",
        ));
    }
    let path = request.uri().path();
    let is_open = !path.starts_with("/v1/") && path != "/metrics";
    if !is_open
        && !app
            .token
            .as_ref()
            .is_none_or(|token| has_token(request.headers(), token))
    {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "token",
            "the token is missing or wrong",
            "send the header `Authorization: Bearer TOKEN`",
        ));
    }
    match app.is_stopping() && path.starts_with("/v1/") {
        true => Err(stopping()),
        false => Ok(()),
    }
}

/// Whether the request is for this machine. A request without a host is none of a browser.
fn is_loopback_host(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else {
        return true;
    };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether the token is the right one. Hashes are compared, so that the time tells nothing of it.
fn has_token(headers: &HeaderMap, token: &[u8; 32]) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
    sent.is_some_and(|(_, sent)| id::hash(sent.trim().as_bytes()) == *token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let of = |host: &str| {
            let value = HeaderValue::from_str(host).ok();
            is_loopback_host(&value.into_iter().map(|value| (header::HOST, value)).collect())
        };
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:80"] {
            assert!(of(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil",
            "",
            "[::2]",
            "10.0.0.1",
        ] {
            assert!(!of(host), "{host}");
        }
    }
}
