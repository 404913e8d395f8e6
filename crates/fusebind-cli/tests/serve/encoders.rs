//! A model with a pretrained encoder: served with it, without it, and refused where it is not there.

use std::{fs, path::Path};

use fusebind::predict::EncoderFolders;
use fusebind_server::{App, ServerConfig};
use serde_json::{Value, json};

use super::client::{Client, config};
use crate::support::{SEQUENCES, SMALL_RECIPE, SMILES, fusebind, text, write_training};

fn done(arguments: &str, here: &Path) {
    let output = fusebind(&arguments.split(' ').collect::<Vec<_>>(), here);
    assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
}

/// A run whose sequences are read by a small ESM-2 in a folder beside it.
fn trained(here: &Path) {
    let from = format!("{}/../../testdata/pretrained/esm2", env!("CARGO_MANIFEST_DIR"));
    fs::create_dir(here.join("esm2")).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        fs::copy(file.path(), here.join("esm2").join(file.file_name())).unwrap();
    }
    write_training(here);
    let path = here.join("esm2").display().to_string();
    let table = format!(
        "[model.sequence.pretrained]\npath = {path:?}\n[model.neighbours]\nenabled = false\n[model.interaction]"
    );
    fs::write(
        here.join("small.toml"),
        SMALL_RECIPE.replace("[model.interaction]", &table),
    )
    .unwrap();
    done("train small.toml --data train.csv --split split --out run", here);
}

fn with(folders: EncoderFolders) -> ServerConfig {
    ServerConfig {
        encoders: folders,
        ..config()
    }
}

async fn predicted(client: &Client, sequence: &str) -> Value {
    let body = json!({ "pairs": [{ "smiles": SMILES[1], "sequence": sequence }] });
    client.post("/v1/predict", &body).await.json()["results"][0].clone()
}

#[tokio::test]
async fn an_encoder_is_used_found_elsewhere_left_out_or_missed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    trained(here);
    let run = here.join("run");
    let own = Client::of_run(&run, config());
    let pairs: Vec<String> = SEQUENCES.iter().map(|s| format!("{},{s}\n", SMILES[1])).collect();
    fs::write(here.join("pairs.csv"), format!("smiles,sequence\n{}", pairs.concat())).unwrap();
    done("predict run --pairs pairs.csv -o out.csv", here);
    let table = fs::read_to_string(here.join("out.csv")).unwrap();
    let mut lines = table.lines();
    let column = (lines.next().unwrap().split(','))
        .position(|name| name == "prediction")
        .unwrap();
    let mut first = Vec::new();
    for (sequence, line) in SEQUENCES.iter().zip(lines) {
        // The second time nothing is embedded and nothing encoded.
        let (cold, warm) = (predicted(&own, sequence).await, predicted(&own, sequence).await);
        assert_eq!(cold, warm);
        let theirs: f64 = line.split(',').nth(column).unwrap().parse().unwrap();
        assert_eq!(cold["prediction"].as_f64(), Some(theirs), "{sequence}");
        first.push(cold);
    }
    let folder_names = own.get("/v1/model").await.text;
    assert!(folder_names.contains("ESM-2") && !folder_names.contains(&*here.to_string_lossy()));
    fs::rename(here.join("esm2"), here.join("moved")).unwrap();
    let missed = App::open(&run, config()).unwrap_err().to_string();
    assert!(missed.contains("esm2"), "{missed}");
    let moved = EncoderFolders {
        folders: vec![here.join("moved")],
        ..EncoderFolders::default()
    };
    let moved = Client::of_run(&run, with(moved));
    let without = EncoderFolders {
        without: true,
        ..EncoderFolders::default()
    };
    let without = Client::of_run(&run, with(without));
    let mut changed = 0;
    for (sequence, first) in SEQUENCES.iter().zip(&first) {
        assert_eq!(predicted(&moved, sequence).await, *first);
        changed += usize::from(predicted(&without, sequence).await["prediction"] != first["prediction"]);
    }
    assert!(changed > 0, "the encoder says something");
}
