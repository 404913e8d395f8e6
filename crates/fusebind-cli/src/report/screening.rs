//! A screening as a page: what was screened and left out, what a first stage missed, and for each target the best hits, drawn, and their clusters.

use fusebind::{
    features::{
        entity::molecule::{Property, draw},
        feature::fingerprint::Fingerprint,
    },
    predict::screen::{RECALL_GOAL, StageReport, spread_out},
    report::{Block, Card, Gallery, Histogram, Page, Section},
};

/// Hits that are drawn of each group, and clusters that are listed.
const DRAWN: usize = 12;
const CLUSTERS: usize = 20;
/// Similarity from which two hits are in one cluster, as that of `--diverse`.
const SIMILAR: f64 = 0.6;

/// What was screened.
#[derive(Debug, Default)]
pub struct Screened {
    pub model: String,
    /// Its files, or the compound that was given.
    pub library: Vec<String>,
    /// What predictions are in.
    pub unit: String,
    /// Whether compounds are ranked for targets, and not targets for compounds.
    pub is_per_target: bool,
    pub rows: u64,
    pub scored: u64,
    pub rejected: u64,
    /// What each filter left out.
    pub left_out: Vec<(String, u64)>,
    /// Groups and hits of all, of which some are shown.
    pub groups: usize,
    pub hits: u64,
    /// Where there was a first stage.
    pub stage: Option<StageReport>,
}

/// A hit as the page shows it.
#[derive(Debug)]
pub struct ShownHit {
    /// What it is a hit of: a target, or with targets ranked a compound.
    pub group: String,
    pub rank: i64,
    pub drug: String,
    pub target: String,
    pub smiles: String,
    /// What it is ranked by.
    pub score: f64,
    /// Interval of 90 %.
    pub interval: Option<[f64; 2]>,
    /// Further words: domain, classes that cannot be ruled out, alerts.
    pub lines: Vec<String>,
    pub properties: [f64; Property::ALL.len()],
    pub fingerprint: Fingerprint,
}

/// The page; `hits` are those of the groups that are shown, group by group, from the best on.
pub fn page(screened: &Screened, hits: &[ShownHit]) -> Page {
    let groups: Vec<&[ShownHit]> = hits.chunk_by(|a, b| a.group == b.group).collect();
    let mut sections = vec![what(screened)];
    sections.extend(
        screened
            .stage
            .as_ref()
            .filter(|stage| stage.fitted_on > 0)
            .map(first_stage),
    );
    if screened.is_per_target {
        sections.push(properties(hits));
    }
    sections.extend(groups.iter().map(|group| match screened.is_per_target {
        true => of_target(group, &screened.unit),
        false => of_compound(group, &screened.unit),
    }));
    let mut summary = vec![format!(
        "{} compounds were scored; {} hits of {} {}.",
        screened.scored,
        screened.hits,
        screened.groups,
        if screened.is_per_target { "targets" } else { "compounds" }
    )];
    if hits.len() as u64 != screened.hits {
        summary.push(format!(
            "The page shows the first {} hits of {} of them at most; the table has all.",
            groups.iter().map(|group| group.len()).max().unwrap_or_default(),
            groups.len()
        ));
    }
    Page {
        title: "Screening".into(),
        summary,
        sections,
    }
}

fn what(screened: &Screened) -> Section {
    let fact = |name: &str, value: String| (name.to_string(), value);
    let facts = vec![
        fact("model", screened.model.clone()),
        fact("library", screened.library.join(", ")),
        fact("rows read", screened.rows.to_string()),
        fact("compounds scored", screened.scored.to_string()),
        fact("rows rejected", screened.rejected.to_string()),
    ];
    let rows = screened
        .left_out
        .iter()
        .map(|(filter, count)| vec![filter.clone(), count.to_string()]);
    Section {
        title: "What was screened".into(),
        blocks: vec![
            Block::Facts(facts),
            Block::table("What each filter left out", &["filter", "left out"], rows.collect()),
        ],
    }
}

fn first_stage(stage: &StageReport) -> Section {
    let fact = |name: &str, value: u64| (name.to_string(), value.to_string());
    let facts = vec![
        fact("compounds of the library", stage.compounds),
        fact("left by properties and similarity", stage.filtered),
        fact("candidates for each target, at least", stage.candidates),
        fact("candidates in all", stage.candidates_of_all),
    ];
    let mut recall: Vec<_> = stage.recall.iter().collect();
    recall.sort_by(|a, b| a.recall.total_cmp(&b.recall));
    let rows = recall.iter().map(|target| {
        let recall = format!("{:.3}", target.recall);
        vec![
            target.target.clone(),
            recall,
            target.candidates.to_string(),
            format!("{:.3}", target.recall_of_least),
        ]
    });
    let text = format!(
        "Recall: which share of the best {} by the whole model the first stage keeps, on a sample of {} compounds, each half by weights that were \
         fitted to the other. The least candidates are the first {} of a half; a target whose recall would be below {RECALL_GOAL} gets more.",
        stage.hits, stage.measured_on, stage.kept
    );
    Section {
        title: "The first stage".into(),
        blocks: vec![
            Block::Facts(facts),
            Block::Text(text),
            Block::table(
                "Recall, the lowest first",
                &["target", "recall", "candidates", "recall with the least"],
                rows.collect(),
            ),
        ],
    }
}

/// Histograms over the compounds that are shown, each of them once.
fn properties(hits: &[ShownHit]) -> Section {
    let mut seen = std::collections::BTreeSet::new();
    let distinct: Vec<&ShownHit> = hits.iter().filter(|hit| seen.insert(&hit.smiles)).collect();
    let of = |(at, property): (usize, Property)| {
        Block::Histogram(Histogram {
            title: property.name().replace('-', " "),
            x: match property {
                Property::Weight => "Da".into(),
                _ => "number".into(),
            },
            values: distinct.iter().map(|hit| hit.properties[at]).collect(),
            is_count: property != Property::Weight,
        })
    };
    let text = format!(
        "Of the {} compounds that the page shows, each counted once.",
        distinct.len()
    );
    let blocks = Property::ALL.into_iter().enumerate().map(of);
    Section {
        title: "Properties of hits".into(),
        blocks: std::iter::once(Block::Text(text)).chain(blocks).collect(),
    }
}

/// A score with its interval.
fn value(hit: &ShownHit, unit: &str) -> String {
    match hit.interval {
        Some([low, high]) => format!("{:.3} {unit} [{low:.2}, {high:.2}]", hit.score),
        None => format!("{:.3} {unit}", hit.score),
    }
}

fn of_target(hits: &[ShownHit], unit: &str) -> Section {
    let card = |hit: &ShownHit| Card {
        title: format!("{}. {}", hit.rank, hit.drug),
        svg: draw(&hit.smiles, &[]).ok(),
        lines: std::iter::once(value(hit, unit))
            .chain(hit.lines.iter().cloned())
            .collect(),
    };
    let drawn = hits.len().min(DRAWN);
    let gallery = Gallery {
        caption: format!("The best {drawn}, with intervals of 90 % where the model gives them"),
        cards: hits[..drawn].iter().map(card).collect(),
    };
    let scores = Histogram {
        title: format!("Scores of the first {} hits", hits.len()),
        x: unit.into(),
        values: hits.iter().map(|hit| hit.score).collect(),
        is_count: false,
    };
    Section {
        title: hits.first().map(|hit| hit.group.clone()).unwrap_or_default(),
        blocks: vec![Block::Gallery(gallery), Block::Histogram(scores), clusters(hits)],
    }
}

/// Sphere exclusion: each hit goes with the first better one that is unlike all leaders before it and like itself.
fn clusters(hits: &[ShownHit]) -> Block {
    let prints: Vec<&Fingerprint> = hits.iter().map(|hit| &hit.fingerprint).collect();
    let leaders = spread_out(&prints, SIMILAR, hits.len());
    let mut members = vec![Vec::new(); leaders.len()];
    for (at, print) in prints.iter().enumerate() {
        let is_like = |leader: &usize| *leader == at || print.tanimoto(prints[*leader]) >= SIMILAR;
        if let Some(own) = leaders.iter().position(is_like) {
            members[own].push(at);
        }
    }
    let row = |(leader, members): (&usize, &Vec<usize>)| {
        let hit = &hits[*leader];
        let some: Vec<&str> = members
            .iter()
            .skip(1)
            .take(5)
            .map(|at| hits[*at].drug.as_str())
            .collect();
        let more = if members.len() > 6 { ", .." } else { "" };
        vec![
            hit.rank.to_string(),
            hit.drug.clone(),
            format!("{:.3}", hit.score),
            members.len().to_string(),
            format!("{}{more}", some.join(", ")),
        ]
    };
    let caption = format!(
        "{} clusters of the first {} hits (ECFP4 Tanimoto from {SIMILAR} on to the best of each), the first {CLUSTERS} at most",
        leaders.len(),
        hits.len()
    );
    let rows = leaders.iter().zip(&members).take(CLUSTERS).map(row).collect();
    Block::table(
        &caption,
        &["rank", "best of the cluster", "score", "hits", "others"],
        rows,
    )
}

fn of_compound(hits: &[ShownHit], unit: &str) -> Section {
    let row = |hit: &ShownHit| {
        let words = hit.lines.join("; ");
        vec![hit.rank.to_string(), hit.target.clone(), value(hit, unit), words]
    };
    let drawing = hits.first().map(|hit| Gallery {
        caption: "The compound".into(),
        cards: vec![Card {
            title: hit.drug.clone(),
            svg: draw(&hit.smiles, &[]).ok(),
            lines: vec![hit.smiles.clone()],
        }],
    });
    let rows = Block::table(
        "The best targets",
        &["rank", "target", "prediction", "remarks"],
        hits.iter().map(row).collect(),
    );
    Section {
        title: hits.first().map(|hit| hit.group.clone()).unwrap_or_default(),
        blocks: drawing.map(Block::Gallery).into_iter().chain([rows]).collect(),
    }
}
