//! `fusebind calibrate`: a model whose intervals and probabilities are those of the user's own labelled pairs.
//!
//! Comes in: a model and a table of labelled pairs. Goes out: a model file with the same weights.

use std::path::PathBuf;

use fusebind::{data::source::LabelPolicy, model::model_file::ModelFile, train::calibrate::recalibrate};

use super::output::{create_parent, protect};
use crate::{args::CalibrateArgs, console::Console, exit::Failure, load};

pub fn run(args: &CalibrateArgs, console: &Console) -> anyhow::Result<()> {
    let beside = load::rejected_beside(&args.out);
    let inputs = [&args.data, &args.run].into_iter().chain(&args.modalities);
    let inputs = inputs.chain(&args.encoders.encoders);
    protect([&args.out, &beside], inputs.map(PathBuf::as_path))?;
    if args.out.exists() {
        return Err(Failure::failed(
            format!("{}: exists already", args.out.display()),
            "name a new file with -o",
        ));
    }
    let flags = load::ModelFlags::new(args.device, &args.encoders, args.source.cache.as_deref());
    let model = load::model(&args.run, flags, console)?;
    let source = args.source.following(model.description().standardise)?;
    let (dataset, mut rejections) = load::dataset(&args.data, &source, LabelPolicy::Required, None, console)?;
    let fields = load::text_fields(model.description());
    let (side, _) = load::side_data(
        (args.modalities.as_deref(), load::Unmatched::of(&args.source)),
        &dataset,
        fields,
        &mut rejections,
        console,
    )?;
    let (trust, own) = recalibrate(model.trained(), &dataset, [&side[0], &side[1]])?;
    create_parent(&args.out)?;
    load::report_rejections(&rejections, Some(&beside), console)?;
    let path = match args.run.is_dir() {
        true => args.run.join("model.safetensors"),
        false => args.run.clone(),
    };
    let (mut file, _) = ModelFile::open(&path)?;
    file.description.trust = Some(trust);
    file.save(&args.out)?;
    own.notes(model.description())
        .iter()
        .for_each(|note| console.note(note));
    Ok(())
}
