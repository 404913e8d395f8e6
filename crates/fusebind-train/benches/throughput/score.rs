//! Scoring pairs from encoded entities.

use burn::module::Module;
use fusebind_model::scoring::{Absence, EvidenceOf, Scorer};

use crate::{batches::Bench, fastest, row};

pub fn measure(bench: &Bench<'_>, peak: f64) {
    let mut config = bench.recipe.model.clone();
    config.evidence.inputs = 0;
    let model = config
        .init(&bench.device.clone().autodiff(), 1)
        .expect("the recipe is sound")
        .valid();
    let scorer = Scorer {
        model: &model,
        evidence: EvidenceOf::Nothing,
        absence: Absence::default(),
        trust: Default::default(),
        device: &bench.device,
    };
    let stores = (&bench.drugs, &bench.targets);
    let seconds = fastest(3, || {
        scorer.score(stores, &bench.pairs, |_| {});
    });
    let h = config.interaction.channels as f64;
    let work = 4.0 * h * h * config.interaction.layers as f64 + 2.0 * h;
    let rate = bench.pairs.len() as f64 / seconds;
    row(
        "score pairs, entities encoded on the way",
        &format!("{rate:.0} pairs/s"),
        &format!(
            "{:.0} kFLOP a pair; the limit of the machine is {:.1} million pairs/s",
            work / 1e3,
            peak / work / 1e6
        ),
    );
}
