//! A model that keeps what it encoded: a pair of entities that it saw before costs neighbours and head alone.
//!
//! Comes in: pairs. Goes out: the predictions of [`Model::predict`], to the bit: an entity is encoded alike in every batch. What is kept of an entity
//! without side data, by its canonical SMILES or its sequence, which determine it, are its projected embeddings, its descriptors, and what
//! the reference knows of it. Entities with side data are encoded anew.

use std::sync::Arc;

use fusebind_features::{
    entity::{molecule::Molecule, protein::Protein},
    neighbours::EntityEvidence,
    schema::{DrugStore, TargetStore},
};
use fusebind_model::{
    scoring::{Encoded, EncodedEntity, PairHeads},
    trust::PairEvidence,
};

use crate::{
    cache::Cache,
    model::Model,
    pair::{Compound, DistinctPairs, Pair, Target, side_data},
    prediction::Prediction,
    scored::Scored,
};

/// Pairs from which on nothing is looked for nor kept: so many would drive out what is asked for often.
const MOST: usize = 1024;

/// Lookups that found something, and that did not.
pub type Lookups = (u64, u64);

/// See the file's header.
#[derive(Debug)]
pub struct CachingModel {
    model: Arc<Model>,
    /// None where the model is not on the processor: then nothing is kept.
    heads: Option<PairHeads>,
    drugs: Cache<Kept<DrugStore>>,
    targets: Cache<Kept<TargetStore>>,
}

/// What is kept of one entity.
#[derive(Debug)]
struct Kept<S> {
    store: S,
    encoded: EncodedEntity,
    evidence: EntityEvidence,
}

/// Entities that are not kept yet, by their places among all.
struct Missing<'a> {
    drugs: Vec<(usize, &'a Compound)>,
    targets: Vec<(usize, &'a Target)>,
}

/// Both sides of something.
type Sides = (Vec<Arc<Kept<DrugStore>>>, Vec<Arc<Kept<TargetStore>>>);

impl CachingModel {
    /// `model` with room for `bytes` of encoded entities, about: half of it for compounds and half for proteins.
    pub fn new(model: Arc<Model>, bytes: usize) -> Self {
        // Each side has two generations.
        let most = bytes / 4;
        Self {
            heads: model.trained().pair_heads(),
            model,
            drugs: Cache::new(most),
            targets: Cache::new(most),
        }
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Lookups of compounds and of proteins.
    pub fn lookups(&self) -> [Lookups; 2] {
        [self.drugs.counts(), self.targets.counts()]
    }

    /// [`Model::predict`].
    pub fn predict(&self, pairs: &[Pair]) -> Vec<Prediction> {
        match &self.heads {
            Some(heads) if (1..=MOST).contains(&pairs.len()) => self.predict_some(pairs, heads),
            _ => self.model.predict(pairs),
        }
    }

    fn predict_some(&self, pairs: &[Pair], heads: &PairHeads) -> Vec<Prediction> {
        let distinct = DistinctPairs::new(pairs);
        let (drugs, targets) = self.encoded(&distinct, heads);
        let trained = self.model.trained();
        let encoded = Encoded::of_entities(
            &drugs.iter().map(|kept| &kept.encoded).collect::<Vec<_>>(),
            &targets.iter().map(|kept| &kept.encoded).collect::<Vec<_>>(),
            heads,
        );
        let evidence = |&(drug, target): &(u32, u32)| PairEvidence {
            drug: drugs[drug as usize].evidence,
            target: targets[target as usize].evidence,
        };
        let evidence: Vec<PairEvidence> = distinct.pairs.iter().map(evidence).collect();
        let drugs = DrugStore::joined(drugs.iter().map(|kept| &kept.store));
        let targets = TargetStore::joined(targets.iter().map(|kept| &kept.store));
        let stores = (&drugs, &targets);
        let mask = self.model.mask();
        let scores = trained.score_joined(&encoded, stores, &distinct.pairs, mask);
        let scored = Scored {
            trained,
            mask,
            stores,
            encoded: &encoded,
            scores: &scores,
            evidence: &evidence,
        };
        scored.predictions(&distinct.pairs)
    }

    /// The entities of pairs, those that are not kept encoded in one call.
    fn encoded(&self, distinct: &DistinctPairs<'_>, heads: &PairHeads) -> Sides {
        let of_drug = |compound: &&Compound| compound.is_plain().then(|| self.drugs.find(compound.smiles()))?;
        let of_target = |target: &&Target| target.is_plain().then(|| self.targets.find(target.sequence()))?;
        let mut drugs: Vec<Option<_>> = distinct.compounds.iter().map(of_drug).collect();
        let mut targets: Vec<Option<_>> = distinct.targets.iter().map(of_target).collect();
        let missing = Missing {
            drugs: missing(&drugs, &distinct.compounds),
            targets: missing(&targets, &distinct.targets),
        };
        if !missing.drugs.is_empty() || !missing.targets.is_empty() {
            let (new_drugs, new_targets) = self.encode(&missing, heads);
            for ((at, compound), kept) in missing.drugs.into_iter().zip(new_drugs) {
                if compound.is_plain() {
                    let bytes = kept.store.kept_bytes() + kept.encoded.bytes();
                    self.drugs.put(compound.smiles(), kept.clone(), bytes);
                }
                drugs[at] = Some(kept);
            }
            for ((at, target), kept) in missing.targets.into_iter().zip(new_targets) {
                if target.is_plain() {
                    let bytes = kept.store.kept_bytes() + kept.encoded.bytes();
                    self.targets.put(target.sequence(), kept.clone(), bytes);
                }
                targets[at] = Some(kept);
            }
        }
        (
            drugs.into_iter().flatten().collect(),
            targets.into_iter().flatten().collect(),
        )
    }

    fn encode(&self, missing: &Missing<'_>, heads: &PairHeads) -> Sides {
        let trained = self.model.trained();
        let molecules: Vec<&Molecule> = missing.drugs.iter().map(|(_, compound)| compound.molecule()).collect();
        let proteins: Vec<&Protein> = missing.targets.iter().map(|(_, target)| target.protein()).collect();
        let drug_side = side_data(missing.drugs.iter().map(|(_, compound)| compound.side()));
        let target_side = side_data(missing.targets.iter().map(|(_, target)| target.side()));
        let (drugs, targets, _) = trained.stores(
            (molecules.into_iter(), &drug_side),
            (proteins.into_iter(), &target_side),
        );
        let stores = (&drugs, &targets);
        let encoded = trained.encode_all(stores, self.model.mask());
        let [of_drugs, of_targets] = match (&trained.description.trust, &trained.neighbours) {
            (Some(_), Some(reference)) => reference.evidence(stores, [encoded.ids(0), encoded.ids(1)]),
            _ => [encoded.ids(0), encoded.ids(1)].map(|ids| vec![EntityEvidence::default(); ids.len()]),
        };
        let kept_drugs = (encoded.entities(0, heads).into_iter().zip(of_drugs).zip(0..))
            .map(|((encoded, evidence), at)| {
                Arc::new(Kept {
                    store: drugs.kept(at),
                    encoded,
                    evidence,
                })
            })
            .collect();
        let kept_targets = (encoded.entities(1, heads).into_iter().zip(of_targets).zip(0..))
            .map(|((encoded, evidence), at)| {
                Arc::new(Kept {
                    store: targets.kept(at),
                    encoded,
                    evidence,
                })
            })
            .collect();
        (kept_drugs, kept_targets)
    }
}

/// The entities of which nothing was found, with their places.
fn missing<'a, S, T>(found: &[Option<S>], all: &[&'a T]) -> Vec<(usize, &'a T)> {
    let entities = all.iter().enumerate().filter(|(at, _)| found[*at].is_none());
    entities.map(|(at, entity)| (at, *entity)).collect()
}
