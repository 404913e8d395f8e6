//! A trained model, a server of it, and a client that needs no socket.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use fusebind_server::{App, Limits, ServerConfig, router};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::support::{fusebind, text, write_training};

/// The run folder of a model that all tests share.
pub fn run() -> &'static Path {
    static RUN: OnceLock<(TempDir, std::path::PathBuf)> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        write_training(folder.path());
        let output = fusebind(
            &[
                "train",
                "small.toml",
                "--data",
                "train.csv",
                "--split",
                "split",
                "--out",
                "run",
            ],
            folder.path(),
        );
        assert!(output.status.success(), "{}", text(&output.stderr));
        let run = folder.path().join("run");
        (folder, run)
    };
    &RUN.get_or_init(make).1
}

/// A server on a loopback address, as far as it knows.
pub fn config() -> ServerConfig {
    ServerConfig {
        host: [127, 0, 0, 1].into(),
        port: 0,
        token: None,
        results: None,
        encoders: Default::default(),
        logs: false,
        limits: Limits::default(),
    }
}

/// A client of a server of its own.
#[derive(Clone)]
pub struct Client {
    pub app: Arc<App>,
    routes: Router,
}

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The word for programs of a refusal; every one has a reason and a remedy.
    pub fn code(&self) -> String {
        let error = self.json()["error"].clone();
        for field in ["reason", "remedy"] {
            assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        }
        error["code"].as_str().unwrap().to_string()
    }
}

impl Client {
    pub fn new() -> Self {
        Self::with(config())
    }

    pub fn with(config: ServerConfig) -> Self {
        Self::of_run(run(), config)
    }

    pub fn of_run(run: &Path, config: ServerConfig) -> Self {
        let app = App::open(run, config).unwrap();
        let routes = router(app.clone());
        Self { app, routes }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Status, media type and bytes.
    pub async fn send_bytes(&self, request: Request<Body>) -> (StatusCode, String, Vec<u8>) {
        let (parts, body) = self.routes.clone().oneshot(request).await.unwrap().into_parts();
        let kind = parts
            .headers
            .get("content-type")
            .map(|kind| kind.to_str().unwrap().to_string());
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, kind.unwrap_or_default(), bytes.to_vec())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, body, &[]).await
    }

    pub async fn post_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Waits for the end of a job.
    pub async fn ended(&self, job: &Value) -> Value {
        let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        loop {
            let now = self.get(&path).await.json();
            if !["waiting", "running"].contains(&now["status"].as_str().unwrap()) {
                return now;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}
