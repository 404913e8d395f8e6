//! Label-free pre-training: encoders learn to agree on entities that have two or more modalities, before any pair is seen.
//!
//! No label takes part, and no entity that only validation or test pairs know, so that nothing of them is learned. Comes in: stores
//! and a model with alignment. Goes out: its weights after some passes over the entities.

use burn::optim::GradientsParams;
use fusebind_data::split::Part;
use fusebind_features::{
    modality::ModalitySet,
    schema::{DrugStore, SideStore, TargetStore},
};
use fusebind_model::device::seed;
use rand::seq::SliceRandom;

use super::{
    job::{Job, Observer},
    run::Run,
};
use crate::{Error, optimizer::adamw::AdamW, seeds};

/// Drugs and targets of a batch.
const ENTITIES: usize = 256;

impl Run {
    /// Runs the recipe's pre-training, once.
    pub(super) fn pretrain(
        &mut self,
        job: &Job<'_>,
        drugs: &DrugStore,
        targets: &TargetStore,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let epochs = self.recipe.training.pretraining;
        if epochs == 0 || self.progress.pretrained || self.progress.epoch > 0 {
            return Ok(());
        }
        let [mut of_drugs, mut of_targets] = entities(job, [&drugs.side, &targets.side]);
        if of_drugs.len().max(of_targets.len()) < 2 {
            observer.note("no entity has two modalities: nothing to pre-train on");
            return Ok(());
        }
        let mut optimizer = AdamW::new(self.recipe.training.optimizer.clone());
        for epoch in 0..epochs {
            let mut random = seeds::pretraining_epoch(self.seed, epoch).generator();
            of_drugs.shuffle(&mut random);
            of_targets.shuffle(&mut random);
            let steps = of_drugs.len().max(of_targets.len()).div_ceil(ENTITIES);
            let (mut total, mut counted) = (0.0, 0u32);
            for step in 0..steps {
                let pick = |all: &[u32]| -> Vec<(u32, ModalitySet)> {
                    let from = (0..ENTITIES.min(all.len())).map(|at| all[(step * ENTITIES + at) % all.len()]);
                    from.map(|entity| (entity, ModalitySet::default())).collect()
                };
                let (some_drugs, some_targets) = (pick(&of_drugs), pick(&of_targets));
                // Drugs or targets without such entities: a single one, which has nothing to align.
                let first = |some: Vec<(u32, ModalitySet)>| match some.is_empty() {
                    true => vec![(0, ModalitySet::default())],
                    false => some,
                };
                let batch = (
                    drugs.batch_without(&first(some_drugs)),
                    targets.batch_without(&first(some_targets)),
                );
                seed(
                    &self.device,
                    seeds::pretraining_step(self.seed, optimizer.steps()).seed(),
                );
                let Some(aligned) = self.model().align((&batch.0, &batch.1), &self.device) else {
                    observer.note("this model does not align modalities (`model.alignment.dim`): no pre-training");
                    return Ok(());
                };
                if !aligned.compared {
                    continue;
                }
                let loss = self.objective.pretraining(&aligned);
                total += f64::from(loss.clone().into_scalar::<f32>());
                counted += 1;
                let grads = GradientsParams::from_grads(loss.backward(), self.model());
                let rate = self.recipe.training.learning_rate;
                self.update(|model| optimizer.step(model, grads, rate));
            }
            if counted == 0 {
                observer.note("fewer than four different entities have two modalities: nothing to pre-train on");
                return Ok(());
            }
            observer.note(&format!(
                "pre-training {}/{epochs}: alignment loss {:.4}",
                epoch + 1,
                total / f64::from(counted.max(1))
            ));
        }
        self.progress.pretrained = true;
        self.save()
    }
}

/// Drugs and targets that have a side modality and are known to training pairs, or to no pair at all.
fn entities(job: &Job<'_>, stores: [&SideStore; 2]) -> [Vec<u32>; 2] {
    let counts = [job.dataset.drugs.len(), job.dataset.targets.len()];
    let mut kept = counts.map(|count| vec![true; count]);
    for (part, keeps) in [(Part::Valid, false), (Part::Test, false), (Part::Train, true)] {
        for index in job.split.part(part) {
            let pair = &job.dataset.interactions[*index as usize];
            kept[0][pair.drug as usize] = keeps;
            kept[1][pair.target as usize] = keeps;
        }
    }
    [0, 1].map(|side| {
        let has = |entity: &u32| !stores[side].present(*entity).is_empty() && kept[side][*entity as usize];
        (0..counts[side] as u32).filter(has).collect()
    })
}
