//! The encodings of single entities, taken out of [`Encoded`] to be kept, and put together again for other pairs.
//!
//! Comes in: encoded entities, and the part of each member of a model that reads pairs of them ([`PairHeads`]), which is taken out once. Goes out: each
//! entity alone, projected for that part. An entity is encoded and projected alike in every batch, so that what is put together is what encoding the
//! same entities at once would give. Axis legend: `M` modalities that the model reads of a side.

use fusebind_features::{neighbours::Mask, rows::Rows};

use super::{
    EnsembleWeights, Scorer,
    encoded::{Encoded, EncodedSide, InputSubset, Ready, SubsetHeads},
};
use crate::{fusion::fused::Projected, layer::kernel::on_host, trained::TrainedModel};

/// What reads pairs of encoded entities, of each member of an ensemble, the first member first.
#[derive(Clone, Debug)]
pub struct PairHeads(Vec<SubsetHeads>);

/// One drug or target, as each member of an ensemble encodes it, the first member first.
#[derive(Clone, Debug)]
pub struct EncodedEntity {
    members: Vec<Member>,
}

#[derive(Clone, Debug, Default)]
struct Member {
    /// Projections under each subset.
    subsets: Vec<(InputSubset, Projected)>,
    /// Attention weights, `[M]`.
    attention: Vec<f32>,
    /// Embedding with everything that is read, `[D]`.
    embedding: Vec<f32>,
}

impl TrainedModel {
    /// What reads pairs of encoded entities; none where the model does not live on the processor.
    pub fn pair_heads(&self) -> Option<PairHeads> {
        let heads = |(scorer, _): (Scorer<'_>, EnsembleWeights)| SubsetHeads::new(scorer.model, scorer.structure);
        on_host(&self.device).then(|| PairHeads(self.scorers(Mask::default()).map(heads).collect()))
    }
}

impl EncodedEntity {
    /// Bytes, about.
    pub fn bytes(&self) -> usize {
        let projected = |member: &Member| {
            member
                .subsets
                .iter()
                .map(|(_, projected)| projected.len())
                .sum::<usize>()
        };
        let values = |member: &Member| member.attention.len() + member.embedding.len() + projected(member);
        size_of::<f32>() * self.members.iter().map(values).sum::<usize>()
    }
}

impl Encoded {
    /// Each of the drugs (`side` 0) or targets (1) alone, in the order of [`Encoded::ids`].
    pub fn entities(&self, side: usize, heads: &PairHeads) -> Vec<EncodedEntity> {
        let count = self.ids(side).len();
        let mut all = vec![EncodedEntity { members: Vec::new() }; count];
        if count == 0 {
            return all;
        }
        for (encoded, heads) in self.members().zip(&heads.0) {
            let attention = &encoded.side(side).attention;
            let mut members: Vec<Member> = (attention.values.chunks(attention.width.max(1)))
                .map(|attention| Member {
                    attention: attention.to_vec(),
                    ..Member::default()
                })
                .collect();
            members.resize_with(count, Member::default);
            let embeddings = encoded.embeddings_on_host(0, side);
            let apart = embeddings.chunks((embeddings.len() / count).max(1)).zip(&mut members);
            apart.for_each(|(own, member)| member.embedding = own.to_vec());
            for (at, subset) in encoded.subsets.iter().enumerate() {
                let (head, _) = heads.of(*subset);
                let projected = head.project(encoded.embeddings(at, side).clone(), side);
                let apart = projected.apart(count).into_iter().zip(&mut members);
                apart.for_each(|(own, member)| member.subsets.push((*subset, own)));
            }
            let each = all.iter_mut().zip(members);
            each.for_each(|(entity, member)| entity.members.push(member));
        }
        all
    }

    /// Entities of one model, drugs and targets, of each of which there is one at least; their ids are their places here.
    pub fn of_entities(drugs: &[&EncodedEntity], targets: &[&EncodedEntity], heads: &PairHeads) -> Self {
        let member = |at: usize| {
            let of = |entities: &[&EncodedEntity], subset: usize| {
                let parts = entities.iter().map(|entity| &entity.members[at].subsets[subset].1);
                Projected::joined(parts)
            };
            let subsets: Vec<InputSubset> = drugs[0].members[at].subsets.iter().map(|(subset, _)| *subset).collect();
            let ready = Ready {
                heads: heads.0[at].clone(),
                projected: (0..subsets.len())
                    .map(|subset| [of(drugs, subset), of(targets, subset)])
                    .collect(),
            };
            Self {
                subsets,
                drugs: side(drugs, at),
                targets: side(targets, at),
                further: Vec::new(),
                ready: Some(ready),
            }
        };
        let further = (1..heads.0.len()).map(member).collect();
        member(0).with_further(further)
    }
}

/// The entities of one side as the member at `at` sees them, without embeddings: they are projected already.
fn side(entities: &[&EncodedEntity], at: usize) -> EncodedSide {
    let attention = || entities.iter().map(|entity| &entity.members[at].attention);
    EncodedSide {
        ids: (0..entities.len() as u32).collect(),
        embeddings: Vec::new(),
        kept: (entities.iter().flat_map(|entity| &entity.members[at].embedding))
            .copied()
            .collect(),
        attention: Rows {
            width: attention().next().map_or(0, Vec::len),
            values: attention().flatten().copied().collect(),
        },
    }
}
