//! What a model is scored on, and how.

use std::collections::{BTreeMap, BTreeSet};

use fusebind_data::{
    split::{Part, Split},
    table::{Dataset, Interaction},
};
use fusebind_features::{
    entity::side::SideData,
    modality::{Modality, ModalitySet},
    neighbours::Mask,
    novelty::Novelty,
    schema::{DrugStore, TargetStore},
};
use fusebind_model::{
    scoring::{EnsembleWeights, RawOutputs, Scores},
    trained::{SideFindings, TrainedModel},
    trust::{Familiar, Output, PairEvidence},
};

use crate::drug_rows::DatasetDrugRows;

/// A part of a split with the data that it is of.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationSet<'a> {
    /// Data set.
    pub dataset: &'a Dataset,
    /// Side data of its drugs.
    pub drug_side: &'a SideData,
    /// Side data of its targets.
    pub target_side: &'a SideData,
    /// Split over it.
    pub split: &'a Split,
    /// Part to score.
    pub part: Part,
}

impl<'a> EvaluationSet<'a> {
    /// Indices into the interactions of the data set.
    pub(crate) fn indices(&self) -> &'a [u32] {
        self.split.part(self.part)
    }

    pub(crate) fn interactions(&self) -> Vec<&'a Interaction> {
        let indices = self.indices().iter();
        indices.map(|i| &self.dataset.interactions[*i as usize]).collect()
    }

    /// The entities of the part as `trained` reads them.
    fn stores(&self, trained: &TrainedModel) -> PartStores {
        let pairs = self.interactions().into_iter().map(|i| (i.drug, i.target));
        let drug_rows = DatasetDrugRows::new(self.dataset, self.drug_side, pairs);
        let drugs = (drug_rows.molecules(self.dataset), &drug_rows.rows.side);
        let targets = (self.dataset.targets.iter().map(|t| &t.protein), self.target_side);
        let (drugs, targets, findings) = trained.stores(drugs, targets);
        PartStores {
            drugs,
            targets,
            pairs: drug_rows.rows.pairs,
            findings,
        }
    }

    /// The readers of a model apart, for the pairs of the part in their order, with everything else that is known of them.
    pub(crate) fn read(&self, trained: &TrainedModel) -> ReadSet {
        let PartStores {
            drugs, targets, pairs, ..
        } = self.stores(trained);
        let stores = (&drugs, &targets);
        ReadSet {
            outputs: trained.raw_outputs(stores, &pairs),
            novelty: trained.novelty(stores, &pairs, Mask::default()),
            evidence: trained.evidence(stores, &pairs),
            pairs,
        }
    }

    /// What is usual among the drugs and among the targets of the part.
    pub(crate) fn familiar(&self, trained: &TrainedModel) -> [Option<Familiar>; 2] {
        let PartStores { drugs, targets, .. } = self.stores(trained);
        let interactions = self.interactions();
        let distinct = |ids: &mut dyn Iterator<Item = u32>| ids.collect::<BTreeSet<u32>>().into_iter().collect();
        let ids: [Vec<u32>; 2] = [
            distinct(&mut interactions.iter().map(|i| i.drug)),
            distinct(&mut interactions.iter().map(|i| i.target)),
        ];
        let present = [
            ids[0].iter().map(|id| drugs.side.present(*id)).collect::<Vec<_>>(),
            ids[1].iter().map(|id| targets.side.present(*id)).collect(),
        ];
        trained.familiar((&drugs, &targets), ids, present)
    }

    /// What a model says of the pairs of the part, in their order.
    pub(crate) fn score(&self, trained: &TrainedModel, mask: Mask) -> ScoredSet {
        let PartStores {
            drugs,
            targets,
            pairs,
            findings,
        } = self.stores(trained);
        let stores = (&drugs, &targets);
        ScoredSet {
            scores: trained.score(stores, &pairs, mask, |_| {}),
            evidence: trained.evidence(stores, &pairs),
            missing: missing(trained, stores, &pairs, mask),
            findings,
        }
    }
}

/// The entities of a part as a model reads them, and the rows of its pairs in them. A drug has further rows where pairs see other side data of it.
struct PartStores {
    drugs: DrugStore,
    targets: TargetStore,
    pairs: Vec<(u32, u32)>,
    findings: SideFindings,
}

/// Side modalities that the model reads and each pair lacks, of its drug and of its target; empty for a model of structures alone.
fn missing(
    trained: &TrainedModel,
    (drugs, targets): (&DrugStore, &TargetStore),
    pairs: &[(u32, u32)],
    mask: Mask,
) -> Vec<[ModalitySet; 2]> {
    let model = &trained.description.model;
    let read = [model.drug.modalities(), model.target.modalities()];
    if read.iter().all(|read| read.is_empty()) {
        return Vec::new();
    }
    let of = |&(drug, target): &(u32, u32)| {
        let present = [drugs.side.present(drug), targets.side.present(target)];
        [0, 1].map(|side| {
            let masked = [mask.drug, mask.target][side];
            let lacks = |m: &Modality| !present[side].contains(*m) || masked.contains(*m);
            read[side].iter().filter(lacks).collect()
        })
    };
    pairs.iter().map(of).collect()
}

/// What the readers of a model say of the pairs of a part, in their order.
#[derive(Clone, Debug)]
pub(crate) struct ReadSet {
    /// Raw outputs of every member.
    pub outputs: Vec<[RawOutputs; 2]>,
    /// Rows of the stores that were read.
    pub pairs: Vec<(u32, u32)>,
    /// How new each pair is.
    pub novelty: Vec<Novelty>,
    /// What the model knows of the entities of each pair.
    pub evidence: Vec<PairEvidence>,
}

impl ReadSet {
    /// What `trained`, whose outputs these are, says of the pairs in these shares.
    pub fn scores(&self, trained: &TrainedModel, shares: &BTreeMap<Novelty, EnsembleWeights>) -> Scores {
        trained.mixed(&self.outputs, &self.pairs, shares, &self.novelty)
    }
}

/// What a model says of the pairs of a part, in their order.
#[derive(Clone, Debug)]
pub(crate) struct ScoredSet {
    /// Raw scores.
    pub scores: Scores,
    /// What the model knows of the entities of each pair.
    pub evidence: Vec<PairEvidence>,
    /// Side modalities that the model reads and each pair lacks: of its drug, of its target. Empty for a model of structures alone.
    pub missing: Vec<[ModalitySet; 2]>,
    /// Findings on the side data.
    pub findings: SideFindings,
}

impl ScoredSet {
    /// The standardised affinity in `column` of a pair.
    pub fn affinity_output(&self, row: usize, column: usize) -> Output {
        self.scores.affinity_output(row, column)
    }

    /// The logit of a pair, where the model gives one.
    pub fn binding_output(&self, row: usize) -> Option<Output> {
        self.scores.binding_output(row)
    }
}

/// Presence of modalities of a drug and a target, as the caller counts them.
pub type Presence<'a> = &'a dyn Fn(u32, u32) -> u64;

/// How a model is scored.
#[derive(Clone, Copy)]
pub struct EvaluationConfig<'a> {
    /// What the model does without.
    pub mask: Mask,
    /// Whether baselines are fitted and scored as well.
    pub baselines: bool,
    /// Adds the baseline that knows only which modalities exist.
    pub presence: Option<Presence<'a>>,
}

impl Default for EvaluationConfig<'_> {
    /// Everything that there is, beside all baselines that need no side tables.
    fn default() -> Self {
        Self {
            mask: Mask::default(),
            baselines: true,
            presence: None,
        }
    }
}
