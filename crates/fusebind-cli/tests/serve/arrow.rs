//! Arrow streams in and out, and what damaged ones or ones that promise too much get.

use std::sync::Arc;

use ::arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, NullArray, RecordBatch, StringArray, StringViewArray},
    datatypes::{Float64Type, Int64Type},
    ipc::{reader::StreamReader, writer::StreamWriter},
};
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use proptest::prelude::*;

use crate::client::{Client, config};

const STREAM: &str = "application/vnd.apache.arrow.stream";

fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// Three pairs, the second of which is no molecule, beside a number that is not asked for.
fn pairs() -> Vec<u8> {
    let text = |values: [&str; 3]| -> ArrayRef { Arc::new(StringArray::from_iter_values(values)) };
    stream(vec![
        ("drug_id", text(["a", "b", "d"])),
        (
            "smiles",
            Arc::new(StringViewArray::from_iter_values(["CCO", "C(", "CCN"])),
        ),
        ("target_id", text(["T"; 3])),
        ("sequence", text(["MKTAYIAKQR"; 3])),
        ("logp", Arc::new(Float64Array::from(vec![0.1, 0.2, 0.3]))),
    ])
}

fn request(body: Vec<u8>, accept: &str) -> Request<Body> {
    let request = Request::post("/v1/predict").header("content-type", STREAM);
    request.header("accept", accept).body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn a_stream_comes_in_and_goes_out() {
    let client = Client::new();
    let (status, kind, bytes) = client.send_bytes(request(pairs(), STREAM)).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, STREAM));
    let batches: Vec<RecordBatch> = StreamReader::try_new(&bytes[..], None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let batch = &batches[0];
    assert_eq!((batches.len(), batch.num_rows()), (1, 3));
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let prediction = column("prediction").as_primitive::<Float64Type>();
    assert!(prediction.is_null(1) && prediction.is_valid(2));
    assert_eq!(column("error_field").as_string::<i32>().value(1), "smiles");
    assert_eq!(column("drug_id").as_string::<i32>().value(2), "d");
    assert_eq!(column("row").as_primitive::<Int64Type>().values(), &[1, 2, 3]);
    let json = client.send(request(pairs(), "application/json")).await.json();
    for row in [0, 2] {
        assert_eq!(json["results"][row]["prediction"].as_f64(), Some(prediction.value(row)));
    }
}

#[tokio::test]
async fn what_promises_too_much_or_is_something_else_is_refused() {
    let mut config = config();
    config.limits.rows = 100;
    config.limits.body_bytes = 100_000;
    let client = Client::with(config);
    let sequence: ArrayRef = Arc::new(StringArray::from_iter_values(["MKTAYIAKQR"]));
    let long = "C".repeat(20_000);
    let of = |status: StatusCode, body: Vec<u8>, what: &'static str| (status, body, what);
    let rows: ArrayRef = Arc::new(StringArray::from_iter_values(vec!["CCO"; 101]));
    let views: ArrayRef = {
        // One text, named by a hundred views.
        let one = StringViewArray::from_iter_values([long.as_str()]);
        let views = vec![one.views()[0]; 100];
        Arc::new(StringViewArray::try_new(views.into(), one.data_buffers().to_vec(), None).unwrap())
    };
    for (status, body, what) in [
        of(StatusCode::PAYLOAD_TOO_LARGE, stream(vec![("smiles", rows)]), "rows"),
        of(
            StatusCode::PAYLOAD_TOO_LARGE,
            stream(vec![("smiles", views)]),
            "letters",
        ),
        of(
            StatusCode::BAD_REQUEST,
            stream(vec![("smiles", Arc::new(NullArray::new(50)))]),
            "a column of nothing",
        ),
        of(
            StatusCode::BAD_REQUEST,
            stream(vec![("sequence", sequence)]),
            "no compounds",
        ),
        of(
            StatusCode::BAD_REQUEST,
            b"smiles,sequence\nCCO,MKTAYIAKQR\n".to_vec(),
            "CSV",
        ),
        of(StatusCode::BAD_REQUEST, Vec::new(), "nothing"),
        // A message that says that it has two gigabytes.
        of(
            StatusCode::BAD_REQUEST,
            b"\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0\0".to_vec(),
            "length",
        ),
    ] {
        let answer = client.send(request(body, "application/json")).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
    }
}

#[test]
fn a_damaged_stream_never_fails_the_server() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(async { Client::new() });
    let whole = pairs();
    let config = ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let length = whole.len();
    proptest!(config, |(flips in prop::collection::vec((0..length, any::<u8>()), 1..6), cut in length / 2..=length)| {
        let mut bytes = whole.clone();
        flips.iter().for_each(|(at, value)| bytes[*at] = *value);
        bytes.truncate(cut);
        let (status, _, _) = runtime.block_on(client.send_bytes(request(bytes, "application/json")));
        prop_assert!(!status.is_server_error(), "{status}");
    });
}
