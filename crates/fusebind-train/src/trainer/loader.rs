//! Batches of one epoch, packed by a second thread while the model works on the one before.
//!
//! Comes in: training indices and featurised stores. Goes out: [`Batch`]es in the sampler's order.

use std::{
    sync::mpsc::{Receiver, TryRecvError, sync_channel},
    time::Duration,
};

use fusebind_data::{
    sampler::{BatchSampler, SamplerConfig, distinct_batch},
    table::Interaction,
};
use fusebind_features::{
    batch::PairIndex,
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::{Mask, NeighbourTable},
    random::Stream,
    rows::Rows,
    schema::{DrugBatch, DrugStore, SideStore, TargetBatch, TargetStore},
};
use fusebind_model::trained::OutputScale;

use super::inputs::{PermutedCopies, Positives};
use crate::{
    Error,
    curriculum::{DropoutConfig, Shown},
    objective::Labels,
    recipe::ColdStartConfig,
    seeds,
};

/// Packed batches that may wait for the model.
const AHEAD: usize = 2;
/// Between two looks for a batch.
const PAUSE: Duration = Duration::from_micros(50);

/// Choices for an entity of a batch; those below are of its modalities, by their numbers.
const NATURAL: u64 = 13;
const PERMUTED: u64 = 14;
const KIND: u64 = 15;

/// One batch: distinct drugs, distinct targets, index pairs and their labels.
pub(super) struct Batch {
    pub drugs: DrugBatch,
    pub targets: TargetBatch,
    pub pairs: PairIndex,
    pub neighbours: Option<Rows>,
    pub labels: Labels,
    /// What the drug and the target of each pair were shown with.
    pub shown: Vec<[Shown; 2]>,
    /// 1 where a drug of the batch is known to bind a target of it, `[Bd, Bt]`; empty where nobody asks.
    pub binding: Vec<f32>,
}

/// What batches are made of.
pub(super) struct Loader<'a> {
    pub interactions: &'a [Interaction],
    /// Drug row and target row of each interaction.
    pub pairs: &'a [(u32, u32)],
    pub train: &'a [u32],
    /// Positions in the training part that are learned from, ascending.
    pub positions: &'a [u32],
    pub stores: (&'a DrugStore, &'a TargetStore),
    pub scales: &'a [OutputScale],
    /// Neighbour features by position in the training part, once for each of the pair's own and permuted side values
    /// ([`PermutedCopies::variant`]).
    pub neighbours: Option<&'a NeighbourTable>,
    pub permuted_copies: &'a PermutedCopies,
    pub cold_start: &'a ColdStartConfig,
    pub dropout: &'a DropoutConfig,
    /// Whether a model of graph and sequence alone is trained, which sees no side value.
    pub structure_only: bool,
    /// Pairs that are known to bind.
    pub positives: &'a Positives,
    /// Whether pairs of one entity are compared.
    pub compares: bool,
    /// Share of the entities that are shown with permuted side values.
    pub corruption: f64,
    pub sampler: &'a SamplerConfig,
    pub seed: u64,
    /// Weights of the modalities of drugs and of targets in the epoch at hand.
    pub modality_weights: [ModalityWeights; 2],
    /// Share of training that was done before this epoch.
    pub progress: f64,
}

/// An entity of a batch.
#[derive(Clone, Copy)]
struct Entrant {
    /// Row in the store.
    row: u32,
    /// Whether it is shown with side values of another entity.
    permuted: bool,
    /// What it does without.
    without: ModalitySet,
    shown: Shown,
}

impl Loader<'_> {
    fn pair(&self, position: u32) -> (u32, u32) {
        self.pairs[self.train[position as usize] as usize]
    }

    /// The batches of `epoch` as positions in the training part.
    pub fn epoch(&self, epoch: u64) -> Vec<Vec<u32>> {
        let pairs: Vec<(u32, u32)> = self.positions.iter().map(|p| self.pair(*p)).collect();
        let mut batches = BatchSampler::new(self.sampler.clone()).epoch(&pairs, self.seed, epoch);
        for at in batches.iter_mut().flatten() {
            *at = self.positions[*at as usize];
        }
        batches
    }

    /// What is masked of the neighbour features of a training pair in this epoch.
    fn mask(&self, epoch: u64, position: u32) -> Mask {
        let pair = seeds::pair(self.seed, epoch, position);
        Mask {
            drug_labels: pair.apart(1).unit() < self.cold_start.drug,
            target_labels: pair.apart(2).unit() < self.cold_start.target,
            ..Mask::default()
        }
    }

    /// How the entities at `rows` enter a batch; `side` is 0 for drugs and 1 for targets. An entity without side modalities has
    /// nothing to do without.
    fn entrants(&self, batch: Stream, rows: &[u32], store: &SideStore, side: usize) -> Vec<Entrant> {
        let structure = [Modality::Graph, Modality::Sequence][side];
        let entrant = |&row: &u32| {
            let stream = seeds::entity(batch, row);
            let unit = |choice: u64| stream.apart(choice).unit();
            let permuted = unit(PERMUTED) < self.corruption && self.permuted_copies.of[side].contains_key(&row);
            let row = if permuted {
                self.permuted_copies.of[side][&row]
            } else {
                row
            };
            let own = store.present(row);
            let kind = unit(KIND);
            let natural = rows[(unit(NATURAL) * rows.len() as f64) as usize];
            let lost = |m: &Modality| match () {
                () if kind < self.dropout.structure => unit(*m as u64) < 0.5,
                () if kind < self.dropout.structure + self.dropout.natural => !store.present(natural).contains(*m),
                () => unit(*m as u64) < self.dropout.rate(self.progress, self.modality_weights[side], *m),
            };
            let extra = Some(structure).filter(|_| kind < self.dropout.structure && !store.is_empty());
            let without: ModalitySet = match self.structure_only {
                true => own.iter().filter(|m| *m != structure).collect(),
                false => own.iter().chain(extra).filter(lost).collect(),
            };
            let whole: ModalitySet = own.iter().chain([structure]).collect();
            Entrant {
                row,
                permuted,
                without,
                shown: Shown {
                    // Values of another entity say nothing of how important the modality is.
                    with: whole.iter().filter(|m| !without.contains(*m) && !permuted).collect(),
                    without: whole.iter().filter(|m| without.contains(*m) && !permuted).collect(),
                },
            }
        };
        rows.iter().map(entrant).collect()
    }

    fn pack(&self, epoch: u64, positions: &[u32]) -> Batch {
        let pairs: Vec<(u32, u32)> = positions.iter().map(|&p| self.pair(p)).collect();
        let (drugs, targets, index) = distinct_batch(&pairs);
        let stream = |side: usize| seeds::batch(self.seed, epoch, positions[0], side);
        let drugs = self.entrants(stream(0), &drugs, &self.stores.0.side, 0);
        let targets = self.entrants(stream(1), &targets, &self.stores.1.side, 1);
        let of_pair = |at: usize| (&drugs[index.drug[at] as usize], &targets[index.target[at] as usize]);
        let interactions = positions
            .iter()
            .map(|&p| &self.interactions[self.train[p as usize] as usize]);
        let permuted = |entrants: &[Entrant]| entrants.iter().map(|e| e.permuted).collect::<Vec<_>>();
        let taken = |entrants: &[Entrant]| entrants.iter().map(|e| (e.row, e.without)).collect::<Vec<_>>();
        let (of_drugs, of_targets) = (
            (self.stores.0.batch_without(&taken(&drugs)))
                .weighted(self.modality_weights[0])
                .without_permuted(&permuted(&drugs)),
            (self.stores.1.batch_without(&taken(&targets)))
                .weighted(self.modality_weights[1])
                .without_permuted(&permuted(&targets)),
        );
        let (of_drugs, of_targets) = match self.structure_only {
            true => (of_drugs.structure_only(), of_targets.structure_only()),
            false => (of_drugs, of_targets),
        };
        let labels = Labels::of(interactions, self.scales);
        let labels = match self.compares {
            true => {
                let entities = index.drug.iter().zip(&index.target);
                labels.compared(&entities.map(|(drug, target)| [*drug, *target]).collect::<Vec<_>>())
            }
            false => labels,
        };
        Batch {
            neighbours: self.neighbours.map(|table| {
                let row = |(at, &position): (usize, &u32)| {
                    let (drug, target) = of_pair(at);
                    let mask = Mask {
                        drug: drug.without,
                        target: target.without,
                        modality_weights: self.modality_weights,
                        ..self.mask(epoch, position)
                    };
                    let variant = PermutedCopies::variant(drug.permuted, target.permuted);
                    (variant * self.train.len() as u32 + position, mask)
                };
                table.rows(&positions.iter().enumerate().map(row).collect::<Vec<_>>())
            }),
            shown: (0..positions.len())
                .map(of_pair)
                .map(|(drug, target)| [drug.shown, target.shown])
                .collect(),
            binding: self.positives.matrix(
                &drugs.iter().map(|e| e.row).collect::<Vec<_>>(),
                &targets.iter().map(|e| e.row).collect::<Vec<_>>(),
            ),
            drugs: of_drugs,
            targets: of_targets,
            labels,
            pairs: index,
        }
    }

    /// Hands every batch to `consume`, in order, packing ahead of it.
    pub fn run(
        &self,
        epoch: u64,
        batches: &[Vec<u32>],
        mut consume: impl FnMut(Batch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(AHEAD);
            let packer = scope.spawn(move || {
                for positions in batches {
                    // The consumer hung up: it met an error and nothing more is wanted.
                    if sender.send(self.pack(epoch, positions)).is_err() {
                        return;
                    }
                }
            });
            let outcome = std::iter::from_fn(|| next(&receiver)).try_for_each(&mut consume);
            // After an error the packer may still wait for this very thread's pool: to block on it would block both for good.
            drop(receiver);
            while !packer.is_finished() {
                help();
            }
            outcome
        })
    }
}

/// The next batch.
fn next(receiver: &Receiver<Batch>) -> Option<Batch> {
    loop {
        match receiver.try_recv() {
            Ok(batch) => return Some(batch),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => help(),
        }
    }
}

/// Waits a little. A thread of the pool works on what the pool has to do meanwhile: the packer may have asked it to.
fn help() {
    if rayon::yield_now() != Some(rayon::Yield::Executed) {
        std::thread::sleep(PAUSE);
    }
}
