//! `fusebind library info`: what a stored library holds.

use fusebind::data::store::StoredLibrary;

use crate::{args::LibraryInfoArgs, command::output::say};

pub fn run(args: &LibraryInfoArgs) -> anyhow::Result<()> {
    let library = StoredLibrary::open(&args.folder)?;
    let manifest = &library.manifest;
    if args.json {
        return Ok(say(serde_json::to_string_pretty(manifest)?)?);
    }
    let (kept, bytes) = (manifest.total(|part| part.kept), manifest.total(|part| part.bytes));
    let state = if manifest.complete {
        "complete"
    } else {
        "not finished: the same `library build` goes on"
    };
    let lines = [
        format!("library      {} ({state})", args.folder.display()),
        format!(
            "compounds    {kept} of {} rows; {} rejected, {} duplicates{}",
            manifest.total(|part| part.read),
            manifest.total(|part| part.rejected),
            manifest.total(|part| part.duplicates),
            if manifest.distinct { "" } else { " (not looked for)" }
        ),
        format!(
            "parts        {}, {bytes} bytes, {:.0} a compound; codes of {} bytes",
            manifest.parts.len(),
            bytes as f64 / kept.max(1) as f64,
            manifest.channels
        ),
        format!(
            "model        {}, seed {}, data {:.12}, SHA-256 {:.12}",
            manifest.model.recipe, manifest.model.seed, manifest.model.data_fingerprint, manifest.model.sha256
        ),
        format!("version      {} of fusebind", manifest.version),
    ];
    for line in lines {
        say(line)?;
    }
    for input in &manifest.inputs {
        say(format_args!(
            "file         {}, SHA-256 {:.12}",
            input.mark.path, input.mark.sha256
        ))?;
    }
    Ok(())
}
