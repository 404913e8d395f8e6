//! What is refused, and why. Whatever is sent, the server itself never fails.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::client::{Answer, Client, config};

fn post(path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header("content-type", kind)
        .body(body.into())
        .unwrap()
}

fn limit(answer: &Answer) -> String {
    assert_eq!(answer.code(), "limit", "{}", answer.text);
    answer.json()["error"]["limit"]["name"].as_str().unwrap().to_string()
}

#[tokio::test]
async fn bodies_that_are_not_what_is_asked_for_are_refused() {
    let client = Client::new();
    let long = format!("{{\"pairs\":{}", "[".repeat(100_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"pairs\": 1}",
        "{\"pairs\": [], \"targets\": []}",
        "{\"paris\": []}",
        "\u{1f}",
        &long,
    ] {
        let answer = client
            .send(post("/v1/predict", "application/json", body.to_string()))
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "malformed"),
            "{body:.20}"
        );
    }
    for body in [
        json!({ "compounds": 1, "targets": [] }),
        json!({ "compounds": { "text": 1 }, "targets": [] }),
        json!({ "compounds": { "text": "CCO", "file": "/etc/passwd" }, "targets": [] }),
        json!({ "compounds": { "text": "" }, "targets": [] }),
        json!({ "compounds": { "text": "PK\u{3}\u{4}" }, "targets": [] }),
        json!({ "pairs": [], "top": 3 }),
    ] {
        let answer = client.post("/v1/predict", &body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "malformed"),
            "{body}"
        );
    }
    for top in [json!(0), json!(1_000_000_000)] {
        let body = json!({ "compounds": [{ "smiles": "C" }], "targets": [{ "sequence": "MKTAYIAKQR" }], "top": top });
        assert_eq!(client.post("/v1/screen", &body).await.status, StatusCode::BAD_REQUEST);
    }
    for kind in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let answer = client.send(post("/v1/predict", kind, "{}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type")
        );
    }
    let table = client.send(post("/v1/predict", "text/csv", "name,value\na,1\n")).await;
    assert_eq!(table.status, StatusCode::BAD_REQUEST);
    assert_eq!(client.get("/v1/predict").await.code(), "method");
    assert_eq!(client.get("/v1/nothing").await.code(), "not_found");
    assert_eq!(
        client.get("/v1/jobs/none/results?offset=-1").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn every_limit_is_named() {
    let mut config = config();
    config.limits.body_bytes = 4000;
    config.limits.rows = 3;
    config.limits.job_rows = 5;
    config.limits.explained = 1;
    config.limits.smiles_letters = 10;
    config.limits.sequence_letters = 20;
    config.limits.id_letters = 4;
    config.limits.side_values = 3;
    config.limits.waiting_pairs = 2;
    let client = Client::with(config);
    let pair = json!({ "smiles": "CCO", "sequence": "MKTAYIAKQR" });
    let pairs = |count: usize| json!({ "pairs": vec![pair.clone(); count] });
    assert_eq!(limit(&client.post("/v1/predict", &pairs(4)).await), "rows");
    assert_eq!(
        limit(
            &client
                .post_with("/v1/predict", &pairs(6), &[("prefer", "respond-async")])
                .await
        ),
        "job_rows"
    );
    assert_eq!(limit(&client.post("/v1/explain", &pairs(2)).await), "explained");
    let product = json!({ "compounds": vec![json!({ "smiles": "C" }); 2], "targets": vec![json!({ "sequence": "MKTAYIAKQR" }); 2] });
    assert_eq!(limit(&client.post("/v1/predict", &product).await), "rows");
    let busy = client.post("/v1/predict", &pairs(3)).await;
    assert_eq!(
        (busy.status, busy.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "busy")
    );
    let large = client
        .send(post("/v1/predict", "application/json", " ".repeat(5000)))
        .await;
    assert_eq!(
        (large.status, limit(&large).as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "body_bytes")
    );
    let table = format!("smiles,sequence\n{}", "CCO,MKTAYIAKQR\n".repeat(9));
    assert_eq!(
        limit(&client.send(post("/v1/predict", "text/csv", table)).await),
        "rows"
    );
    for (field, value) in [
        ("smiles", json!("C".repeat(11))),
        ("sequence", json!("M".repeat(21))),
        ("id", json!("12345")),
        ("drug_side", json!({ "texts": ["long"] })),
    ] {
        let mut row = pair.clone();
        row[field] = value;
        let answer = client.post("/v1/predict", &json!({ "pairs": [row] })).await.json();
        assert_eq!(answer["results"][0]["error"]["field"], field);
        assert!(
            answer["results"][0]["error"]["reason"]
                .as_str()
                .unwrap()
                .contains("limit"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_token_opens_the_api_and_nothing_else_does() {
    let mut config = config();
    config.token = Some("a-long-random-token".into());
    let client = Client::with(config.clone());
    let get = |path: &str, token: Option<&str>| {
        let request = Request::get(path);
        let request = match token {
            Some(token) => request.header("authorization", token),
            None => request,
        };
        client.send(request.body(Body::empty()).unwrap())
    };
    for token in [
        None,
        Some("Bearer"),
        Some("Bearer wrong"),
        Some("a-long-random-token"),
        Some("Bearer a-long-random-token2"),
    ] {
        for path in ["/v1/model", "/metrics", "/v1/targets", "/v1/jobs/x"] {
            let answer = get(path, token).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::UNAUTHORIZED, "token"),
                "{path}"
            );
        }
    }
    assert_eq!(
        get("/v1/model", Some("bearer a-long-random-token")).await.status,
        StatusCode::OK
    );
    // The page holds no secret, and asks for the token itself.
    for path in ["/", "/health", "/docs", "/openapi.json"] {
        assert_eq!(get(path, None).await.status, StatusCode::OK, "{path}");
    }
    config.host = [0, 0, 0, 0].into();
    for token in [None, Some(""), Some("short")] {
        config.token = token.map(String::from);
        assert!(fusebind_server::App::open(super::client::run(), config.clone()).is_err());
    }
}

#[tokio::test]
async fn pages_of_other_names_and_origins_get_nothing() {
    let client = Client::new();
    let host = |name: &str| {
        Request::get("/v1/model")
            .header("host", name)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(client.send(host("evil.example:8080")).await.code(), "host");
    assert_eq!(client.send(host("127.0.0.1:8080")).await.status, StatusCode::OK);
    let asked = Request::builder()
        .method(Method::OPTIONS)
        .uri("/v1/predict")
        .header("origin", "http://evil.example");
    let answer = client
        .send(
            asked
                .header("access-control-request-method", "POST")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(
        answer
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
}

/// Values that look like what is asked for, and others.
fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("smiles"),
        Just("sequence"),
        Just("id"),
        Just("drug_side"),
        Just("pairs"),
        Just("compounds"),
        Just("targets"),
        Just("text"),
        Just("name"),
        Just("texts"),
        Just("top"),
        Just("inside"),
        Just("CCO"),
        Just("MKTAYIAKQR"),
        Just(""),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let entries = prop::collection::vec((word.clone(), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            entries.prop_map(|all| all.into_iter().map(|(name, value)| (name.to_string(), value)).collect()),
        ]
    })
}

#[test]
fn whatever_is_sent_the_server_does_not_fail() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(async { Client::new() });
    let paths = prop_oneof![Just("/v1/predict"), Just("/v1/explain"), Just("/v1/screen")];
    let kinds = prop_oneof![Just("application/json"), Just("text/csv")];
    let bytes = prop_oneof![
        value().prop_map(|value| value.to_string().into_bytes()),
        value().prop_map(|value| json!({ "pairs": [value] }).to_string().into_bytes()),
        (value(), value()).prop_map(|(a, b)| json!({ "compounds": [a], "targets": b }).to_string().into_bytes()),
        ("\\PC{0,30}", "\\PC{0,30}").prop_map(|(a, b)| json!({ "compounds": { "text": a }, "targets": { "text": b } })
            .to_string()
            .into_bytes()),
        prop::collection::vec(any::<u8>(), 0..60),
        "smiles,sequence\n\\PC{0,30}".prop_map(String::into_bytes),
    ];
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(path in paths, kind in kinds, bytes in bytes)| {
        let answer = runtime.block_on(client.send(post(path, kind, bytes)));
        let is_busy = answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.code() == "busy";
        prop_assert!(!answer.status.is_server_error() || is_busy, "{}: {}", answer.status, answer.text);
    });
}
