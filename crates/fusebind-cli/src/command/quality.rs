//! `fusebind quality`: mismatch rates of the side tables at hand, and whether reasons tell of the model.
//!
//! Comes in: a model, a data set and its side tables. Goes out: a JSON file that `predict`, `evaluate` and `robustness` take, or JSON on stdout.

use std::path::PathBuf;

use fusebind::{
    data::{simulate::PlantedKeys, source::LabelPolicy, table::write_atomically},
    features::entity::side::SideData,
    predict::Entities,
};

use super::output::{create_parent, protect, say};
use crate::{
    args::{EncoderArgs, EstimateArgs, PlantedArgs, QualityCommand, ReasonsArgs, SourceArgs},
    console::Console,
    exit::Failure,
    load::{self, RatesFile},
};

pub fn run(command: &QualityCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        QualityCommand::Estimate(args) => estimate(args, console),
        QualityCommand::Reasons(args) => reasons(args, console),
        QualityCommand::Planted(args) => planted(args, console),
    }
}

/// Explains simulated pairs, and prints how well the reasons find the atoms and residues that make them bind.
fn planted(args: &PlantedArgs, console: &Console) -> anyhow::Result<()> {
    let file = args.data.join(PlantedKeys::FILE);
    let text = fusebind::features::regular::read_to_string(&file).map_err(|error| {
        let message = format!("{} cannot be read: {error}", file.display());
        Failure::failed(message, "give a folder that `fusebind data simulate --rule keys` wrote")
    })?;
    let keys: PlantedKeys = serde_json::from_str(&text).map_err(|error| {
        let message = format!("{}: {error}", file.display());
        Failure::failed(message, "simulate the data anew")
    })?;
    let (encoders, tables) = (EncoderArgs::default(), SourceArgs::default());
    let open = |run: &PathBuf| {
        let flags = load::ModelFlags::new(args.device, &encoders, None);
        load::model(run, flags, console)
    };
    let model = open(&args.run)?;
    let other = args.against.as_ref().map(open).transpose()?;
    let source = tables.following(model.description().standardise)?;
    let (dataset, _) = load::dataset(&args.data, &source, LabelPolicy::Optional, None, console)?;
    let molecules: Vec<_> = dataset.drugs.iter().map(|drug| &drug.molecule).collect();
    let proteins: Vec<_> = dataset.targets.iter().map(|target| &target.protein).collect();
    let entities = Entities {
        drugs: &molecules,
        targets: &proteins,
        side: [&SideData::default(), &SideData::default()],
    };
    let all = (0..dataset.drugs.len() as u32)
        .flat_map(|drug| (0..dataset.targets.len() as u32).map(move |target| (drug, target)));
    let shared = |(drug, target): (u32, u32)| {
        let ids = (&dataset.drugs[drug as usize].ids, &dataset.targets[target as usize].ids);
        Some(((drug, target), keys.of_pair(ids.0.first()?, ids.1.first()?)?))
    };
    let shared: Vec<_> = all.filter_map(shared).collect();
    let positions: Vec<(u32, u32)> = shared.iter().map(|(pair, _)| *pair).collect();
    let known = model.is_trained_on(entities, &positions);
    let mut new: Vec<_> = shared
        .into_iter()
        .zip(known)
        .filter(|(_, known)| !known)
        .map(|(pair, _)| pair)
        .collect();
    let (all, count) = (new.len(), (args.pairs as usize).min(new.len()));
    let mut at = 0..all;
    new.retain(|_| {
        at.next()
            .is_some_and(|at| (at * count) / all != ((at + 1) * count) / all)
    });
    if new.is_empty() {
        return Err(Failure::failed(
            format!(
                "{}: no pair shares a key that the model was not trained on",
                args.data.display()
            ),
            "simulate more drugs and targets, or train on fewer pairs",
        ));
    }
    let found = model.planted_scores(entities, &new, other.as_ref());
    console.note(
        "area under the ROC curve of the effects of atoms and windows of residues for those that make the pairs bind",
    );
    Ok(say(serde_json::to_string_pretty(&found)?)?)
}

fn estimate(args: &EstimateArgs, console: &Console) -> anyhow::Result<()> {
    if let Some(out) = &args.out {
        protect(
            [out, &load::rejected_beside(out)],
            [&args.data, &args.modalities, &args.run].map(PathBuf::as_path),
        )?;
    }
    let flags = load::ModelFlags::new(args.device, &args.encoders, args.source.cache.as_deref());
    let model = load::model(&args.run, flags, console)?;
    let source = args.source.following(model.description().standardise)?;
    let (dataset, mut rejections) = load::dataset(&args.data, &source, LabelPolicy::Optional, None, console)?;
    let fields = load::text_fields(model.description());
    let (side, _) = load::side_data(
        (Some(&args.modalities), load::Unmatched::of(&args.source)),
        &dataset,
        fields,
        &mut rejections,
        console,
    )?;
    let molecules: Vec<_> = dataset.drugs.iter().map(|drug| &drug.molecule).collect();
    let proteins: Vec<_> = dataset.targets.iter().map(|target| &target.protein).collect();
    let rates = model.estimate_mismatch_rates(Entities {
        drugs: &molecules,
        targets: &proteins,
        side: [&side[0], &side[1]],
    });
    for (entity, tables) in [("drug", &rates.drug), ("target", &rates.target)] {
        for (modality, rate) in tables {
            console.note(format_args!(
                "{entity} {modality}: about {:.1} % of {} values look as if they belonged to another {entity}",
                100.0 * rate.rate,
                rate.values
            ));
        }
    }
    load::report_rejections(
        &rejections,
        args.out.as_deref().map(load::rejected_beside).as_deref(),
        console,
    )?;
    let text = serde_json::to_string_pretty(&RatesFile::new(&model, rates))? + "\n";
    match &args.out {
        Some(path) => {
            create_parent(path)?;
            write_atomically(path, |out| std::io::Write::write_all(out, text.as_bytes()))?;
        }
        None => say(text.trim_end())?,
    }
    Ok(())
}

/// Explains some pairs with the model and with shuffled ones, and prints how much the reasons resemble each other.
fn reasons(args: &ReasonsArgs, console: &Console) -> anyhow::Result<()> {
    let flags = load::ModelFlags::new(args.device, &args.encoders, args.source.cache.as_deref());
    let model = load::model(&args.run, flags, console)?;
    let source = args.source.following(model.description().standardise)?;
    let (dataset, mut rejections) = load::dataset(&args.data, &source, LabelPolicy::Optional, None, console)?;
    let fields = load::text_fields(model.description());
    let folder = (args.modalities.as_deref(), load::Unmatched::of(&args.source));
    let (side, _) = load::side_data(folder, &dataset, fields, &mut rejections, console)?;
    load::report_rejections(&rejections, None, console)?;
    let molecules: Vec<_> = dataset.drugs.iter().map(|drug| &drug.molecule).collect();
    let proteins: Vec<_> = dataset.targets.iter().map(|target| &target.protein).collect();
    let (all, count) = (
        dataset.interactions.len(),
        (args.pairs as usize).min(dataset.interactions.len()),
    );
    let pair = |at: usize| {
        let interaction = &dataset.interactions[at * all / count];
        (interaction.drug, interaction.target)
    };
    let pairs: Vec<(u32, u32)> = (0..count).map(pair).collect();
    let entities = Entities {
        drugs: &molecules,
        targets: &proteins,
        side: [&side[0], &side[1]],
    };
    let found = model.explanation_controls(entities, &pairs, args.seed)?;
    console.note("rank correlation of the effects of atoms and residues with those of shuffled models; near 0 is good");
    Ok(say(serde_json::to_string_pretty(&found)?)?)
}
