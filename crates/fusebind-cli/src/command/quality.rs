//! `fusebind quality estimate`: mismatch rates of the side tables at hand.
//!
//! Comes in: a model, a data set and its side tables. Goes out: a JSON file that `predict`, `evaluate` and `robustness` take.

use std::path::PathBuf;

use fusebind::{
    Model,
    data::{source::LabelPolicy, table::write_atomically},
    predict::Entities,
};

use super::output::{create_parent, protect, say};
use crate::{
    args::{EstimateArgs, QualityCommand},
    console::Console,
    load::{self, RatesFile},
};

pub fn run(command: &QualityCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        QualityCommand::Estimate(args) => estimate(args, console),
    }
}

fn estimate(args: &EstimateArgs, console: &Console) -> anyhow::Result<()> {
    if let Some(out) = &args.out {
        protect(
            [out, &load::rejected_beside(out)],
            [&args.data, &args.modalities, &args.run].map(PathBuf::as_path),
        )?;
    }
    let device = load::device(args.device, console)?;
    let model = Model::open_on(&args.run, &device)?;
    let (dataset, mut rejections) = load::dataset(&args.data, &args.source, LabelPolicy::Optional, None, console)?;
    let inputs = &model.description().inputs;
    let fields = [&inputs.drug.text_fields[..], &inputs.target.text_fields[..]];
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
