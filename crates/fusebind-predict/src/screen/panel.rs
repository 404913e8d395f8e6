//! The proteins of a screening, featurised and encoded once.
//!
//! Comes in: a model and proteins, then molecules by the thousand. Goes out: the scores of all molecules with all proteins.

use fusebind_features::{
    entity::{molecule::Molecule, protein::Protein, side::SideData},
    schema::TargetStore,
};
use fusebind_model::{scoring::Encoded, trust::Domain};

use crate::model::Model;

/// Pairs that are scored at a time: more take memory, fewer repeat what is computed once for each protein.
const PAIRS: usize = 1 << 18;

/// See the file's header.
#[derive(Debug)]
pub struct Panel<'m> {
    model: &'m Model,
    targets: TargetStore,
    encoded: Encoded,
}

impl<'m> Panel<'m> {
    /// Featurises and encodes `proteins`.
    pub fn new(model: &'m Model, proteins: &[&Protein]) -> Self {
        let side = SideData::default();
        let targets = (proteins.iter().copied(), &side);
        let (none, targets, _) = model
            .trained()
            .stores((std::iter::empty::<&Molecule>(), &side), targets);
        let encoded = model.trained().encode_all_bare((&none, &targets), model.mask());
        Self {
            model,
            targets,
            encoded,
        }
    }

    /// Number of proteins `T`.
    pub fn len(&self) -> usize {
        self.targets.keys.len()
    }

    /// Whether there is no protein.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Scores `molecules` with every protein, `[B, T]`: the first affinity, or the probability of binding. They are those of
    /// [`Model::predict`], to the bit. With `worst`, pairs that lie further outside of what the
    /// model knows have none.
    pub fn scores(&self, molecules: &[&Molecule], worst: Option<Domain>) -> Vec<Option<f64>> {
        let rows = (PAIRS / self.len().max(1)).max(1);
        let of = |molecules: &[&Molecule]| self.block(molecules, worst);
        molecules.chunks(rows).flat_map(of).collect()
    }

    fn block(&self, molecules: &[&Molecule], worst: Option<Domain>) -> Vec<Option<f64>> {
        let side = SideData::default();
        let trained = self.model.trained();
        let (drugs, none, _) = (trained).stores(
            (molecules.iter().copied(), &side),
            (std::iter::empty::<&Protein>(), &side),
        );
        let encoded = trained.encode_all_bare((&drugs, &none), self.model.mask());
        let encoded = Encoded::joined(&encoded, &self.encoded);
        let targets = self.len() as u32;
        let pairs: Vec<(u32, u32)> = (0..molecules.len() as u32)
            .flat_map(|drug| (0..targets).map(move |target| (drug, target)))
            .collect();
        let stores = (&drugs, &self.targets);
        let scores = trained.score_joined(&encoded, stores, &pairs, self.model.mask());
        let mut all: Vec<Option<f64>> = (0..pairs.len())
            .map(|row| Some(self.model.main_score(&scores, row)))
            .collect();
        if let (Some(worst), Some(trust)) = (worst, &trained.description.trust) {
            let evidence = trained.evidence(stores, &pairs);
            for (row, (score, evidence)) in all.iter_mut().zip(&evidence).enumerate() {
                if scores.domain(trust, evidence, row).domain > worst {
                    *score = None;
                }
            }
        }
        all
    }
}
