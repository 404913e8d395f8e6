//! Scoring pairs from encoded entities: through the whole head, and by the dot product of retrieval vectors.

use std::hint::black_box;

use burn::{module::Module, tensor::Tensor};
use fusebind_model::{
    fusion::{interaction::InteractionConfig, retrieval::cosines},
    scoring::{MissingModalities, NeighbourSource, Scorer},
};
use fusebind_train::recipe::Recipe;

use crate::{Outcome, batches::Bench, fastest, row};

/// Pairs to score.
const PAIRS: usize = 2_000_000;
/// Drugs and targets whose dot products are taken.
const VECTORS: (usize, usize) = (20_000, 400);

pub fn measure(bench: &Bench<'_>, peak: f64) -> Outcome {
    whole_head(bench, &bench.recipe.model.interaction, peak)?;
    whole_head(bench, &Recipe::open("screen")?.model.interaction, peak)?;
    dot_products(bench);
    Ok(())
}

fn whole_head(bench: &Bench<'_>, interaction: &InteractionConfig, peak: f64) -> Outcome {
    let mut config = bench.recipe.model.clone();
    config.neighbours.inputs = 0;
    config.interaction = interaction.clone();
    let model = config.init(&bench.device.clone().autodiff(), 1)?.valid();
    let scorer = Scorer {
        structure: None,
        model: &model,
        neighbours: NeighbourSource::Nothing,
        missing: MissingModalities::default(),
        modality_weights: Default::default(),
        device: &bench.device,
    };
    let stores = (&bench.drugs, &bench.targets);
    let pairs: Vec<(u32, u32)> = bench.pairs.iter().copied().cycle().take(PAIRS).collect();
    let few = fastest(3, || {
        black_box(scorer.score(stores, &bench.pairs, |_| {}));
    });
    let many = fastest(3, || {
        black_box(scorer.score(stores, &pairs, |_| {}));
    });
    let (h, layers) = (interaction.dim as f64, interaction.layers);
    let work = 4.0 * h * h * layers as f64 + 2.0 * h;
    // What encoding takes is in both: the difference is what pairs take.
    let rate = (pairs.len() - bench.pairs.len()) as f64 / (many - few);
    row(
        &format!("score pairs from encoded entities, {layers} x {h} channels"),
        &format!("{rate:.0} pairs/s"),
        &format!(
            "{:.0} kFLOP a pair; {:.0} % of the limit of {:.2} million pairs/s",
            work / 1e3,
            rate * work / peak * 100.0,
            peak / work / 1e6
        ),
    );
    Ok(())
}

fn dot_products(bench: &Bench<'_>) {
    let config = &bench.recipe.model;
    let channels = config.retrieval.dim;
    let vectors = |rows: usize| {
        let ones = Tensor::<2>::ones([rows, channels], &bench.device);
        ones.into_data().try_into_vec::<f32>().expect("f32")
    };
    let (drugs, targets) = (vectors(VECTORS.0), vectors(VECTORS.1));
    let seconds = fastest(5, || {
        black_box(cosines(&drugs, &targets, channels));
    });
    row(
        "dot products of retrieval vectors",
        &format!("{:.0} million pairs/s", (VECTORS.0 * VECTORS.1) as f64 / seconds / 1e6),
        &format!("{channels} channels, {} drugs by {} targets", VECTORS.0, VECTORS.1),
    );
}
