//! What a screening takes: molecules and pairs a second, and peak memory, for libraries of growing size.
//!
//! Comes in: a run folder, numbers of molecules and of targets. Goes out: a table in Markdown. The molecules are put together from fragments
//! here, all of them different, so that anybody can repeat it:
//!
//! ```sh
//! cargo bench --bench screening -- --run runs/first --targets targets.fasta --molecules 100000,1000000
//! ```

#![allow(clippy::unwrap_used, missing_docs)] // a benchmark that meets the unexpected should stop

use std::{
    env,
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const CAPS: [&str; 20] = [
    "C",
    "CC",
    "CC(C)",
    "O",
    "N",
    "F",
    "Cl",
    "Br",
    "CO",
    "N#C",
    "CS(=O)(=O)",
    "FC(F)(F)",
    "CC(=O)N",
    "NC(=O)",
    "C1CC1",
    "C1CCOC1",
    "C1CCNCC1",
    "OCC",
    "CN(C)",
    "COC(=O)",
];
const RINGS: [&str; 16] = [
    "c1ccc(%)cc1",
    "c1cc(%)ccn1",
    "c1cnc(%)nc1",
    "c1csc(%)c1",
    "c1coc(%)c1",
    "c1c[nH]c(%)c1",
    "C1CCC(%)CC1",
    "C1CCN(%)CC1",
    "c1nnc(%)s1",
    "c1cc2cc(%)ccc2[nH]1",
    "c1ccc2nc(%)ccc2c1",
    "c1nc2ccc(%)cc2o1",
    "C1CN(%)CCO1",
    "c1noc(%)c1",
    "c1cnn(%)c1",
    "C1CC2CCC(%)CC2C1",
];
const LINKERS: [&str; 12] = [
    "",
    "C",
    "CC",
    "O",
    "N",
    "C(=O)N",
    "NC(=O)",
    "S(=O)(=O)N",
    "OC",
    "NC",
    "C=C",
    "NC(=O)N",
];

/// A cap as it is written behind what it caps.
fn behind(cap: &str) -> String {
    match cap {
        "N#C" => "C#N".to_string(),
        "FC(F)(F)" => "C(F)(F)F".to_string(),
        // Rings of this number are open where it stands.
        cap => cap.replace('1', "7"),
    }
}

/// The molecule of a number: cap, ring, linker, ring, linker, ring, cap.
fn molecule(mut number: u64) -> String {
    let mut digit = |all: &[&'static str]| {
        let at = number % all.len() as u64;
        number /= all.len() as u64;
        all[at as usize]
    };
    let [first, second] = [digit(&CAPS), digit(&CAPS)];
    let rings = [digit(&RINGS), digit(&RINGS), digit(&RINGS)];
    let linkers = [digit(&LINKERS), digit(&LINKERS)];
    // Each ring holds the rest of the molecule, so that ring numbers of the inner ones differ.
    let inner = rings[2]
        .replace('1', "5")
        .replace('2', "6")
        .replace('%', &behind(second));
    let middle = rings[1]
        .replace('1', "3")
        .replace('2', "4")
        .replace('%', &format!("{}{inner}", linkers[1]));
    format!("{first}{}", rings[0].replace('%', &format!("{}{middle}", linkers[0])))
}

/// Number of molecules that can be put together.
const DISTINCT: u64 = 20 * 20 * 16 * 16 * 16 * 12 * 12;

/// Writes `count` of them, spread over all.
fn library(path: &Path, count: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    // A step without a common factor with the number of molecules visits each of them once.
    let step = 104_729_u64;
    (0..count).for_each(|at| writeln!(out, "{} m{at}", molecule(at * step % DISTINCT)).unwrap());
    out.flush().unwrap();
}

/// The value of a flag.
fn flag(name: &str) -> Option<String> {
    let mut words = env::args().skip_while(|word| word != name);
    words.nth(1)
}

/// Seconds, peak memory in MiB and what a command says.
fn measured(arguments: &[String]) -> (f64, u64, String) {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fusebind"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = format!("/proc/{}/status", child.id());
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or_default() / 1024);
        thread::sleep(Duration::from_millis(20));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (seconds, peak, said)
}

/// The number of targets in a FASTA file.
fn records(path: &str) -> usize {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| line.starts_with('>')).count()
}

fn main() {
    let (Some(run), Some(targets)) = (flag("--run"), flag("--targets")) else {
        println!("give --run RUN and --targets FASTA, and --molecules 100000,1000000 for other sizes");
        return;
    };
    let sizes = flag("--molecules").unwrap_or_else(|| "100000".into());
    let folder = flag("--folder").map_or_else(env::temp_dir, PathBuf::from);
    let proteins = records(&targets);
    println!("| molecules | targets | s | molecules/s | pairs/s | peak memory, MiB | rows |");
    println!("|---|---|---|---|---|---|---|");
    for count in sizes.split(',').map(|size| size.parse::<u64>().unwrap()) {
        let file = folder.join(format!("fusebind-screening-{count}.smi"));
        let hits = folder.join(format!("fusebind-screening-{count}.parquet"));
        library(&file, count);
        let [file, hits] = [file, hits].map(|path| path.display().to_string());
        let words = [
            "screen",
            "run",
            &run,
            "--library",
            &file,
            "--targets",
            &targets,
            "-o",
            &hits,
        ];
        let words: Vec<String> = words.map(str::to_string).into_iter().collect();
        let (seconds, peak, said) = measured(&words);
        let rows = said
            .lines()
            .find(|line| line.contains("compounds scored"))
            .unwrap_or_default();
        let rate = count as f64 / seconds;
        println!(
            "| {count} | {proteins} | {seconds:.1} | {rate:.0} | {:.0} | {peak} | {rows} |",
            rate * proteins as f64
        );
        for path in [file, hits] {
            fs::remove_file(path).unwrap();
        }
    }
}
