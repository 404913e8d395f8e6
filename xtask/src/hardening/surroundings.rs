//! Odd places: links where files are written, pipes and devices in place of tables, closed outputs, folders that are not one's own.

use std::{fs, os::unix::fs::symlink, process::Command};

use super::{
    line::Line,
    process::watch,
    work::{Work, content},
};

/// One line for each.
pub fn lines(work: &Work) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut add = |what: &str, outcome: Result<(), String>| {
        let mut line = Line::new(what);
        line.trial(outcome);
        lines.push(line);
    };
    add("a link at the name of a temporary file", link(work)?);
    Command::new("mkfifo").arg(work.path("pipe.csv")).status()?;
    for (what, arguments) in [
        ("a named pipe as a table", "data check pipe.csv"),
        ("/dev/zero as a table", "data check /dev/zero"),
        ("/dev/zero as a model", "model info /dev/zero"),
        ("`--out /`", "train small.toml --data data --split split.csv --out /"),
        (
            "`predict -o` over its input",
            "predict run --pairs pairs.csv -o ./pairs.csv",
        ),
    ] {
        add(what, work.program.run(arguments, &work.folder)?.refused());
    }
    let mut closed = work.program.in_shell("predict run --pairs pairs.csv >&-", &work.folder);
    add("a closed standard output", watch(&mut closed)?.refused());
    add("`--resume` of a finished run with an empty state", resumed(work)?);
    Ok(lines)
}

/// What a link points to stays as it is.
fn link(work: &Work) -> anyhow::Result<Result<(), String>> {
    let victim = work.path("victim.txt");
    fs::write(&victim, "mine")?;
    let out = work.path("linked");
    fs::create_dir_all(&out)?;
    for name in ["recipe.partial", "out.csv.partial", "recipe.toml.partial"] {
        symlink(&victim, out.join(name))?;
    }
    let ended = work
        .program
        .run("predict run --pairs pairs.csv -o linked/out.csv", &work.folder)?;
    let kept = fs::read(&victim)? == b"mine";
    Ok(ended.succeeded().and(if kept {
        Ok(())
    } else {
        Err("the file behind the link was written to".into())
    }))
}

/// A finished model is not trained anew.
fn resumed(work: &Work) -> anyhow::Result<Result<(), String>> {
    let before = content(&work.path("run"))?;
    fs::create_dir_all(work.path("run/state"))?;
    let ended = work.program.run(
        "train small.toml --data data --split split.csv --seed 1 --out run --resume",
        &work.folder,
    )?;
    fs::remove_dir_all(work.path("run/state")).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let model = |all: &std::collections::BTreeMap<String, Vec<u8>>| {
        all.iter()
            .find(|(path, _)| path.ends_with("model.safetensors"))
            .map(|(_, bytes)| bytes.clone())
    };
    let same = model(&before) == model(&content(&work.path("run"))?);
    Ok(ended
        .orderly()
        .and(if same { Ok(()) } else { Err("another model".into()) }))
}
