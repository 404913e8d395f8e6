//! The page and the documentation of the API, which the program carries with it.

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderName, header},
    response::IntoResponse,
    routing::get,
};

use crate::app::App;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Address, kind and content of each file. There is no build step: a browser reads the modules as they are.
const FILES: [(&str, &str, &str); 13] = [
    ("/", HTML, include_str!("../page/index.html")),
    ("/docs", HTML, include_str!("../page/docs.html")),
    (
        "/style.css",
        "text/css; charset=utf-8",
        include_str!("../page/style.css"),
    ),
    ("/icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
    (
        "/openapi.json",
        "application/json",
        include_str!("../page/openapi.json"),
    ),
    ("/main.js", SCRIPT, include_str!("../page/main.js")),
    ("/api.js", SCRIPT, include_str!("../page/api.js")),
    ("/input.js", SCRIPT, include_str!("../page/input.js")),
    ("/dom.js", SCRIPT, include_str!("../page/dom.js")),
    ("/table.js", SCRIPT, include_str!("../page/table.js")),
    ("/why.js", SCRIPT, include_str!("../page/why.js")),
    ("/docs.js", SCRIPT, include_str!("../page/docs.js")),
    // Browsers ask for it whatever the page says.
    ("/favicon.ico", "image/svg+xml", include_str!("../page/icon.svg")),
];

/// Their routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    FILES.iter().fold(Router::new(), |routes, (path, kind, content)| {
        let kind: [(HeaderName, &str); 2] = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
        routes.route(path, get(move || async move { (kind, *content).into_response() }))
    })
}
