//! Whether the sections of a model file go together. Nothing is allocated for a model before they do.
//!
//! Comes in: [`Description`] and the reference set. Goes out: nothing, or an error that names what disagrees.

use fusebind_features::{
    modality::{Modality, ModalityWeights},
    reference::Reference,
    rows::InputScale,
    schema::{SideDims, SideSchema},
};

use super::parts::{CALIBRATION, REFERENCE, SCHEMA, WEIGHTS};
use crate::{
    Error, ErrorKind,
    checkpoint::{Archive, Known},
    ensemble::{MOST_MEMBERS, MemberRecord},
    scoring::EnsembleWeights,
    trained::{Description, FEATURE_SCHEMA},
};

/// No label is larger, and no scale of an input: what is beyond ends in numbers that are not finite.
const MOST: f64 = 1e12;
/// No trained parameter is near this: weights beyond it end in numbers that are not finite.
const MOST_WEIGHT: f32 = 1e5;

/// The error of the section that disagrees.
fn refuse(section: &Known, reason: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Checkpoint,
        format!(
            "section `{}` {reason}: copy the file again or train again",
            section.name
        ),
    )
}

/// Refuses a description whose parts disagree.
pub(super) fn check(description: &Description, reference: Option<&Reference>) -> Result<(), Error> {
    if description.feature_schema != FEATURE_SCHEMA {
        return Err(Error::new(
            ErrorKind::Checkpoint,
            format!(
                "section `schema` uses feature schema {}, this version has {FEATURE_SCHEMA}: train again or use the version that wrote it",
                description.feature_schema
            ),
        ));
    }
    let model = &description.model;
    model
        .check()
        .map_err(|e| refuse(&SCHEMA, format_args!("holds a {e}")))?;
    outputs(description)?;
    let inputs = &description.inputs;
    scale("substructures", &inputs.substructures, model.graph.substructures)?;
    scale("composition", &inputs.composition, model.sequence.composition)?;
    side("drugs", &inputs.drug, &model.drug)?;
    side("targets", &inputs.target, &model.target)?;
    for (what, schema) in [("drugs", &inputs.drug), ("targets", &inputs.target)] {
        if schema.text_length != model.text.length() {
            return Err(refuse(
                &SCHEMA,
                format_args!(
                    "reads {} words of a text of {what} (`text_length`), its model {}",
                    schema.text_length,
                    model.text.length()
                ),
            ));
        }
    }
    if let Some(reference) = reference {
        let held = reference.check([&inputs.drug, &inputs.target]);
        held.map_err(|what| refuse(&REFERENCE, format_args!("holds {what}")))?;
    }
    let held = reference.map_or([0; 2], |reference| [reference.inputs(), reference.flags()]);
    let read = match model.neighbours.enabled {
        true => [model.neighbours.inputs, model.neighbours.flags],
        false => held,
    };
    if held != read {
        return Err(refuse(
            &REFERENCE,
            format_args!(
                "holds a reference set that gives {} neighbour features, {} of them flags; its model reads {}, {} of them flags",
                held[0], held[1], read[0], read[1]
            ),
        ));
    }
    Ok(())
}

/// Scales, shares and thresholds.
fn outputs(description: &Description) -> Result<(), Error> {
    let heads = description.model.heads.affinities;
    if description.scales.len() != heads {
        return Err(refuse(
            &SCHEMA,
            format_args!(
                "holds {} output scales, its model has {heads} affinity heads",
                description.scales.len()
            ),
        ));
    }
    for scale in &description.scales {
        if scale.mean.is_nan() || scale.mean.abs() > MOST || !(scale.std > 0.0 && scale.std <= MOST) {
            return Err(refuse(
                &SCHEMA,
                format_args!(
                    "holds an output scale `{}` whose mean is {} and whose std is {}",
                    scale.name, scale.mean, scale.std
                ),
            ));
        }
    }
    let shares = [
        (&SCHEMA, "encoder_share", Some(f64::from(description.encoder_share))),
        (
            &SCHEMA,
            "structure_only_share",
            Some(f64::from(description.structure_only_share)),
        ),
        (&CALIBRATION, "prior", description.prior),
        (&CALIBRATION, "threshold", description.threshold),
    ];
    for (section, name, share) in shares {
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(refuse(
                section,
                format_args!("holds a value of `{name}` outside [0, 1]"),
            ));
        }
    }
    if let Some(trust) = &description.trust {
        trust
            .check(heads, description.model.width)
            .map_err(|what| refuse(&CALIBRATION, format_args!("holds {what}")))?;
    }
    members(description)
}

/// Numbers of the first and of further members.
fn members(description: &Description) -> Result<(), Error> {
    if description.members.len() as u64 >= MOST_MEMBERS {
        return Err(refuse(&SCHEMA, format_args!("holds more than {MOST_MEMBERS} members")));
    }
    let is_share = |share: f32| (0.0..=1.0).contains(&share);
    let mut chosen = description.shares_by_novelty.values();
    if !chosen.all(EnsembleWeights::are_shares) {
        return Err(refuse(&SCHEMA, "holds a value of `shares_by_novelty` outside [0, 1]"));
    }
    let weights = |of: &[ModalityWeights; 2]| of.iter().all(|of| Modality::ALL.iter().all(|m| is_share(of.of(*m))));
    if !weights(&description.modality_weights) {
        return Err(refuse(&SCHEMA, "holds a value of `modality_weights` outside [0, 1]"));
    }
    let sound = |member: &MemberRecord| member.ensemble().are_shares() && weights(&member.modality_weights);
    if !description.ensemble().are_shares() {
        return Err(refuse(&SCHEMA, "holds a value of `structure_model` outside [0, 1]"));
    }
    let has_structure = description.structure_model.is_some();
    if !(description.members.iter()).all(|member| member.structure_model.is_some() == has_structure) {
        return Err(refuse(
            &SCHEMA,
            "says that some members have a structure model and others none",
        ));
    }
    match description.members.iter().all(sound) {
        true => Ok(()),
        false => Err(refuse(&SCHEMA, "holds a share or a weight of a member outside [0, 1]")),
    }
}

/// Refuses parameters that no training ends with; `weights` are those of the section of this name.
pub(super) fn weights(weights: &Archive) -> Result<(), Error> {
    if !weights.indices.is_empty() || !weights.metadata.is_empty() {
        return Err(refuse(&WEIGHTS, "holds what is no parameter"));
    }
    let absurd = |values: &[f32]| values.iter().copied().find(|v| v.is_nan() || v.abs() > MOST_WEIGHT);
    for (name, array) in &weights.arrays {
        if let Some(value) = absurd(&array.values) {
            return Err(refuse(
                &WEIGHTS,
                format_args!("holds {value} in `{name}`, and no trained parameter is above {MOST_WEIGHT}"),
            ));
        }
    }
    Ok(())
}

/// Refuses a scale that is not over `channels` channels.
fn scale(what: &str, scale: &InputScale, channels: usize) -> Result<(), Error> {
    if scale.mean.len() != channels || scale.factor.len() != channels {
        return Err(refuse(
            &SCHEMA,
            format_args!(
                "scales {} channels of {what}, its model reads {channels}",
                scale.mean.len()
            ),
        ));
    }
    let mut numbers = scale.mean.iter().chain(&scale.factor);
    match numbers.all(|v| f64::from(v.abs()) <= MOST) {
        true => Ok(()),
        false => Err(refuse(
            &SCHEMA,
            format_args!("holds a scale of {what} that is not finite or of absurd size"),
        )),
    }
}

/// Refuses a side schema that gives other channels than the model reads.
fn side(what: &str, schema: &SideSchema, read: &SideDims) -> Result<(), Error> {
    schema
        .check()
        .map_err(|wrong| refuse(&SCHEMA, format_args!("holds for {what} {wrong}")))?;
    let given = schema.channels();
    let counts = [
        ("terms", given.text, read.text),
        ("genes", given.transcriptome, read.transcriptome),
        ("assay tokens", given.bioassay, read.bioassay),
    ];
    for (name, given, read) in counts {
        if given != read {
            return Err(refuse(
                &SCHEMA,
                format_args!("holds {given} {name} of {what}, its model reads {read}"),
            ));
        }
    }
    if given.embeddings != read.embeddings {
        return Err(refuse(
            &SCHEMA,
            format_args!("holds other embeddings of {what} than its model reads"),
        ));
    }
    schema
        .embeddings
        .iter()
        .try_for_each(|embedding| scale(what, &embedding.scale, embedding.scale.mean.len()))
}
