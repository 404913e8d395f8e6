//! How a trained model stands missing and wrong modalities.
//!
//! Three sweeps over one part of a split: missing rates in five patterns ([`crate::missing`]), every non-empty subset of the modalities,
//! and every kind of noise ([`super::noise`]). Nothing is fitted here. The score is the area under the ROC curve, or the concordance
//! index where a model predicts affinities. `area_ratio` is the mean over patterns of the area under score over missing rate, divided
//! by the area that the score without anything missing would have. `tables` tells how much of each side table the model itself takes
//! for wrong, with nothing wrong and under each kind of noise. Comes in: a model and a part of a split. Goes out: [`Robustness`].

mod config;
mod result;
mod setting;
mod summary;
mod sweep;

pub use config::RobustnessConfig;
pub use result::{Found, Measurement, Robustness, Spread, Violation};

use fusebind_model::trained::TrainedModel;

use crate::{Error, evaluate::EvaluationSet};
use summary::subsets;
use sweep::Sweep;

/// Sweeps `trained` over a part of a split. Wrong side data are scored under the mismatch rates of training (`noise`) and, where the
/// model checks side values, under those estimated from the wrong tables (`noise-estimated`). `progress` is called with the
/// measurements done and all of them.
///
/// # Errors
/// Where the part has no score, for instance because all its labels are the same.
pub fn robustness(
    trained: &TrainedModel,
    set: &EvaluationSet<'_>,
    config: &RobustnessConfig,
    mut progress: impl FnMut(usize, usize),
) -> Result<Robustness, Error> {
    let subsets = subsets(trained);
    let mut sweep = Sweep::begin(trained, set, config, &subsets, &mut progress)?;
    sweep.missing_rates()?;
    sweep.subsets()?;
    sweep.noise()?;
    Ok(sweep.end())
}
