//! What is fitted and featurised before the first step.
//!
//! Comes in: a [`Job`]. Goes out: [`Prepared`]: the recipe with what the data decide, stores of all entities, and the reference set.

use fusebind_features::{
    entity::side::{DrugRows, SideData},
    neighbours::NeighbourTable,
    reference::Reference,
    schema::{DrugStore, InputScales, TargetStore, reference_entities},
};

use super::{
    inputs::{PermutedCopies, fit_inputs, known_pairs, training_neighbours, training_targets},
    job::{Job, Observer},
};
use crate::{Error, ErrorKind, drug_rows::DatasetDrugRows, labels::LabelPlan, recipe::Recipe};

/// A run before its first step.
pub(super) struct Prepared {
    /// The recipe with everything filled in that the data decide.
    pub recipe: Recipe,
    /// Scales of the labels.
    pub plan: LabelPlan,
    /// Scales and vocabularies of the inputs.
    pub inputs: InputScales,
    /// Drugs as each interaction sees them.
    pub drug_rows: DrugRows,
    /// All drugs, permuted copies last.
    pub drugs: DrugStore,
    /// All targets, permuted copies last.
    pub targets: TargetStore,
    pub permuted_copies: PermutedCopies,
    /// Training pairs, where the model reads neighbour features.
    pub reference: Option<Reference>,
    /// Neighbour features of the training pairs.
    pub neighbours: Option<NeighbourTable>,
}

impl Prepared {
    pub fn new(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Self, Error> {
        job.recipe.check()?;
        if job.split.train.indices().is_empty() {
            return Err(Error::new(ErrorKind::Data, "the split has no training pairs").hint("choose another --split"));
        }
        let mut recipe = job.recipe.clone();
        let plan = LabelPlan::fit(&job.dataset.interactions, &job.split.train, recipe.task)?;
        recipe.model.heads.affinities = plan.scales.len();
        recipe.model.heads.binding = plan.binding;
        let pairs = job.dataset.interactions.iter().map(|i| (i.drug, i.target));
        let mut drug_rows = DatasetDrugRows::new(job.dataset, job.side[0], pairs);
        let mut target_side = job.side[1].clone();
        let permuted = recipe.training.curriculum.corruption > 0.0 && recipe.model.neighbours.enabled;
        let permuted_copies = match permuted {
            true => PermutedCopies::add(&mut drug_rows.rows, &mut target_side, job),
            false => PermutedCopies::default(),
        };
        let Featurised {
            inputs,
            mut drugs,
            mut targets,
            notes,
        } = featurise(job, &recipe, &drug_rows, &target_side, &permuted_copies);
        notes.iter().for_each(|note| observer.note(note));
        (recipe.model.drug, recipe.model.target) = (inputs.drug.channels(), inputs.target.channels());
        let config = &recipe.training.curriculum;
        let mut reference = (recipe.model.neighbours.enabled)
            .then(|| known_pairs(job, &plan, config, &permuted_copies, &mut drugs, &mut targets));
        let pairs = &drug_rows.rows.pairs;
        let neighbours = (reference.as_mut())
            .map(|reference| training_neighbours(job, reference, pairs, &permuted_copies, (&drugs, &targets)));
        recipe.model.neighbours.inputs = reference.as_ref().map_or(0, Reference::inputs);
        recipe.model.neighbours.flags = reference.as_ref().map_or(0, Reference::flags);
        Ok(Self {
            recipe,
            plan,
            inputs,
            drug_rows: drug_rows.rows,
            drugs,
            targets,
            permuted_copies,
            reference,
            neighbours,
        })
    }
}

/// All entities as the model reads them.
struct Featurised {
    inputs: InputScales,
    drugs: DrugStore,
    targets: TargetStore,
    /// What could not be used.
    notes: Vec<String>,
}

fn featurise(
    job: &Job<'_>,
    recipe: &Recipe,
    drug_rows: &DatasetDrugRows,
    target_side: &SideData,
    permuted_copies: &PermutedCopies,
) -> Featurised {
    let protein = |target: &u32| &job.dataset.targets[*target as usize].protein;
    let proteins = job.dataset.targets.iter().map(|t| &t.protein);
    let proteins = proteins.chain(permuted_copies.targets.iter().map(protein));
    let drugs = DrugStore::new(drug_rows.molecules(job.dataset), recipe.model.graph.substructures);
    let mut targets = TargetStore::new(proteins, recipe.model.sequence.composition);
    if recipe.model.neighbours.enabled {
        let training = training_targets(job);
        let training = reference_entities(&targets.keys, &targets.descriptors, &training);
        targets = targets.recognise(&training);
    }
    let inputs = fit_inputs(job, recipe, &drugs, &targets);
    let (drug_side, mut notes) = inputs.drug.store(&drug_rows.rows.side, drugs.keys.len());
    let (target_side, more) = inputs.target.store(target_side, targets.keys.len());
    notes.extend(more);
    Featurised {
        drugs: drugs.scaled(&inputs.substructures).with_side(drug_side),
        targets: targets.scaled(&inputs.composition).with_side(target_side),
        inputs,
        notes,
    }
}
