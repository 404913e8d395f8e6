//! Whether the sections of a model file go together. Nothing is allocated for a model before they do.
//!
//! Comes in: [`Description`] and the reference set. Goes out: nothing, or an error that names what disagrees.

use fusebind_features::{
    reference::Reference,
    rows::InputScale,
    schema::{SideDims, SideSchema},
};

use crate::{
    Error, ErrorKind,
    trained::{Description, FEATURE_SCHEMA},
};

fn refuse(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Checkpoint, format!("{reason}: copy it again or train again"))
}

/// Refuses a description whose parts disagree.
pub(super) fn check(description: &Description, reference: Option<&Reference>) -> Result<(), Error> {
    if description.feature_schema != FEATURE_SCHEMA {
        return Err(Error::new(
            ErrorKind::Checkpoint,
            format!(
                "uses feature schema {}, this version has {FEATURE_SCHEMA}: train again or use the version that wrote it",
                description.feature_schema
            ),
        ));
    }
    let model = &description.model;
    model.check()?;
    outputs(description)?;
    let inputs = &description.inputs;
    scale("substructures", &inputs.substructures, model.graph.substructures)?;
    scale("composition", &inputs.composition, model.sequence.composition)?;
    side("drugs", &inputs.drug, &model.drug)?;
    side("targets", &inputs.target, &model.target)?;
    for (what, schema) in [("drugs", &inputs.drug), ("targets", &inputs.target)] {
        if schema.text_length != model.text.length() {
            return Err(refuse(format_args!(
                "reads {} words of a text of {what}, its model {}",
                schema.text_length,
                model.text.length()
            )));
        }
    }
    let held = reference.map_or([0; 2], |reference| [reference.inputs(), reference.flags()]);
    let read = match model.neighbours.enabled {
        true => [model.neighbours.inputs, model.neighbours.flags],
        false => held,
    };
    if held != read {
        return Err(refuse(format_args!(
            "holds a reference set that gives {} neighbour features, {} of them flags; its model reads {}, {} of them flags",
            held[0], held[1], read[0], read[1]
        )));
    }
    Ok(())
}

/// Scales, shares and thresholds.
fn outputs(description: &Description) -> Result<(), Error> {
    let heads = description.model.heads.affinities;
    if description.scales.len() != heads {
        return Err(refuse(format_args!(
            "holds {} output scales, its model has {heads} affinity heads",
            description.scales.len()
        )));
    }
    for scale in &description.scales {
        if !scale.mean.is_finite() || !scale.std.is_finite() || scale.std <= 0.0 {
            return Err(refuse(format_args!(
                "holds an output scale `{}` whose mean is {} and whose std is {}",
                scale.name, scale.mean, scale.std
            )));
        }
    }
    let shares = [
        ("encoder_share", Some(f64::from(description.encoder_share))),
        (
            "structure_only_share",
            Some(f64::from(description.structure_only_share)),
        ),
        ("prior", description.prior),
        ("threshold", description.threshold),
    ];
    for (name, share) in shares {
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(refuse(format_args!("holds a value of `{name}` outside [0, 1]")));
        }
    }
    Ok(())
}

/// Refuses a scale that is not over `channels` channels.
fn scale(what: &str, scale: &InputScale, channels: usize) -> Result<(), Error> {
    if scale.mean.len() != channels || scale.factor.len() != channels {
        return Err(refuse(format_args!(
            "scales {} channels of {what}, its model reads {channels}",
            scale.mean.len()
        )));
    }
    match scale.mean.iter().chain(&scale.factor).all(|v| v.is_finite()) {
        true => Ok(()),
        false => Err(refuse(format_args!("holds a scale of {what} that is not finite"))),
    }
}

/// Refuses a side schema that gives other channels than the model reads.
fn side(what: &str, schema: &SideSchema, read: &SideDims) -> Result<(), Error> {
    let given = schema.channels();
    let counts = [
        ("terms", given.text, read.text),
        ("genes", given.transcriptome, read.transcriptome),
        ("assay tokens", given.bioassay, read.bioassay),
    ];
    for (name, given, read) in counts {
        if given != read {
            return Err(refuse(format_args!(
                "holds {given} {name} of {what}, its model reads {read}"
            )));
        }
    }
    if given.embeddings != read.embeddings {
        return Err(refuse(format_args!(
            "holds other embeddings of {what} than its model reads"
        )));
    }
    schema
        .embeddings
        .iter()
        .try_for_each(|embedding| scale(what, &embedding.scale, embedding.scale.mean.len()))
}
