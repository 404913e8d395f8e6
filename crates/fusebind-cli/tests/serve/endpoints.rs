//! What is answered when all is well.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use fusebind::{Model, Pair, predict::output};
use serde_json::{Value, json};

use super::client::{Client, config, run};
use crate::support::{SEQUENCES, SMILES, fusebind, text, write_training};

fn pairs() -> Vec<Value> {
    let all = SMILES
        .iter()
        .flat_map(|smiles| SEQUENCES.map(|sequence| (smiles, sequence)));
    all.map(|(smiles, sequence)| json!({ "smiles": smiles, "sequence": sequence }))
        .collect()
}

/// The prediction of the library, in the text of JSON.
fn expected(smiles: &str, sequence: &str) -> String {
    let model = Model::open(run()).unwrap();
    let predictions = model.predict(&[Pair::parse(smiles, sequence).unwrap()]);
    Value::from(predictions[0].affinity[0]).to_string()
}

#[tokio::test]
async fn a_pair_gets_the_prediction_of_the_library_under_its_own_names() {
    let client = Client::new();
    let body = json!({ "pairs": [
        { "id": "p", "drug_id": "<b>d", "target_id": 7, "smiles": "CCO", "sequence": "MKTAYIAKQR" },
        { "smiles": "C(", "sequence": "MKTAYIAKQR", "drug_id": "bad" },
        { "smiles": "CCN", "sequence": "not a protein!" },
        { "smiles": "CCN", "sequence": "MKTAYIAKQR", "smile": "C" },
        5,
    ]});
    let answer = client.post("/v1/predict", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(
        (answer["predicted"].clone(), answer["rejected"].clone()),
        (json!(1), json!(4))
    );
    let first = &answer["results"][0];
    assert_eq!(
        (&first["id"], &first["drug_id"], &first["target_id"], &first["row"]),
        (&json!("p"), &json!("<b>d"), &json!("7"), &json!(1))
    );
    assert_eq!(first["prediction"].to_string(), expected("CCO", "MKTAYIAKQR"));
    assert_eq!(first["unit"], "pKd");
    for (row, field) in [(1, "smiles"), (2, "sequence"), (3, "smile"), (4, "")] {
        let fault = &answer["results"][row];
        assert_eq!(fault["row"], json!(row + 1));
        assert_eq!(fault["error"]["field"], field, "{fault}");
        assert!(
            fault["error"]["remedy"]
                .as_str()
                .is_some_and(|remedy| !remedy.is_empty())
        );
    }
    assert_eq!(answer["results"][1]["drug_id"], "bad");
}

#[tokio::test]
async fn what_was_encoded_before_is_found_and_gets_the_same_bits() {
    let mut small = config();
    small.limits.cached_bytes = 0;
    let (client, forgetful) = (Client::new(), Client::with(small));
    let found = |metrics: &str, cache: &str| -> u64 {
        let name = format!("fusebind_cache_lookups_total{{cache=\"{cache}\",result=\"hit\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap().parse().unwrap()
    };
    for pair in pairs().into_iter().take(8) {
        let body = json!({ "pairs": [pair] });
        let cold = client.post("/v1/predict", &body).await.text;
        assert_eq!(client.post("/v1/predict", &body).await.text, cold);
        assert_eq!(forgetful.post("/v1/predict", &body).await.text, cold);
    }
    let metrics = client.get("/metrics").await.text;
    assert!(found(&metrics, "encoded_compounds") >= 8 && found(&metrics, "encoded_proteins") >= 8);
    assert_eq!(found(&forgetful.get("/metrics").await.text, "encoded_compounds"), 0);
}

#[tokio::test]
async fn requests_at_once_get_the_bits_that_each_gets_alone() {
    let client = Client::new();
    let alone: Vec<String> = {
        let mut all = Vec::new();
        for pair in pairs() {
            all.push(client.post("/v1/predict", &json!({ "pairs": [pair] })).await.text);
        }
        all
    };
    let together = pairs().into_iter().map(|pair| {
        let client = client.clone();
        tokio::spawn(async move { client.post("/v1/predict", &json!({ "pairs": [pair] })).await.text })
    });
    let together: Vec<_> = together.collect();
    for (task, alone) in together.into_iter().zip(&alone) {
        assert_eq!(&task.await.unwrap(), alone);
    }
    let metrics = client.get("/metrics").await.text;
    let count = |name: &str| -> u64 {
        let line = metrics.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert_eq!(count("fusebind_batched_pairs_total"), 2 * alone.len() as u64);
    // In one call, too.
    let all = client.post("/v1/predict", &json!({ "pairs": pairs() })).await.json();
    for (row, alone) in all["results"].as_array().unwrap().iter().zip(&alone) {
        let alone: Value = serde_json::from_str(alone).unwrap();
        assert_eq!(
            row["prediction"].to_string(),
            alone["results"][0]["prediction"].to_string()
        );
    }
}

#[tokio::test]
async fn side_data_change_what_is_read_and_numbers_that_are_none_are_refused() {
    let client = Client::new();
    let body = json!({ "pairs": [
        { "smiles": "CCO", "sequence": "MKTAYIAKQR", "drug_side": { "texts": ["An alcohol."] } },
        { "smiles": "CCO", "sequence": "MKTAYIAKQR", "drug_side": { "assays": { "a": 1e39 } } },
        { "smiles": "CCO", "sequence": "MKTAYIAKQR", "target_side": { "text": [] } },
    ]});
    let answer = client.post("/v1/predict", &body).await.json();
    // This model reads structures alone.
    assert_eq!(
        answer["results"][0]["prediction"].to_string(),
        expected("CCO", "MKTAYIAKQR")
    );
    assert_eq!(answer["results"][1]["error"]["field"], "drug_side");
    assert_eq!(answer["results"][2]["error"]["field"], "target_side");
}

#[tokio::test]
async fn lists_and_files_go_all_with_all() {
    let client = Client::new();
    let body = json!({
        "compounds": { "name": "a.smi", "text": "CCO ethanol\nC( broken\nCCN\n" },
        "targets": { "name": "b.fasta", "text": ">T1\nMKTAYIAKQR\n>T2\nMKTAYIWKQRLL\n" },
        "sequences": true,
    });
    let answer = client.post("/v1/predict", &body).await.json();
    let results = answer["results"].as_array().unwrap();
    let place = |row: &Value| (row["drug_row"].as_u64(), row["target_row"].as_u64());
    let places: Vec<_> = results.iter().map(place).collect();
    let (one, two, three) = (Some(1), Some(2), Some(3));
    assert_eq!(
        places,
        [(one, one), (one, two), (three, one), (three, two), (two, None)]
    );
    assert_eq!(
        (&results[0]["drug_id"], &results[0]["target_id"]),
        (&json!("ethanol"), &json!("T1"))
    );
    assert_eq!(results[1]["sequence"], "MKTAYIWKQRLL");
    assert_eq!(results[4]["error"]["field"], "smiles");
    let listed = json!({
        "compounds": [{ "smiles": "CCO", "id": "ethanol" }],
        "targets": [{ "sequence": "MKTAYIAKQR", "id": "T1" }],
    });
    let listed = client.post("/v1/predict", &listed).await.json();
    assert_eq!(listed["results"][0]["prediction"], results[0]["prediction"]);
}

#[tokio::test]
async fn tables_come_in_and_go_out() {
    let client = Client::new();
    let table =
        "drug_id,smiles,target_id,sequence\na,CCO,T,MKTAYIAKQR\n\"b,\"\"c\",C(,T,MKTAYIAKQR\nd,CCN,T,MKTAYIAKQR\n";
    let request = |accept: &str| {
        let request = Request::post("/v1/predict").header("content-type", "text/csv; charset=utf-8");
        request.header("accept", accept).body(Body::from(table)).unwrap()
    };
    let answer = client.send(request("text/csv")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(&rows[0][at("drug_id")], "a");
    assert_eq!(&rows[1][at("error_field")], "smiles");
    assert!(rows[1][at("prediction")].is_empty() && rows[0][at("error_field")].is_empty());
    assert_eq!(&rows[0][at("prediction")], expected("CCO", "MKTAYIAKQR"));
    // The columns are those of the command line, with the place of the row before and the error behind.
    let model = Model::open(run()).unwrap();
    let own = output::columns(&model, &fusebind::predict::Request::default(), |_| "", &[]);
    for column in own {
        assert!(header.contains(&column.name), "{}", column.name);
    }
    let as_json = client.send(request("application/json")).await.json();
    assert_eq!(
        as_json["results"][2]["prediction"].to_string(),
        rows[2][at("prediction")]
    );
}

#[tokio::test]
async fn an_explanation_has_its_drawing_and_adds_up() {
    let client = Client::new();
    let body = json!({ "pairs": [
        { "smiles": "Cc1ccccc1O", "sequence": "MKTAYIAKQR", "id": "x" },
        { "smiles": "C(", "sequence": "MKTAYIAKQR" },
    ]});
    let answer = client.post("/v1/explain", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let answer = answer.json();
    let row = &answer["results"][0];
    assert_eq!(row["prediction"].to_string(), expected("Cc1ccccc1O", "MKTAYIAKQR"));
    assert!(row["drawing"].as_str().unwrap().starts_with("<svg"));
    assert_eq!((&row["sequence"], &row["id"]), (&json!("MKTAYIAKQR"), &json!("x")));
    let reasons = &row["explanation"];
    let shares = reasons["modalities"]["shares"].as_array().unwrap();
    let sum: f64 = shares.iter().map(|share| share["share"].as_f64().unwrap()).sum();
    let whole = reasons["modalities"]["prior"].as_f64().unwrap() + sum;
    assert!((whole - row["prediction"].as_f64().unwrap()).abs() < 1e-4);
    assert_eq!(reasons["atoms"]["parts"].as_array().unwrap().len(), 8);
    assert!(!reasons["neighbours"].as_array().unwrap().is_empty());
    assert_eq!(answer["results"][1]["error"]["field"], "smiles");
}

#[tokio::test]
async fn the_server_tells_of_itself() {
    let client = Client::new();
    assert_eq!(client.get("/health").await.json(), json!({ "status": "ok" }));
    let model = client.get("/v1/model").await.json();
    assert_eq!(model["model"]["task"], "affinity");
    assert!(model["columns"].as_array().unwrap().contains(&json!("prediction")));
    assert_eq!(model["limits"]["rows"], 10_000);
    let targets = client.get("/v1/targets?search=mktayiw").await.json();
    assert_eq!(targets["known"], 6, "{targets}");
    let sequences: Vec<&str> = targets["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["sequence"].as_str().unwrap())
        .collect();
    assert_eq!(sequences, ["MKTAYIWKQRLL"]);
    client.get("/v1/jobs/secret-name").await;
    client.get("/nowhere/secret-name").await;
    let metrics = client.get("/metrics").await.text;
    assert!(
        metrics.contains("fusebind_requests_total{route=\"/health\",status=\"200\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("{route=\"/v1/jobs/{id}\",status=\"404\"}") && !metrics.contains("secret-name"));
    client.app.stop();
    assert_eq!(client.get("/health").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(client.get("/v1/model").await.code(), "stopping");
}

#[tokio::test]
async fn the_page_and_the_documentation_load_nothing_from_elsewhere() {
    let client = Client::new();
    let mut seen = vec!["/".to_string(), "/docs".to_string()];
    let mut at = 0;
    let mut bytes = 0;
    while at < seen.len() {
        let answer = client.get(&seen[at]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", seen[at]);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        bytes += answer.text.len();
        let text = answer
            .text
            .replace("http://www.w3.org/2000/svg", "")
            .replace("http://127.0.0.1:8080", "");
        assert!(
            !text.contains("http://") && !text.contains("https://") && !text.contains("innerHTML"),
            "{}",
            seen[at]
        );
        for part in text.split(['"', '\'']) {
            let file = part.trim_start_matches("./");
            let is_file = [".js", ".css", ".svg", ".json"].iter().any(|end| file.ends_with(end));
            if is_file && !file.contains(['/', ' ']) && !file.starts_with('.') && !file.starts_with("predictions") {
                let path = format!("/{file}");
                if !seen.contains(&path) {
                    seen.push(path);
                }
            }
        }
        at += 1;
    }
    assert!(seen.len() >= 10, "{seen:?}");
    assert!(bytes < 1_500_000);
    let page = client.get("/").await.text;
    assert!(
        !page.contains(" on") || !page.contains("onclick"),
        "no handlers in the page"
    );
}

#[tokio::test]
async fn the_document_of_the_api_names_every_address_and_every_limit() {
    let client = Client::new();
    let document = client.get("/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let request = Request::builder().method(method.to_uppercase().as_str());
            let path = path.replace("{id}", "none");
            let answer = client.send(request.uri(&path).body(Body::empty()).unwrap()).await;
            assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            let is_unknown = answer.status == StatusCode::NOT_FOUND && answer.text.contains("nothing at this address");
            assert!(!is_unknown, "{method} {path}");
        }
    }
    let model = client.get("/v1/model").await.json();
    let described = &document["components"]["schemas"]["Limits"]["properties"];
    for limit in model["limits"].as_object().unwrap().keys() {
        assert!(described[limit]["description"].is_string(), "{limit}");
    }
    let references = document.to_string();
    for part in references.split("\"$ref\":\"#/").skip(1) {
        let pointer = format!("/{}", part.split('"').next().unwrap());
        assert!(document.pointer(&pointer).is_some(), "{pointer}");
    }
}

#[tokio::test]
async fn molecules_are_read_as_those_that_the_model_was_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    write_training(folder.path());
    let train = "train small.toml --data train.csv --split split --standardise none --out run";
    let output = fusebind(&train.split(' ').collect::<Vec<_>>(), folder.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let client = Client::of_run(&folder.path().join("run"), config());
    let (salt, sequence) = ("CCN.Cl", "MKTAYIAKQR");
    let row = json!({ "smiles": salt, "sequence": sequence });
    let listed = json!({ "compounds": [{ "smiles": salt }], "targets": [{ "sequence": sequence }] });
    let file = json!({ "name": "a.smi", "text": format!("{salt}\n") });
    let of_file = json!({ "compounds": file, "targets": [{ "sequence": sequence }] });
    for body in [json!({ "pairs": [row] }), listed, of_file] {
        let answer = client.post("/v1/predict", &body).await.json();
        assert_eq!(answer["results"][0]["smiles"], salt, "{answer}");
    }
    let table = Body::from(format!("smiles,sequence\n{salt},{sequence}\n"));
    let request = Request::post("/v1/predict").header("content-type", "text/csv");
    let answer = client.send(request.body(table).unwrap()).await.json();
    assert_eq!(answer["results"][0]["smiles"], salt, "{answer}");
}
