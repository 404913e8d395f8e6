//! What is screened: everything that hits depend on, as it is written into a folder of units.
//!
//! Comes in: files and settings. Goes out: [`Plan`], and in words what differs between two of them.

use anyhow::Context;
use fusebind::{
    data::{source::NamedSmarts, store::FileMark},
    features::entity::{molecule::Alerts, protein::Protein},
    predict::{Domain, screen::Filter},
};
use serde::{Deserialize, Serialize};

use crate::{args::SourceArgs, exit::Failure};

/// Version of plans and units; others are refused.
pub const SCHEMA: u32 = 2;
/// Candidates for each hit of a diverse screening.
const CANDIDATES: usize = 10;

/// A protein under the name that the user gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedProtein {
    pub id: String,
    pub row: u64,
    pub sequence: String,
}

/// What hits are the best of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Compounds, for each target.
    Target,
    /// Targets, for each compound.
    Compound,
}

/// Each `of`-th unit from `at` on.
#[derive(Clone, Copy, Debug)]
pub struct Shard {
    pub at: u64,
    pub of: u64,
}

/// Settings of a screening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub per: Per,
    pub top: usize,
    pub unit_rows: u64,
    pub property: Vec<String>,
    pub like: Vec<String>,
    pub least_similarity: f64,
    /// Furthest outside of what the model knows that a hit may lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    pub diverse: Option<f64>,
    /// Whether what pretrained encoders embed is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_encoders: bool,
}

/// A stored library and how it is screened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreMark {
    pub folder: String,
    /// SHA-256 of its manifest.
    pub sha256: String,
    /// Candidates for each target.
    pub candidates: u64,
    /// Compounds of the sample.
    pub sample: u64,
    /// Whether every compound is a candidate.
    pub exact: bool,
}

/// Structural alerts, as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertPlan {
    pub patterns: Vec<NamedSmarts>,
    /// Whether hits are marked, and no compound is left out.
    pub marks: bool,
}

impl AlertPlan {
    /// The patterns, compiled.
    pub fn compiled(&self) -> anyhow::Result<Alerts> {
        let mut alerts = Alerts::default();
        for pattern in &self.patterns {
            let added = alerts.add(&pattern.name, &pattern.smarts);
            added.with_context(|| format!("alert {}", pattern.name))?;
        }
        Ok(alerts)
    }
}

/// See the file's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub schema: u32,
    pub version: String,
    pub model: FileMark,
    pub library: Vec<FileMark>,
    /// How a stored library is screened, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreMark>,
    /// A compound that was given in place of a library.
    pub smiles: Option<String>,
    pub columns: SourceArgs,
    pub targets: Vec<NamedProtein>,
    pub off_targets: Vec<NamedProtein>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<AlertPlan>,
    pub settings: Settings,
}

impl Settings {
    /// Hits that units keep of each group.
    pub fn kept(&self) -> usize {
        match self.diverse {
            Some(_) => CANDIDATES * self.top,
            None => self.top,
        }
    }
}

impl Plan {
    /// What `self` has and `other` has not, in words; none where they are the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let files = |all: &[FileMark]| all.iter().map(|mark| mark.path.clone()).collect::<Vec<_>>().join(", ");
        let changed = self
            .library
            .iter()
            .zip(&other.library)
            .find(|(own, other)| own != other);
        Some(match () {
            () if (self.schema, &self.version) != (other.schema, &other.version) => format!(
                "its units were computed by version {} of fusebind, this is {}",
                self.version, other.version
            ),
            () if self.model != other.model => format!(
                "its model is {} with SHA-256 {:.12}, this one is {} with {:.12}",
                self.model.path, self.model.sha256, other.model.path, other.model.sha256
            ),
            () if self.library.len() != other.library.len() || self.smiles != other.smiles => format!(
                "its library is {}, this one is {}",
                files(&self.library),
                files(&other.library)
            ),
            () if changed.is_some() => {
                let (own, other) = changed?;
                format!(
                    "its library holds {} with SHA-256 {:.12}, this one {} with {:.12}",
                    own.path, own.sha256, other.path, other.sha256
                )
            }
            () if self.store != other.store => format!(
                "its stored library, --candidates, --sample or --exact are others: {}, these are {}",
                serde_json::to_string(&self.store).unwrap_or_default(),
                serde_json::to_string(&other.store).unwrap_or_default()
            ),
            () if self.targets != other.targets => "its targets are others".to_string(),
            () if self.off_targets != other.off_targets => "its off-targets are others".to_string(),
            () if self.alerts != other.alerts => "its alerts, or --mark-alerts, are others".to_string(),
            () if self.columns != other.columns => "the flags that name its columns are others".to_string(),
            () if self.settings != other.settings => format!(
                "its settings are {}, these are {}",
                shown(&self.settings),
                shown(&other.settings)
            ),
            () => return None,
        })
    }

    /// What compounds must be like.
    pub fn filter(&self) -> anyhow::Result<Filter> {
        use fusebind::features::entity::molecule::{ChematicToolkit, Chemistry};
        let range = |text: &String| {
            text.parse().map_err(|reason| {
                Failure::misuse(
                    format!("--property: {reason}"),
                    "`fusebind screen run --help` names the properties",
                )
            })
        };
        let like = |smiles: &String| {
            let read = ChematicToolkit.molecule(smiles);
            read.map(|molecule| molecule.fingerprint)
                .map_err(|fault| Failure::failed(format!("--like: {fault}"), "fix the value of --like"))
        };
        Ok(Filter {
            ranges: self
                .settings
                .property
                .iter()
                .map(range)
                .collect::<anyhow::Result<_>>()?,
            like: self.settings.like.iter().map(like).collect::<anyhow::Result<_>>()?,
            least_similarity: self.settings.least_similarity,
            alerts: match &self.alerts {
                Some(alerts) if !alerts.marks => alerts.compiled()?,
                _ => Alerts::default(),
            },
        })
    }
}

fn shown(settings: &Settings) -> String {
    serde_json::to_string(settings).unwrap_or_default()
}

/// The sequences of `named`.
pub fn proteins(named: &[NamedProtein]) -> anyhow::Result<Vec<Protein>> {
    let read = |named: &NamedProtein| Protein::parse(&named.sequence).with_context(|| format!("target {}", named.id));
    named.iter().map(read).collect()
}
