//! `POST /v1/screen`: the best compounds of a list for each protein, as a job.
//!
//! Comes in: compounds and proteins, as lists or as the texts of files. Goes out: the best `top` of each protein as predictions with a rank,
//! which are those of `fusebind screen run`, to the bit; and the rows that cannot be read.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use fusebind_features::entity::{molecule::Molecule, protein::Protein};
use fusebind_predict::{
    Compound, Domain, Pair, Target,
    screen::{Best, Panel, Ranked},
};
use serde_json::Value;

use crate::{
    answer,
    app::App,
    body::{self, Kind},
    engine,
    jobs::{Job, NewJob},
    predict::{accepted, blocking, key},
    reader::Reader,
    refusal::Refusal,
    rows::{Entity, Product, Row},
    wire::Body,
};

/// Hits of each protein where the client says nothing.
const TOP: usize = 100;
/// Most hits of a screening.
const HITS: usize = 100_000;
/// Pairs of one step: short enough that requests need not wait long.
const STEP: usize = 8_192;
/// Rows that cannot be read and are listed.
const FAULTS: usize = 1_000;

/// What is asked for.
struct Screening {
    product: Product,
    top: usize,
    is_inside: bool,
    /// Whether each hit has the sequence of its protein.
    sequences: bool,
}

/// Takes the request as a job.
pub(crate) async fn screen(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    let headers = request.headers().clone();
    let read = body::read(&app, request).await?;
    let key = key(&headers, "screen", &read.bytes)?;
    if let Some(known) = app.jobs.known(key.as_ref())? {
        return Ok(accepted(&known));
    }
    if read.kind != Kind::Json {
        let remedy = "put the text of the file into {\"compounds\": {\"name\": .., \"text\": ..}}";
        return Err(Refusal::malformed("a screening is asked for in JSON", remedy));
    }
    let (own, bytes) = (app.clone(), read.bytes.clone());
    let mut screening = blocking(move || screening(&own, &bytes)).await??;
    let notes = std::mem::take(&mut screening.product.notes);
    let own = app.clone();
    let new = NewJob {
        kind: "screen",
        header: answer::header(app.engine.model(), &["rank", "known"]),
        notes,
        total: screening.product.compounds.len(),
        task: Box::new(move |job| run(&own, job, &screening)),
    };
    Ok(accepted(&*app.jobs.submit(new, key)?))
}

fn screening(app: &App, bytes: &[u8]) -> Result<Screening, Refusal> {
    let body = Body::parse(bytes)?;
    let (None, Some(compounds), Some(targets)) = (body.pairs, body.compounds, body.targets) else {
        let remedy = "send {\"compounds\": .., \"targets\": ..}";
        return Err(Refusal::malformed(
            "a screening needs `compounds` and `targets`, and no `pairs`",
            remedy,
        ));
    };
    let reader = Reader {
        with_side: false,
        ..app.reader()
    };
    let product = reader.product(compounds, targets, app.config.limits.screened_pairs, "screened_pairs")?;
    let readable = product.targets.iter().filter(|target| target.value.is_ok()).count();
    let top = body.top.unwrap_or(TOP);
    let most = HITS / readable.max(1);
    if top == 0 || top > most {
        let remedy = format!("give `top` a number from 1 to {most}");
        return Err(Refusal::malformed(
            format!("`top` cannot be {top} with {readable} proteins"),
            remedy,
        ));
    }
    Ok(Screening {
        product,
        top,
        is_inside: body.inside.unwrap_or(false),
        sequences: body.sequences,
    })
}

/// Scores all compounds step by step, then predicts the hits.
fn run(app: &App, job: &Job, screening: &Screening) {
    let product = &screening.product;
    let compounds: Vec<&Entity<Compound>> = product.compounds.iter().filter(|c| c.value.is_ok()).collect();
    let targets: Vec<&Entity<Target>> = product.targets.iter().filter(|t| t.value.is_ok()).collect();
    let faults = product.faults();
    let faults: Vec<&Row> = faults.iter().take(FAULTS).collect();
    let unread = product.compounds.len() - compounds.len();
    job.add(
        answer::lines(app.engine.model(), &faults, &[], |_, _| Vec::new()),
        unread,
    );
    let proteins: Vec<&Protein> = targets
        .iter()
        .filter_map(|t| Some(t.value.as_ref().ok()?.protein()))
        .collect();
    if proteins.is_empty() || compounds.is_empty() {
        return job.add(Vec::new(), compounds.len());
    }
    let panel = app.engine.patient(|_| Panel::new(app.engine.model(), &proteins));
    let mut best: Vec<Best> = proteins.iter().map(|_| Best::new(screening.top)).collect();
    let step = (STEP / proteins.len()).clamp(1, engine::MOST);
    for (part, compounds) in compounds.chunks(step).enumerate() {
        if job.is_cancelled() {
            return;
        }
        let molecules: Vec<&Molecule> = compounds
            .iter()
            .filter_map(|c| Some(c.value.as_ref().ok()?.molecule()))
            .collect();
        let scores = app
            .engine
            .patient(|_| panel.scores(&molecules, screening.is_inside.then_some(Domain::Inside)));
        for (at, scores) in scores.chunks(proteins.len()).enumerate() {
            let place = (part * step + at) as u64;
            let scored = scores
                .iter()
                .zip(&mut best)
                .filter_map(|(score, best)| Some(((*score)?, best)));
            scored.for_each(|(score, best)| best.offer(Ranked { score, place }));
        }
        job.add(Vec::new(), compounds.len());
    }
    for (target, best) in targets.iter().zip(&best) {
        let ranking = best.ranking();
        for (part, ranked) in ranking.chunks(engine::MOST).enumerate() {
            let hits: Vec<&Entity<Compound>> = ranked.iter().map(|hit| compounds[hit.place as usize]).collect();
            job.add(lines(app, (&hits, target), part * engine::MOST, screening.sequences), 0);
        }
    }
}

/// The lines of hits whose ranks begin after `before`.
fn lines(
    app: &App,
    (hits, target): (&[&Entity<Compound>], &Entity<Target>),
    before: usize,
    sequences: bool,
) -> Vec<String> {
    let row = |compound: &&Entity<Compound>| {
        let pair = Pair::new(compound.value.clone().ok()?, target.value.clone().ok()?);
        Some(Row {
            number: None,
            entities: [Some(compound.number), Some(target.number)],
            id: None,
            names: [compound.id.clone(), target.id.clone()],
            pair: Ok(pair),
        })
    };
    let rows: Vec<Row> = hits.iter().filter_map(row).collect();
    let pairs: Vec<Pair> = rows.iter().filter_map(|row| row.pair.as_ref().ok().cloned()).collect();
    let predictions = app.engine.patient(|model| model.predict(&pairs));
    let model = app.engine.model();
    let further = |at: usize, pair: &Pair| {
        let known = model.was_trained_on(pair.compound.smiles(), pair.target.sequence());
        let mut further = answer::sequence(sequences, pair);
        further.push(("rank", Value::from(before + at + 1)));
        further.push(("known", Value::from(known)));
        further
    };
    let rows: Vec<&Row> = rows.iter().collect();
    answer::lines(model, &rows, &predictions, further)
}
