//! Entities as the model sees them: one vector each, from structure alone.
//!
//! Comes in: molecules, or proteins. Goes out: [`Embeddings`], `[B, D]`, what a prediction of a pair is made of. Two models have nothing in common
//! in their channels.

use fusebind_features::{
    entity::{molecule::Molecule, protein::Protein, side::SideData},
    schema::{DrugStore, TargetStore},
};

use crate::model::Model;

/// Vectors behind each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    /// Channels `D`.
    pub width: usize,
    /// Values, `[B, D]`.
    pub values: Vec<f32>,
}

impl Model {
    /// Embeddings of `molecules`, in order.
    pub fn embed_molecules(&self, molecules: &[&Molecule]) -> Embeddings {
        let side = SideData::default();
        let none = std::iter::empty::<&Protein>();
        let (drugs, targets, _) = self.trained().stores((molecules.iter().copied(), &side), (none, &side));
        self.embedded((&drugs, &targets), 0)
    }

    /// Embeddings of `proteins`, in order.
    pub fn embed_proteins(&self, proteins: &[&Protein]) -> Embeddings {
        let side = SideData::default();
        let none = std::iter::empty::<&Molecule>();
        let (drugs, targets, _) = self.trained().stores((none, &side), (proteins.iter().copied(), &side));
        self.embedded((&drugs, &targets), 1)
    }

    fn embedded(&self, stores: (&DrugStore, &TargetStore), side: usize) -> Embeddings {
        if [stores.0.keys.len(), stores.1.keys.len()][side] == 0 {
            return Embeddings::default();
        }
        let encoded = self.trained().encode_all_bare(stores, self.mask());
        let tensor = encoded.embeddings(0, side).clone();
        let width = tensor.dims()[1];
        let values = tensor.into_data().iter::<f32>().collect();
        Embeddings { width, values }
    }
}
