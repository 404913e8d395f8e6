//! `POST /v1/explain`: predictions with their reasons and a drawing, at once for a few pairs, or as a job.
//!
//! Comes in: JSON or a table of pairs. Goes out: the fields of a prediction, and `explanation`, `drawing` (SVG) and `sequence`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use fusebind_features::entity::molecule::draw;
use fusebind_predict::Pair;
use serde_json::Value;

use crate::{
    answer,
    app::App,
    body::{self, Kind},
    jobs::{Job, NewJob},
    predict::{accepted, asked, blocking, is_job, key, respond, within},
    refusal::Refusal,
    rows::Row,
};

/// Answers the request.
pub(crate) async fn explain(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    let headers = request.headers().clone();
    let limits = app.config.limits;
    if is_job(&headers) {
        let read = body::read(&app, request).await?;
        let key = key(&headers, "explain", &read.bytes)?;
        if let Some(known) = app.jobs.known(key.as_ref())? {
            return Ok(accepted(&known));
        }
        let asked = asked(&app, &read, (limits.job_explained, "job_explained")).await?;
        let own = app.clone();
        let (total, rows) = (asked.rows.len(), asked.rows);
        let task = move |job: &Job| {
            for row in rows.iter().take_while(|_| !job.is_cancelled()) {
                job.add(line(&own, row), 1);
            }
        };
        let new = NewJob {
            kind: "explain",
            header: Vec::new(),
            notes: asked.notes,
            total,
            task: Box::new(task),
        };
        return Ok(accepted(&*app.jobs.submit(new, key)?));
    }
    let work = async {
        let read = body::read(&app, request).await?;
        let asked = asked(&app, &read, (limits.explained, "explained")).await?;
        let own = app.clone();
        blocking(move || {
            let lines: Vec<String> = asked.rows.iter().flat_map(|row| line(&own, row)).collect();
            let predicted = asked.rows.iter().filter(|row| row.pair.is_ok()).count();
            respond(
                own.engine.model(),
                (&lines, predicted),
                (Kind::Json, Vec::new()),
                &asked.notes,
            )
        })
        .await?
    };
    within(&app, work).await
}

/// The line of one row.
fn line(app: &App, row: &Row) -> Vec<String> {
    let model = app.engine.model();
    let Ok(pair) = &row.pair else {
        return answer::lines(model, &[row], &[], |_, _| Vec::new());
    };
    let pairs: [Pair; 1] = [pair.clone()];
    let (predictions, mut reasons) = app
        .engine
        .patient(|model| (model.predict(&pairs), model.explain(&pairs)));
    let reasons = reasons.pop().unwrap_or_default();
    let atoms = reasons
        .atoms
        .as_ref()
        .map(|atoms| atoms.parts.as_slice())
        .unwrap_or_default();
    let weights: Vec<f64> = atoms.iter().map(|part| part.effect).collect();
    // A molecule that cannot be drawn still has its reasons.
    let drawing = draw(pair.compound.smiles(), &weights).ok();
    let further = |_: usize, pair: &Pair| {
        let mut further = answer::sequence(true, pair);
        further.push(("drawing", Value::from(drawing.clone())));
        further.push(("explanation", serde_json::to_value(&reasons).unwrap_or_default()));
        further
    };
    answer::lines(model, &[row], &predictions, further)
}
