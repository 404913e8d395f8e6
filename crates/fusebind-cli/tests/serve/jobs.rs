//! Jobs: submitted, followed, paged, cancelled, and known again by their key.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use super::client::{Client, config};
use crate::support::{SEQUENCES, SMILES};

const JOB: (&str, &str) = ("prefer", "respond-async");

fn all_with_all() -> Value {
    let compounds: Vec<Value> = SMILES
        .iter()
        .map(|smiles| json!({ "smiles": smiles, "id": smiles }))
        .collect();
    let targets: Vec<Value> = SEQUENCES
        .iter()
        .map(|sequence| json!({ "sequence": sequence }))
        .collect();
    json!({ "compounds": compounds, "targets": targets })
}

/// Results of a job, page by page.
async fn results(client: &Client, job: &Value, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = Some(0);
    while let Some(offset) = next {
        let path = format!(
            "/v1/jobs/{}/results?offset={offset}&limit={limit}",
            job["id"].as_str().unwrap()
        );
        let page = client.get(&path).await.json();
        let rows = page["results"].as_array().unwrap();
        assert!(rows.len() <= limit);
        all.extend(rows.iter().cloned());
        next = page["next"].as_u64();
    }
    all
}

#[tokio::test]
async fn a_job_of_predictions_says_what_the_answer_at_once_says() {
    let client = Client::new();
    let at_once = client.post("/v1/predict", &all_with_all()).await.json();
    let answer = client.post_with("/v1/predict", &all_with_all(), &[JOB]).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let job = answer.json();
    assert_eq!(
        answer.headers["location"],
        format!("/v1/jobs/{}", job["id"].as_str().unwrap())
    );
    let ended = client.ended(&job).await;
    assert_eq!(
        (&ended["status"], &ended["done"], &ended["total"]),
        (&json!("done"), &json!(48), &json!(48))
    );
    assert_eq!(Value::from(results(&client, &job, 7).await), at_once["results"]);
    let path = format!("/v1/jobs/{}/results", job["id"].as_str().unwrap());
    let table = client
        .send(
            Request::get(path)
                .header("accept", "text/csv")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(table.text.lines().count(), 49);
}

#[tokio::test]
async fn a_key_gives_the_same_job_and_another_body_is_refused() {
    let client = Client::new();
    let key = ("idempotency-key", "8f0c");
    let first = client
        .post_with("/v1/predict", &all_with_all(), &[JOB, key])
        .await
        .json();
    let again = client
        .post_with("/v1/predict", &all_with_all(), &[JOB, key])
        .await
        .json();
    assert_eq!(first["id"], again["id"]);
    let other = client.post_with("/v1/screen", &all_with_all(), &[key]).await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (StatusCode::CONFLICT, "idempotency")
    );
    let fresh = client.post_with("/v1/predict", &all_with_all(), &[JOB]).await.json();
    assert_ne!(first["id"], fresh["id"]);
    let long = "k".repeat(500);
    let long = client
        .post_with("/v1/predict", &all_with_all(), &[JOB, ("idempotency-key", &long)])
        .await;
    assert_eq!(long.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_screening_keeps_the_best_of_each_protein() {
    let client = Client::new();
    let all = client.post("/v1/predict", &all_with_all()).await.json();
    let mut body = all_with_all();
    body["top"] = json!(3);
    let broken = json!({ "smiles": "C(" });
    body["compounds"].as_array_mut().unwrap().push(broken);
    let job = client.post("/v1/screen", &body).await.json();
    let ended = client.ended(&job).await;
    assert_eq!(
        (&ended["status"], &ended["done"]),
        (&json!("done"), &json!(9)),
        "{ended}"
    );
    let found = results(&client, &job, 100).await;
    assert_eq!(found[0]["error"]["field"], "smiles");
    assert_eq!(found.len(), 1 + 3 * SEQUENCES.len());
    for target in 1..=SEQUENCES.len() as u64 {
        let of = |row: &&Value| row["target_row"] == json!(target);
        let mut best: Vec<&Value> = all["results"].as_array().unwrap().iter().filter(of).collect();
        best.sort_by(|a, b| {
            b["prediction"]
                .as_f64()
                .unwrap()
                .total_cmp(&a["prediction"].as_f64().unwrap())
        });
        let hits: Vec<&Value> = found.iter().filter(of).collect();
        for (at, hit) in hits.iter().enumerate() {
            assert_eq!(hit["rank"], json!(at + 1));
            assert_eq!(hit["prediction"].to_string(), best[at]["prediction"].to_string());
            assert!(hit["known"].is_boolean());
        }
    }
}

#[tokio::test]
async fn explanations_are_a_job_too_and_no_table() {
    let client = Client::new();
    let body = json!({ "pairs": [{ "smiles": "CCO", "sequence": "MKTAYIAKQR" }, { "smiles": "", "sequence": "" }] });
    let job = client.post_with("/v1/explain", &body, &[JOB]).await.json();
    assert_eq!(client.ended(&job).await["status"], "done");
    let found = results(&client, &job, 10).await;
    assert!(found[0]["explanation"]["unit"] == "pKd" && found[1]["error"].is_object());
    let path = format!("/v1/jobs/{}/results", job["id"].as_str().unwrap());
    let table = client
        .send(
            Request::get(path)
                .header("accept", "text/csv")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(table.status, StatusCode::NOT_ACCEPTABLE);
}

/// So many explanations that the job is not over before it is cancelled.
fn long_job() -> Value {
    let pairs: Vec<Value> = (0..200)
        .map(|at| json!({ "smiles": format!("{}O", "C".repeat(20 + at % 40)), "sequence": SEQUENCES[0] }))
        .collect();
    json!({ "pairs": pairs })
}

#[tokio::test]
async fn a_job_that_is_cancelled_stops_and_the_next_one_runs() {
    let client = Client::new();
    let long = client.post_with("/v1/explain", &long_job(), &[JOB]).await.json();
    let waiting = client.post_with("/v1/explain", &long_job(), &[JOB]).await.json();
    let last = client.post_with("/v1/predict", &all_with_all(), &[JOB]).await.json();
    for job in [&waiting, &long] {
        let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        let answer = client.send(Request::delete(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(client.ended(&waiting).await["status"], "cancelled");
    let ended = client.ended(&long).await;
    assert!(
        ended["status"] == "cancelled" && ended["done"].as_u64() < Some(200),
        "{ended}"
    );
    assert_eq!(client.ended(&last).await["status"], "done");
}

#[tokio::test]
async fn jobs_are_forgotten_and_too_many_are_refused() {
    let mut config = config();
    config.limits.kept_jobs = 2;
    config.limits.waiting_jobs = 1;
    let client = Client::with(config);
    let mut names = Vec::new();
    for _ in 0..3 {
        let job = client.post_with("/v1/predict", &all_with_all(), &[JOB]).await.json();
        client.ended(&job).await;
        names.push(format!("/v1/jobs/{}", job["id"].as_str().unwrap()));
    }
    assert_eq!(client.get(&names[0]).await.status, StatusCode::NOT_FOUND);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.post_with("/v1/explain", &long_job(), &[JOB]).await);
    }
    let refused = statuses
        .iter()
        .find(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE)
        .unwrap();
    assert_eq!(refused.json()["error"]["limit"]["name"], "waiting_jobs");
}

#[tokio::test]
async fn results_go_to_a_folder_where_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    config.results = Some(folder.path().join("results"));
    let client = Client::with(config);
    let job = client.post_with("/v1/predict", &all_with_all(), &[JOB]).await.json();
    client.ended(&job).await;
    let name = format!("results/predict-{}.jsonl", job["id"].as_str().unwrap());
    let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, results(&client, &job, 100).await);
}
