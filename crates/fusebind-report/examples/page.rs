//! Writes a page with every kind of block, and with the odd cases that a real run makes.
//!
//! `cargo run --example page -- page.html`

use std::{env, fs, process::ExitCode};

use fusebind_report::{Axis, Block, Curves, Forest, Heat, Interval, Page, Point, Section, Series, Table};

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: page PATH");
        return ExitCode::from(2);
    };
    let page = Page {
        title: "Robustness of the fused model".into(),
        summary: vec![
            "How far do predictions fall when labels are wrong, inputs are perturbed or a modality is missing?".into(),
            "All numbers are of the test set; bands and brackets are 95 % bootstrap intervals over 5 seeds.".into(),
        ],
        sections: vec![sweeps(), ablations(), tables()],
    };
    match page.render() {
        Ok(html) => match fs::write(&path, html) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&format!("{path}: {error}")),
        },
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}

fn axis(label: &str) -> Axis {
    let label = label.into();
    Axis { label, range: None }
}

fn series(name: &str, start: f64, fall: f64) -> Series {
    let point = |step: i32| {
        let (x, y) = (f64::from(step) * 0.1, start - fall * f64::from(step * step) / 36.0);
        let half = 0.01 + 0.004 * f64::from(step);
        Point {
            x,
            y,
            band: Some((y - half, y + half)),
        }
    };
    Series {
        name: name.into(),
        points: (0..7).map(point).collect(),
    }
}

fn sweeps() -> Section {
    let curves = Curves {
        title: "AUROC against the share of wrong training labels".into(),
        x: axis("share of flipped labels"),
        y: axis("AUROC"),
        series: vec![
            series("all modalities", 0.93, 0.22),
            series("graph and sequence", 0.90, 0.26),
            series("graph only", 0.84, 0.25),
            series("sequence only, without the text that describes the protein", 0.78, 0.2),
            series("fingerprint forest", 0.88, 0.33),
            series("assay profile", 0.72, 0.15),
            series("transcriptome", 0.66, 0.12),
        ],
        levels: vec![
            ("chance".into(), 0.5),
            ("nearest neighbour".into(), 0.71),
            ("k-NN, no protein".into(), 0.705),
        ],
    };
    let mut broken = curves.clone();
    broken.title = "The same with a missing point, one seed and a fixed axis".into();
    broken.y.range = Some((0.5, 1.0));
    broken.series.truncate(2);
    broken.series[0].points[3].y = f64::NAN;
    broken.series[1].points.truncate(1);
    let empty = Curves {
        title: "A run that never started".into(),
        ..Curves::default()
    };
    Section {
        title: "Label noise".into(),
        blocks: vec![
            Block::Text("Labels of the training set were flipped at random; the test set is clean.".into()),
            Block::Facts(vec![
                ("data".into(), "BindingDB, Kd".into()),
                ("split".into(), "cold protein".into()),
                ("seeds".into(), "5".into()),
                ("model".into(), "fusebind 0.1.0".into()),
            ]),
            Block::Curves(curves),
            Block::Curves(broken),
            Block::Curves(empty),
        ],
    }
}

fn ablations() -> Section {
    let names = [
        "no graph",
        "no sequence",
        "no text",
        "no transcriptome",
        "no bioassay profile",
        "no contrastive loss",
    ];
    let values = [-0.081, -0.112, -0.012, -0.004, 0.003, -0.021];
    let rows = names.iter().zip(values).map(|(name, value)| {
        let (low, high) = (value - 0.011, value + 0.009);
        Interval {
            name: (*name).into(),
            value,
            low,
            high,
        }
    });
    let kinds = [
        "atom masking",
        "residue masking",
        "dropped text",
        "shuffled assays",
        "noise on expression",
    ];
    let strengths = ["0 %", "10 %", "20 %", "30 %", "40 %", "50 %"];
    let cell = |row: usize, column: usize| {
        let fall = [0.012, 0.018, 0.002, 0.005, 0.009][row] * (column * column) as f64;
        (row != 3 || column != 4).then_some(0.93 - fall)
    };
    let heat = |columns: &[&str]| Heat {
        title: "AUROC by kind and strength of perturb".into(),
        rows: kinds.map(String::from).to_vec(),
        columns: columns.iter().map(|c| (*c).into()).collect(),
        values: (0..kinds.len())
            .map(|r| (0..columns.len()).map(|c| cell(r, c)).collect())
            .collect(),
        decimals: 3,
    };
    Section {
        title: "Perturbation and ablations".into(),
        blocks: vec![
            Block::Heat(heat(&strengths)),
            Block::Heat(heat(&[
                "graph",
                "protein sequence",
                "text",
                "transcriptome of L1000",
                "bioassay profile",
            ])),
            Block::Forest(Forest {
                title: "What each part brings".into(),
                x: "AUROC, ablated minus full".into(),
                rows: rows.collect(),
                zero: 0.0,
            }),
        ],
    }
}

fn tables() -> Section {
    let row = |at: usize| {
        let score = 0.93 - at as f64 * 0.004;
        let noise = format!("{} %", at * 2);
        vec![
            format!("run-{at:02}"),
            noise,
            format!("{score:.3} ± 0.011"),
            ["done", "stopped early"][at % 2].into(),
        ]
    };
    Section {
        title: "All runs".into(),
        blocks: vec![Block::Table(Table {
            caption: "One row per run".into(),
            header: ["run", "noise", "AUROC", "state"].map(String::from).to_vec(),
            rows: (0..40).map(row).collect(),
        })],
    }
}
