//! The variants: variations of one recipe, each with one thing changed.

use fusebind_features::modality::Modality;
use fusebind_model::fusion::entity::{Absent, FusionKind};

use crate::{
    curriculum::{CurriculumKind, Schedule},
    recipe::Recipe,
};

/// A variation of a recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Name in files.
    pub name: &'static str,
    /// What differs from the recipe as it is.
    pub about: &'static str,
    /// The recipe with the change.
    pub recipe: Recipe,
}

type Change = fn(&mut Recipe);

fn drop_modality(recipe: &mut Recipe, modality: Modality) {
    recipe.modalities.read.retain(|m| *m != modality);
}

/// No curriculum, no mismatch prior, no alignment, no structure-only share, and the same moderate dropout from the first epoch to the
/// last.
fn plain(recipe: &mut Recipe) {
    recipe.training.curriculum.kind = CurriculumKind::None;
    recipe.training.curriculum.mismatch_prior = 0.0;
    recipe.training.curriculum.corruption = 0.0;
    recipe.model.alignment.dim = 0;
    recipe.modalities.dropout.schedule = Schedule::Constant;
    recipe.modalities.dropout.last = 0.3;
    recipe.training.structure_only_shares = vec![0.0];
    recipe.training.structure_model = false;
}

fn concatenate(recipe: &mut Recipe) {
    recipe.model.fusion.kind = FusionKind::Concatenation;
    recipe.model.neighbours.imputed = true;
    recipe.training.structure_model = false;
}

fn impute(recipe: &mut Recipe, absent: Absent) {
    recipe.model.fusion.absent = absent;
    recipe.model.neighbours.imputed = true;
    recipe.training.structure_model = false;
}

fn curriculum(recipe: &mut Recipe, kind: CurriculumKind) {
    recipe.training.curriculum.kind = kind;
}

fn missing(recipe: &mut Recipe, share: f64) {
    recipe.perturbation.missing = share;
}

const VARIANTS: &[(&str, &str, Change)] = &[
    ("full", "the recipe as it is", |_| {}),
    (
        "plain",
        "no curriculum, no mismatch prior, no alignment, constant dropout of 0.3",
        plain,
    ),
    (
        "no-curriculum",
        "every modality unlocked at once and with full weight",
        |r| curriculum(r, CurriculumKind::None),
    ),
    ("acmo-curriculum", "the important modalities first", |r| {
        curriculum(r, CurriculumKind::Acmo)
    }),
    ("reversed-curriculum", "the important modalities last", |r| {
        curriculum(r, CurriculumKind::Reversed)
    }),
    ("random-curriculum", "modalities unlocked in random order", |r| {
        curriculum(r, CurriculumKind::Random)
    }),
    (
        "no-mismatch-prior",
        "no value of an entity is checked, none is swapped in training",
        |r| {
            r.training.curriculum.mismatch_prior = 0.0;
            r.training.curriculum.corruption = 0.0;
        },
    ),
    ("no-swaps", "values are checked, but none is swapped in training", |r| {
        r.training.curriculum.corruption = 0.0
    }),
    (
        "swaps-only",
        "values are swapped in training, but none is checked",
        |r| r.training.curriculum.mismatch_prior = 0.0,
    ),
    (
        "swaps",
        "a fifth of the entities of a batch are shown with side values of others",
        |r| r.training.curriculum.corruption = 0.2,
    ),
    (
        "constant-dropout",
        "modality dropout at the mean of its first and last rate throughout",
        |r| {
            let dropout = &mut r.modalities.dropout;
            if dropout.schedule != Schedule::Constant {
                dropout.last = (dropout.first + dropout.last) / 2.0;
            }
            dropout.schedule = Schedule::Constant;
        },
    ),
    ("linear-dropout", "modality dropout from 0.1 up to 0.9", |r| {
        let dropout = &mut r.modalities.dropout;
        (dropout.schedule, dropout.first, dropout.last) = (Schedule::Linear, 0.1, 0.9);
    }),
    ("no-dropout", "no modality dropout", |r| {
        let dropout = &mut r.modalities.dropout;
        dropout.schedule = Schedule::Constant;
        (dropout.last, dropout.natural, dropout.structure) = (0.0, 0.0, 0.0);
    }),
    (
        "late-concatenation",
        "modalities concatenated, zeros for what is absent",
        concatenate,
    ),
    ("impute-zero", "zeros in place of what is absent", |r| {
        impute(r, Absent::Zero)
    }),
    ("impute-mean", "the mean in place of what is absent", |r| {
        impute(r, Absent::Mean)
    }),
    ("impute-knn", "the mean of neighbours in place of what is absent", |r| {
        impute(r, Absent::Knn)
    }),
    (
        "plain-late-concatenation",
        "the plain variant, modalities concatenated, zeros for what is absent",
        |r| {
            plain(r);
            concatenate(r);
        },
    ),
    (
        "plain-impute-zero",
        "the plain variant, zeros in place of what is absent",
        |r| {
            plain(r);
            impute(r, Absent::Zero);
        },
    ),
    (
        "plain-impute-mean",
        "the plain variant, the mean in place of what is absent",
        |r| {
            plain(r);
            impute(r, Absent::Mean);
        },
    ),
    (
        "plain-impute-knn",
        "the plain variant, the mean of neighbours in place of what is absent",
        |r| {
            plain(r);
            impute(r, Absent::Knn);
        },
    ),
    (
        "no-structure-share",
        "no part of a prediction is from structure alone",
        |r| r.training.structure_only_shares = vec![0.0],
    ),
    (
        "no-structure-model",
        "pairs without side values are read by the full model",
        |r| r.training.structure_model = false,
    ),
    ("no-alignment", "no contrastive alignment", |r| {
        r.model.alignment.dim = 0
    }),
    (
        "alignment",
        "contrastive alignment of modalities and of drugs with targets",
        |r| {
            r.model.alignment.dim = 64;
            (r.training.objective.alignment, r.training.objective.contrast) = (0.1, 0.05);
        },
    ),
    ("no-neighbours", "no neighbouring pairs", |r| {
        r.model.neighbours.enabled = false
    }),
    ("without-text", "text is not read", |r| drop_modality(r, Modality::Text)),
    ("without-transcriptome", "transcriptome is not read", |r| {
        drop_modality(r, Modality::Transcriptome)
    }),
    ("without-bioassay", "bioassay is not read", |r| {
        drop_modality(r, Modality::Bioassay)
    }),
    ("structure-only", "graph and sequence alone are read", |r| {
        r.modalities.read = vec![Modality::Graph, Modality::Sequence];
    }),
    ("flipped-labels", "10 % of the training labels are wrong", |r| {
        r.perturbation.flipped = 0.1
    }),
    (
        "plain-flipped-labels",
        "the plain variant on the same wrong labels",
        |r| {
            plain(r);
            r.perturbation.flipped = 0.1;
        },
    ),
    (
        "shuffled-text",
        "every text belongs to another entity, in training as well",
        |r| r.perturbation.shuffled = vec![Modality::Text],
    ),
    ("plain-shuffled-text", "the plain variant on the same texts", |r| {
        plain(r);
        r.perturbation.shuffled = vec![Modality::Text];
    }),
    (
        "missing-30",
        "30 % of the side values are missing for good in training",
        |r| missing(r, 0.3),
    ),
    (
        "missing-60",
        "60 % of the side values are missing for good in training",
        |r| missing(r, 0.6),
    ),
    (
        "missing-90",
        "90 % of the side values are missing for good in training",
        |r| missing(r, 0.9),
    ),
];

/// All variants of `recipe` that differ from it, the recipe itself first.
pub fn variants(recipe: &Recipe) -> Vec<Variant> {
    let mut found: Vec<Variant> = Vec::new();
    for (name, about, change) in VARIANTS {
        let mut changed = recipe.clone();
        change(&mut changed);
        changed.name = format!("{}/{name}", recipe.name);
        let mut same = changed.clone();
        same.name.clone_from(&recipe.name);
        if found.is_empty() || same != *recipe {
            found.push(Variant {
                name,
                about,
                recipe: changed,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_arm_is_sound_and_changes_something() {
        let mut recipe = Recipe::open("davis").expect("is built in");
        recipe.training.curriculum.mismatch_prior = 0.1;
        recipe.training.curriculum.corruption = 0.1;
        recipe.model.alignment.dim = 16;
        let variants = variants(&recipe);
        let names: BTreeSet<&str> = variants.iter().map(|a| a.name).collect();
        assert_eq!((variants[0].name, names.len()), ("full", variants.len()));
        for variant in &variants {
            variant
                .recipe
                .check()
                .unwrap_or_else(|e| panic!("{}: {e}", variant.name));
            assert!(variant.recipe.name.ends_with(variant.name));
        }
        assert!(!names.contains("no-curriculum"), "the recipe has none");
        assert!(names.contains("acmo-curriculum") && names.contains("no-swaps") && names.contains("impute-knn"));
    }
}
