//! The page of `fusebind ablate`.

use std::{collections::BTreeMap, path::Path};

use fusebind::{
    report::{Block, Curves, Forest, Heat, Interval, Page, Section, Table},
    run_page::{axis, curriculum},
    train::{
        experiment::ablation::{Ablation, CONDITIONS, Variant},
        experiment::robustness::Measurement as Score,
        missing::Pattern,
    },
};

use super::{metric_name, missing_curve, point};
use crate::variant_run::VariantRun;

/// Most variants whose curves are shown: more cannot be distinguished.
const MOST_CURVES: usize = 7;

/// Lays out an ablation.
pub fn page(
    recipe: &str,
    data: &Path,
    variants: &[Variant],
    ablation: &Ablation,
    measurements: &[(&Variant, u64, VariantRun)],
) -> Page {
    let metric = metric_name(ablation.metric);
    let mut sections = vec![
        Section {
            title: "Variants".into(),
            blocks: vec![variants_table(variants), scores(variants, ablation, metric)],
        },
        Section {
            title: format!("Against {recipe} as it is"),
            blocks: CONDITIONS.iter().map(|c| forest(ablation, c, metric)).collect(),
        },
        Section {
            title: "Missing modalities".into(),
            blocks: vec![curves(variants, measurements, metric)],
        },
    ];
    sections[2].blocks.extend(train_and_test(measurements, metric));
    let traced = measurements
        .iter()
        .find(|(_, _, c)| c.epochs.iter().any(|e| !e.modality_weights.is_empty()));
    sections.extend(traced.and_then(|(_, _, measurement)| curriculum(&measurement.epochs)));
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

fn variants_table(variants: &[Variant]) -> Block {
    Block::Table(Table {
        caption: "What differs".into(),
        header: ["variant", "difference"].map(String::from).into(),
        rows: variants.iter().map(|a| vec![a.name.into(), a.about.into()]).collect(),
    })
}

fn scores(variants: &[Variant], ablation: &Ablation, metric: &str) -> Block {
    let measurement = |variant: &str, condition: &str| {
        let found = ablation
            .variants
            .iter()
            .find(|a| a.variant == variant && a.condition == condition);
        found.map_or("-".to_string(), |a| format!("{:.4} ± {:.4}", a.mean, a.sd))
    };
    let row = |variant: &Variant| {
        let area = ablation
            .area_ratio
            .get(variant.name)
            .map_or("-".to_string(), |r| format!("{r:.4}"));
        [variant.name.to_string()]
            .into_iter()
            .chain(CONDITIONS.iter().map(|c| measurement(variant.name, c)))
            .chain([area])
            .collect()
    };
    let header = ["variant"].into_iter().chain(CONDITIONS).chain(["area ratio"]);
    Block::Table(Table {
        caption: format!("{metric} of each variant under each condition"),
        header: header.map(|h| h.replace('-', " ")).collect(),
        rows: variants.iter().map(row).collect(),
    })
}

fn forest(ablation: &Ablation, condition: &str, metric: &str) -> Block {
    let interval = |a: &&fusebind::train::experiment::ablation::VariantSummary| {
        let d = a.difference?;
        Some(Interval {
            name: a.variant.clone(),
            value: d.value,
            low: d.low,
            high: d.high,
        })
    };
    Block::Forest(Forest {
        title: condition.replace('-', " "),
        x: format!("{metric}, variant less recipe"),
        rows: (ablation.variants.iter())
            .filter(|a| a.condition == condition)
            .filter_map(|a| interval(&a))
            .collect(),
        zero: 0.0,
    })
}

fn curves(variants: &[Variant], measurements: &[(&Variant, u64, VariantRun)], metric: &str) -> Block {
    let curve = |variant: &Variant| {
        let own: Vec<&VariantRun> = measurements
            .iter()
            .filter(|c| c.0.name == variant.name)
            .map(|c| &c.2)
            .collect();
        let full: Vec<f64> = own.iter().map(|c| c.robustness.full).collect();
        let scores: Vec<&Score> = own.iter().flat_map(|c| &c.robustness.measurements).collect();
        missing_curve(variant.name, Pattern::Random, (&full, &scores), |c| c.score)
    };
    let plain = |variant: &&Variant| variant.recipe.perturbation.is_none();
    Block::Curves(Curves {
        title: format!(
            "{metric} with side modalities missing at random, with the range over seeds (first {MOST_CURVES} variants)"
        ),
        x: axis("side modalities missing, %", Some((0.0, 100.0))),
        y: axis(metric, None),
        series: variants.iter().filter(plain).take(MOST_CURVES).map(curve).collect(),
        levels: Vec::new(),
    })
}

/// Missing in training against missing in the test, if those variants were run.
fn train_and_test(measurements: &[(&Variant, u64, VariantRun)], metric: &str) -> Option<Block> {
    let mut rows: BTreeMap<u64, Vec<&VariantRun>> = BTreeMap::new();
    for (variant, _, measurement) in measurements {
        let only_missing =
            variant.recipe.perturbation.shuffled.is_empty() && variant.recipe.perturbation.flipped == 0.0;
        if variant.name == "full" || (only_missing && variant.recipe.perturbation.missing > 0.0) {
            rows.entry((100.0 * variant.recipe.perturbation.missing).round() as u64)
                .or_default()
                .push(measurement);
        }
    }
    if rows.len() < 2 {
        return None;
    }
    let rates = rows.values().next()?.first()?.robustness.measurements.iter();
    let mut rates: Vec<f64> = rates
        .filter(|c| c.variant == "missing" && c.name == Pattern::Random.name())
        .map(|c| c.rate)
        .collect();
    rates.insert(0, 0.0);
    rates.dedup();
    let at = |own: &[&VariantRun], rate: f64| -> Option<f64> {
        let scores: Vec<f64> = (own.iter().flat_map(|c| &c.robustness.measurements))
            .filter(|c| match rate > 0.0 {
                true => c.variant == "missing" && c.name == Pattern::Random.name() && c.rate == rate,
                false => c.variant == "full",
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
