//! Small files that ask for much memory or time: refused by name, or read within a gibibyte and seconds.

use std::{fs, process::Command};

use super::{line::Line, work::Work};
use crate::cargo::{cargo, finish, target};

/// Most memory in MiB.
const MEMORY: f64 = 1024.0;
/// Most time in seconds.
const SECONDS: f64 = 5.0;

/// One line for each bomb.
pub fn lines(work: &Work) -> anyhow::Result<Vec<Line>> {
    let folder = work.path("bombs");
    fs::create_dir_all(&folder)?;
    write_texts(work)?;
    // Formats with a library of their own are written by the crate that reads them.
    cargo(&["build", "--quiet", "--release", "--workspace", "--examples"], &[])?;
    finish(Command::new(target().join("release/examples/bombs")).arg(&folder))?;
    let mut lines = Vec::new();
    for (what, arguments) in [
        (
            "Parquet, a dictionary of one long text",
            "data check bombs/dictionary.parquet",
        ),
        ("Parquet, millions of nulls", "data check bombs/nulls.parquet"),
        ("Parquet, endless lists in its footer", "data check bombs/lists.parquet"),
        (
            "embeddings, overlapping tensors",
            "data check data --modalities bombs/side",
        ),
        ("gzip, zeros", "data check bombs/zeros.csv.gz"),
        (
            "SD, a new field in each record",
            "predict run --drugs bombs/fields.sdf --targets target.fasta -o out.csv",
        ),
        (
            "SD, 60 MB of empty lines",
            "predict run --drugs bombs/lines.sdf --targets target.fasta -o out.csv",
        ),
        (
            "SD, 100,000 fields in one record",
            "predict run --drugs bombs/record.sdf --targets target.fasta -o out.csv",
        ),
        ("CSV, 99,000 columns", "data check bombs/columns.csv"),
        ("CSV, 1,000,000 columns", "data check bombs/many_columns.csv"),
        (
            "recipe, absurd widths",
            "train bombs/wide.toml --data data --split split.csv --out bombs/run",
        ),
        (
            "`ablate`, seeds 2^64 - 1",
            "ablate small.toml --data data --split split.csv --seeds 18446744073709551615 --out bombs/ablation",
        ),
    ] {
        let ended = work.program.run(arguments, &work.folder)?;
        let mut line = Line::new(what);
        let within = match () {
            () if ended.peak > MEMORY => Err(format!("{:.0} MiB", ended.peak)),
            // On a busy machine time passes without work.
            () if ended.seconds.min(ended.work) > SECONDS => Err(format!("{:.1} s", ended.seconds)),
            () => Ok(()),
        };
        line.trial(ended.orderly().and(within));
        let end = if ended.status.success() { "read" } else { "refused" };
        line.note = format!(
            "{end}, {:.0} MiB, {:.1} s, of which {:.1} s on a core",
            ended.peak, ended.seconds, ended.work
        );
        lines.push(line);
    }
    Ok(lines)
}

fn write_texts(work: &Work) -> anyhow::Result<()> {
    let block = "x\n  y\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0000    0.0000    0.0000 C   0  0\nM  END\n";
    let put = |name: &str, text: String| fs::write(work.path("bombs").join(name), text);
    let fields: String = (0..60_000)
        .map(|at| format!("{block}>  <field{at}>\n1\n\n$$$$\n"))
        .collect();
    put("fields.sdf", fields)?;
    put("lines.sdf", format!("{block}{}$$$$\n", "\n".repeat(60_000_000)))?;
    let record: String = (0..100_000).map(|at| format!(">  <field{at}>\n1\n\n")).collect();
    put("record.sdf", format!("{block}{record}$$$$\n"))?;
    for (name, count) in [("columns.csv", 99_000), ("many_columns.csv", 1_000_000)] {
        let names: Vec<String> = (0..count).map(|at| format!("c{at}")).collect();
        put(
            name,
            format!(
                "smiles,sequence,{}\nCCO,MKTAYIAKQRQISFVK,{}\n",
                names.join(","),
                vec!["1"; count].join(",")
            ),
        )?;
    }
    put(
        "wide.toml",
        "name = \"wide\"\n[model]\nwidth = 4000000000\n[model.graph]\ndim = 4000000000\n".into(),
    )?;
    Ok(())
}
