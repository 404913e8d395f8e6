//! A recipe: everything that a run depends on besides its data and its seed.
//!
//! Comes in: the name of a built-in recipe or a TOML file. Goes out: a checked [`Recipe`]. Unknown keys are refused.

mod builtin;
mod calibration;
mod difference;
mod perturbation;
mod renamed;

use std::path::Path;

use fusebind_data::{sampler::SamplerConfig, split::SplitBy};
use fusebind_features::{modality::Modality, regular};
use fusebind_model::{config::ModelConfig, ensemble::MOST_MEMBERS};
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    curriculum::{CurriculumConfig, DropoutConfig},
    objective::ObjectiveConfig,
    optimizer::adamw::AdamWConfig,
};

pub use calibration::CalibrationConfig;
pub use perturbation::PerturbationConfig;

/// What a model learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Whatever labels the training data has.
    #[default]
    Auto,
    /// Affinity only.
    Affinity,
    /// Binding only.
    Binding,
    /// Both, from one trunk.
    Joint,
}

/// Which weights a run ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckpointPolicy {
    /// The averaged weights of the epoch that is best on validation; the last one without a validation part.
    #[default]
    Best,
    /// The averaged weights of the last epoch.
    Last,
}

/// Which published split a recipe uses, if any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitSpec {
    /// Split column of the pair table.
    pub column: Option<String>,
    /// Values that train; empty for `train`.
    pub train: Vec<String>,
    /// Values that validate; empty for `valid`, `val`.
    pub valid: Vec<String>,
    /// Values that test; empty for `test`.
    pub test: Vec<String>,
    /// Samples the validation part anew from training and validation pairs, as the test part is sampled: a published validation
    /// part of known entities flatters a model that is meant for new ones.
    pub held_out: Option<SplitBy>,
    /// Share of the entities (or pairs) that are held out.
    pub share: f64,
}

impl Default for SplitSpec {
    fn default() -> Self {
        Self {
            column: None,
            train: Vec::new(),
            valid: Vec::new(),
            test: Vec::new(),
            held_out: None,
            share: 0.12,
        }
    }
}

/// Which modalities a model reads, of those that the data has, and how it learns to do without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModalitiesConfig {
    /// Modalities that are read where they exist.
    pub read: Vec<Modality>,
    /// Text columns of drugs, the first that exists is read; the main one without any.
    pub drug_text: Vec<String>,
    /// Text columns of targets, the first that exists is read; the main one without any.
    pub target_text: Vec<String>,
    /// How often modalities are masked in training.
    pub dropout: DropoutConfig,
}

impl Default for ModalitiesConfig {
    fn default() -> Self {
        Self {
            read: Modality::ALL.to_vec(),
            drug_text: Vec::new(),
            target_text: Vec::new(),
            dropout: DropoutConfig::default(),
        }
    }
}

/// Cold-start simulation: how often training shows neighbour features as a new entity would have them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColdStartConfig {
    /// Share of training pairs whose drug is shown without its other labels.
    pub drug: f64,
    /// Share of training pairs whose target is shown without its other labels.
    pub target: f64,
}

impl Default for ColdStartConfig {
    fn default() -> Self {
        Self { drug: 0.2, target: 0.2 }
    }
}

/// How a run is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Passes over the training pairs.
    pub epochs: u64,
    /// Members of an ensemble, whose mean is the prediction: 1 for a single model. Each has another seed and leaves another tenth of the
    /// training pairs out.
    pub ensemble: u64,
    /// Label-free passes over the entities that have several modalities, before the first epoch; needs `model.alignment.dim`.
    pub pretraining: u64,
    /// Presumed negatives per training pair that binds: unknown pairs in which each drug and target is as frequent as among the binders.
    pub presumed_negatives: f64,
    /// Batches of distinct entities and pairs between them.
    pub sampler: SamplerConfig,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Share of all steps that warm up.
    pub warmup: f64,
    /// Last learning rate over the highest.
    pub final_rate: f64,
    /// Epochs without improvement on validation after which a run stops; 0 for never.
    pub patience: u64,
    /// Which weights a run ends with.
    pub checkpoint: CheckpointPolicy,
    /// Weights of modalities over training.
    pub curriculum: CurriculumConfig,
    /// Reference as of new entities.
    pub cold_start: ColdStartConfig,
    /// Share of the encoders, with neighbour features, in the prediction, the rest is the neighbour head, for runs without validation
    /// pairs; where there are some, they choose it.
    pub encoder_share: f32,
    /// Shares of the encoders of which validation pairs, and hold-outs by novelty, choose one, in place of `encoder_share`.
    pub encoder_shares: Vec<f32>,
    /// Standard errors by which a larger share of the encoders may score below the best one and still be chosen: 0 takes the best; 1, the
    /// one-standard-error rule, is for models of pairs that validation does not resemble.
    pub encoder_share_tolerance: f64,
    /// Shares of the prediction that graph and sequence alone may give, of which validation pairs choose one where there are side
    /// modalities; without validation pairs the first is taken.
    pub structure_only_shares: Vec<f32>,
    /// Whether graph and sequence get a model of their own where there are side modalities: it says what follows from structure alone, and
    /// answers for pairs without side values as if there had never been any.
    pub structure_model: bool,
    /// As `encoder_share`, in what the structure model says.
    pub structure_encoder_share: f32,
    /// Least share of the structure model in the prediction of a pair of which the drug or the target alone has side values, where the model
    /// reads side modalities of both.
    pub one_sided_structure_share: f32,
    /// Optimizer.
    pub optimizer: AdamWConfig,
    /// Objective.
    pub objective: ObjectiveConfig,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 40,
            ensemble: 1,
            pretraining: 0,
            presumed_negatives: 0.0,
            sampler: SamplerConfig::default(),
            learning_rate: 1e-3,
            warmup: 0.05,
            final_rate: 0.01,
            patience: 0,
            checkpoint: CheckpointPolicy::default(),
            curriculum: CurriculumConfig::default(),
            cold_start: ColdStartConfig::default(),
            encoder_share: 0.3,
            encoder_shares: vec![0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0],
            encoder_share_tolerance: 0.0,
            structure_only_shares: vec![0.0],
            structure_model: false,
            structure_encoder_share: 0.3,
            one_sided_structure_share: 0.0,
            optimizer: AdamWConfig::default(),
            objective: ObjectiveConfig::default(),
        }
    }
}

impl TrainingConfig {
    /// Refuses shares that are none.
    fn check_shares(&self) -> Result<(), Error> {
        let wrong = |message: &str| Err(Error::new(ErrorKind::Recipe, message));
        let are_shares = |all: &[f32]| all.iter().all(|share| (0.0..=1.0).contains(share));
        if !are_shares(&[
            self.encoder_share,
            self.structure_encoder_share,
            self.one_sided_structure_share,
        ]) {
            return wrong(
                "training: `encoder_share`, `structure_encoder_share` and `one_sided_structure_share` must lie in [0, 1]",
            );
        }
        if self.encoder_shares.is_empty() || !are_shares(&self.encoder_shares) {
            return wrong("training: `encoder_shares` must hold at least one share in [0, 1]");
        }
        if !(0.0..=10.0).contains(&self.encoder_share_tolerance) {
            return wrong("training: `encoder_share_tolerance` must lie in [0, 10]");
        }
        if self.structure_only_shares.is_empty() || !are_shares(&self.structure_only_shares) {
            return wrong("training: `structure_only_shares` must hold at least one share in [0, 1]");
        }
        Ok(())
    }
}

/// Everything that a run depends on besides its data and its seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Name.
    pub name: String,
    /// What it is for, in a line or two.
    pub description: String,
    /// What the model learns.
    pub task: Task,
    /// Value at or below which an affinity is a bound and no measurement, for instance 5.0 for a pKd that stands for `>10000 nM`.
    pub censor_at_floor: Option<f64>,
    /// Published split.
    pub split: SplitSpec,
    /// Modalities.
    pub modalities: ModalitiesConfig,
    /// Model.
    pub model: ModelConfig,
    /// Training.
    pub training: TrainingConfig,
    /// What is held out to learn about the model's errors.
    pub calibration: CalibrationConfig,
    /// Perturbation done to the training data, for experiments.
    #[serde(skip_serializing_if = "PerturbationConfig::is_none")]
    pub perturbation: PerturbationConfig,
}

impl Recipe {
    /// Names and texts of the built-in recipes.
    pub fn list() -> &'static [(&'static str, &'static str)] {
        builtin::RECIPES
    }

    /// A built-in recipe by name, or a recipe file.
    pub fn open(name_or_path: &str) -> Result<Self, Error> {
        if let Some((_, text)) = Self::list().iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(text);
        }
        let path = Path::new(name_or_path);
        let text = regular::read_to_string(path).map_err(|e| {
            let names: Vec<&str> = Self::list().iter().map(|(name, _)| *name).collect();
            Error::new(
                ErrorKind::Recipe,
                format!("no built-in recipe of this name, and no readable file ({e})"),
            )
            .about(path)
            .hint(format!(
                "use one of {}, or a TOML file from `fusebind recipe copy`",
                names.join(", ")
            ))
        })?;
        Self::parse(&text).map_err(|e| e.about(path))
    }

    /// Reads a recipe's text and checks it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let recipe: Self = toml::from_str(text).map_err(|e| match &renamed::old_names(text)[..] {
            [] => Error::new(
                ErrorKind::Recipe,
                format!("is no valid recipe: {}", e.to_string().trim_end()),
            )
            .hint("`fusebind recipe copy default my.toml` writes a complete example"),
            old => Error::new(ErrorKind::Recipe, format!("has keys of before: {}", old.join(", ")))
                .hint("rename them; docs/glossary.md lists the names of today"),
        })?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Old names in a recipe's text, each as "`old` is now `new`".
    pub fn old_names(text: &str) -> Vec<String> {
        renamed::old_names(text)
    }

    /// Refuses what makes no run.
    pub fn check(&self) -> Result<(), Error> {
        let training = &self.training;
        let wrong = |message: &str| Err(Error::new(ErrorKind::Recipe, message));
        if training.epochs == 0 {
            return wrong("training: `epochs` must be above 0");
        }
        if !(1..=MOST_MEMBERS).contains(&training.ensemble) {
            return wrong("training: `ensemble` must be 1 to 64");
        }
        if training.sampler.batch_pairs == 0 {
            return wrong("training.sampler: `batch_pairs` must be above 0");
        }
        if !(training.learning_rate > 0.0 && training.learning_rate.is_finite()) {
            return wrong("training: `learning_rate` must be a positive number");
        }
        if !(0.0..1.0).contains(&training.warmup) || !(0.0..=1.0).contains(&training.final_rate) {
            return wrong("training: `warmup` must lie in [0, 1) and `final_rate` in [0, 1]");
        }
        if !(0.0..=100.0).contains(&training.presumed_negatives) {
            return wrong("training: `presumed_negatives` must lie in [0, 100]");
        }
        let share = |s: f64| (0.0..=1.0).contains(&s);
        if !share(training.cold_start.drug) || !share(training.cold_start.target) {
            return wrong("training.cold_start: `drug` and `target` must lie in [0, 1]");
        }
        let reads = |m| self.modalities.read.contains(&m);
        if !reads(Modality::Graph) || !reads(Modality::Sequence) {
            return wrong("modalities: `read` must hold `graph` and `sequence`, which every pair has");
        }
        training.check_shares()?;
        if self.split.held_out.is_some() && !(self.split.share > 0.0 && self.split.share < 1.0) {
            return wrong("split: `share` must lie in (0, 1)");
        }
        if self.model.pretrained().any(|(_, table)| table.path.is_empty()) {
            return wrong("model: `path` of a table `pretrained` must name a folder");
        }
        self.modalities.dropout.check()?;
        self.calibration.check()?;
        self.perturbation.check()?;
        training.curriculum.check()?;
        training.optimizer.check()?;
        training.objective.check()?;
        Ok(self.model.check()?)
    }

    /// The complete recipe as TOML, defaults included.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string_pretty(self)
            .map_err(|e| Error::new(ErrorKind::Recipe, format!("cannot be written as TOML: {e}")))
    }
}
