//! How much is held out to learn about a model's errors.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// Most hold-outs.
const MOST: u32 = 20;

/// How many further models are trained, and what each of them does not see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalibrationConfig {
    /// Further models, each without some entities; 0 for no intervals and no calibrated probabilities.
    pub hold_outs: u32,
    /// Share of the pairs whose drug is held out, and of those whose target is.
    pub entities: f64,
    /// Share of the other pairs that are held out too.
    pub pairs: f64,
    /// Most sources that are held out besides, one at a time, where the data name several: other laboratories measure otherwise.
    pub sources: usize,
    /// Whether the hold-outs choose the shares of encoders and of structure alone in a prediction, by how new a pair is.
    pub shares: bool,
    /// Lowers the calibrated probabilities of solvents, sugars, amino acids and the like, which public sets know as binders only.
    pub presume_inert: bool,
}

impl Default for CalibrationConfig {
    fn default() -> Self {
        Self {
            hold_outs: 2,
            entities: 0.15,
            pairs: 0.1,
            sources: 3,
            shares: true,
            presume_inert: true,
        }
    }
}

impl CalibrationConfig {
    /// Refuses what holds out nothing, or nearly everything.
    pub(super) fn check(&self) -> Result<(), Error> {
        let share = |share: f64| share > 0.0 && share <= 0.5;
        match () {
            () if self.hold_outs > MOST => Err(Error::new(
                ErrorKind::Recipe,
                format!("calibration: `hold_outs` must be at most {MOST}"),
            )),
            () if !share(self.entities) || !share(self.pairs) => Err(Error::new(
                ErrorKind::Recipe,
                "calibration: `entities` and `pairs` must be shares above 0 and at most 0.5",
            )),
            () => Ok(()),
        }
    }
}
