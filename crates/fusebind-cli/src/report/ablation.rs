//! The page of `fusebind ablate`.

use std::{collections::BTreeMap, path::Path};

use fusebind::{
    report::{Block, Curves, Forest, Heat, Interval, Page, Section, Table},
    train::{
        ablation::{Ablation, Arm, CONDITIONS},
        robustness::{Cell as Score, Pattern},
    },
};

use super::{axis, curriculum, metric_name, missing_curve, point};
use crate::command::ablate::Cell;

/// Arms whose curves are drawn at most: more cannot be told apart.
const MOST_CURVES: usize = 7;

/// Lays out an ablation.
pub fn page(recipe: &str, data: &Path, arms: &[Arm], ablation: &Ablation, cells: &[(&Arm, u64, Cell)]) -> Page {
    let metric = metric_name(ablation.metric);
    let mut sections = vec![
        Section {
            title: "Arms".into(),
            blocks: vec![arms_table(arms), scores(arms, ablation, metric)],
        },
        Section {
            title: format!("Against {recipe} as it is"),
            blocks: CONDITIONS.iter().map(|c| forest(ablation, c, metric)).collect(),
        },
        Section {
            title: "Missing modalities".into(),
            blocks: vec![curves(arms, cells, metric)],
        },
    ];
    sections[2].blocks.extend(train_and_test(cells, metric));
    let traced = cells
        .iter()
        .find(|(_, _, c)| c.epochs.iter().any(|e| !e.trust.is_empty()));
    sections.extend(traced.and_then(|(_, _, cell)| curriculum(&cell.epochs)));
    Page {
        title: format!("Ablation of {recipe}"),
        summary: vec![
            format!("Data: {}.", data.display()),
            format!(
                "Mean over seeds; ± is the standard deviation over seeds, brackets hold 95 % paired bootstrap intervals over the {} \
                 of the part.",
                ablation.resampled
            ),
        ],
        sections,
    }
}

fn arms_table(arms: &[Arm]) -> Block {
    Block::Table(Table {
        caption: "What differs".into(),
        header: ["arm", "difference"].map(String::from).into(),
        rows: arms.iter().map(|a| vec![a.name.into(), a.about.into()]).collect(),
    })
}

fn scores(arms: &[Arm], ablation: &Ablation, metric: &str) -> Block {
    let cell = |arm: &str, condition: &str| {
        let found = ablation.arms.iter().find(|a| a.arm == arm && a.condition == condition);
        found.map_or("-".to_string(), |a| format!("{:.4} ± {:.4}", a.mean, a.sd))
    };
    let row = |arm: &Arm| {
        let area = ablation
            .area_ratio
            .get(arm.name)
            .map_or("-".to_string(), |r| format!("{r:.4}"));
        [arm.name.to_string()]
            .into_iter()
            .chain(CONDITIONS.iter().map(|c| cell(arm.name, c)))
            .chain([area])
            .collect()
    };
    let header = ["arm"].into_iter().chain(CONDITIONS).chain(["area ratio"]);
    Block::Table(Table {
        caption: format!("{metric} of each arm under each condition"),
        header: header.map(|h| h.replace('-', " ")).collect(),
        rows: arms.iter().map(row).collect(),
    })
}

fn forest(ablation: &Ablation, condition: &str, metric: &str) -> Block {
    let interval = |a: &&fusebind::train::ablation::ArmSummary| {
        let d = a.difference?;
        Some(Interval {
            name: a.arm.clone(),
            value: d.value,
            low: d.low,
            high: d.high,
        })
    };
    Block::Forest(Forest {
        title: condition.replace('-', " "),
        x: format!("{metric}, arm less recipe"),
        rows: (ablation.arms.iter())
            .filter(|a| a.condition == condition)
            .filter_map(|a| interval(&a))
            .collect(),
        zero: 0.0,
    })
}

fn curves(arms: &[Arm], cells: &[(&Arm, u64, Cell)], metric: &str) -> Block {
    let curve = |arm: &Arm| {
        let own: Vec<&Cell> = cells.iter().filter(|c| c.0.name == arm.name).map(|c| &c.2).collect();
        let full: Vec<f64> = own.iter().map(|c| c.robustness.full).collect();
        let scores: Vec<&Score> = own.iter().flat_map(|c| &c.robustness.cells).collect();
        missing_curve(arm.name, Pattern::Random, (&full, &scores), |c| c.score)
    };
    let plain = |arm: &&Arm| arm.recipe.stress.is_none();
    Block::Curves(Curves {
        title: format!(
            "{metric} with side modalities missing at random, with the range over seeds (first {MOST_CURVES} arms)"
        ),
        x: axis("side modalities missing, %", Some((0.0, 100.0))),
        y: axis(metric, None),
        series: arms.iter().filter(plain).take(MOST_CURVES).map(curve).collect(),
        levels: Vec::new(),
    })
}

/// Missing in training against missing in the test, where the arms for it are there.
fn train_and_test(cells: &[(&Arm, u64, Cell)], metric: &str) -> Option<Block> {
    let mut rows: BTreeMap<u64, Vec<&Cell>> = BTreeMap::new();
    for (arm, _, cell) in cells {
        let only_missing = arm.recipe.stress.shuffled.is_empty() && arm.recipe.stress.flipped == 0.0;
        if arm.name == "full" || (only_missing && arm.recipe.stress.missing > 0.0) {
            rows.entry((100.0 * arm.recipe.stress.missing).round() as u64)
                .or_default()
                .push(cell);
        }
    }
    if rows.len() < 2 {
        return None;
    }
    let rates = rows.values().next()?.first()?.robustness.cells.iter();
    let mut rates: Vec<f64> = rates
        .filter(|c| c.arm == "missing" && c.name == Pattern::Random.name())
        .map(|c| c.rate)
        .collect();
    rates.insert(0, 0.0);
    rates.dedup();
    let at = |own: &[&Cell], rate: f64| -> Option<f64> {
        let scores: Vec<f64> = (own.iter().flat_map(|c| &c.robustness.cells))
            .filter(|c| match rate > 0.0 {
                true => c.arm == "missing" && c.name == Pattern::Random.name() && c.rate == rate,
                false => c.arm == "full",
            })
            .map(|c| c.score)
            .collect();
        (!scores.is_empty()).then(|| point(rate, &scores).y)
    };
    Some(Block::Heat(Heat {
        title: format!("{metric}: missing in training (rows) and in the test (columns)"),
        rows: rows.keys().map(|share| format!("{share} % in training")).collect(),
        columns: rates.iter().map(|rate| format!("{:.0} %", 100.0 * rate)).collect(),
        values: rows
            .values()
            .map(|own| rates.iter().map(|rate| at(own, *rate)).collect())
            .collect(),
        decimals: 3,
    }))
}
