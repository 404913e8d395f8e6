//! What a screening takes: molecules and pairs a second, and peak memory, for libraries of growing size.
//!
//! Comes in: a run folder, numbers of molecules and of targets. Goes out: a table in Markdown. The molecules are put together from fragments
//! here, all of them different, so that anybody can repeat it:
//!
//! ```sh
//! cargo bench --bench screening -- --run runs/first --targets targets.fasta --molecules 100000,1000000
//! cargo bench --bench screening -- --run runs/first --targets targets.fasta --molecules 100000,1000000 --stored
//! ```
//!
//! With `--stored` each library is stored first and screened in two stages; with `--repeat N` besides, a library of N times as many rows is
//! screened as well, made of N copies of its parts, each under places of its own: the rows of a large library without its build.
//! `--program FILE` measures another build of fusebind, and `--folder DIR` is where libraries lie.

#![allow(clippy::unwrap_used, missing_docs)] // a benchmark that meets the unexpected should stop

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use fusebind::{
    data::store::{PartFile, StoredLibrary, sha256},
    features::entity::molecule::Property,
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

/// What a command took and said.
struct Measured {
    seconds: f64,
    /// Of all its threads: on a busy machine seconds say little.
    cpu: f64,
    /// Peak memory in MiB.
    peak: u64,
    /// Lines of stderr, with the seconds after which they came.
    said: Vec<(f64, String)>,
}

impl Measured {
    /// Seconds until a line with `words` came, and the line.
    fn line(&self, words: &str) -> (f64, &str) {
        let found = self.said.iter().find(|(_, line)| line.contains(words));
        found.map_or((f64::NAN, ""), |(seconds, line)| (*seconds, line))
    }
}

/// Runs the program that is measured.
fn measured(arguments: &[&str]) -> Measured {
    let program = flag("--program").unwrap_or_else(|| env!("CARGO_BIN_EXE_fusebind").into());
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let listener = thread::spawn(move || {
        let heard = |line: std::io::Result<String>| (begun.elapsed().as_secs_f64(), line.unwrap_or_default());
        lines.map(heard).collect::<Vec<_>>()
    });
    let (mut peak, mut cpu) = (0, 0.0);
    let [status, stat] = ["status", "stat"].map(|file| format!("/proc/{}/{file}", child.id()));
    let ended = loop {
        cpu = cpu_of(&fs::read_to_string(&stat).unwrap_or_default()).max(cpu);
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or_default() / 1024);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let seconds = begun.elapsed().as_secs_f64();
    let said = listener.join().unwrap();
    assert!(ended.success(), "{said:?}");
    Measured {
        seconds,
        cpu,
        peak,
        said,
    }
}

/// Seconds of the processor in `/proc/PID/stat`, whose ticks are hundredths.
fn cpu_of(stat: &str) -> f64 {
    let behind = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // User and system time: the 14th and 15th field, of which the name in brackets is the second.
    behind
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// The number of targets in a FASTA file.
fn records(path: &str) -> usize {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| line.starts_with('>')).count()
}

/// A row of the table of screenings of files.
fn of_files(count: u64, [run, targets, file, folder]: [&str; 4]) {
    let hits = format!("{folder}/fusebind-screening-{count}.parquet");
    let words = [
        "screen",
        "run",
        run,
        "--library",
        file,
        "--targets",
        targets,
        "-o",
        &hits,
    ];
    let measured = measured(&words);
    let rate = count as f64 / measured.seconds;
    let proteins = records(targets);
    println!(
        "| {count} | {proteins} | {:.1} | {:.1} | {rate:.0} | {:.0} | {} | {} |",
        measured.seconds,
        measured.cpu,
        rate * proteins as f64,
        measured.peak,
        measured.line("compounds scored").1
    );
    fs::remove_file(hits).unwrap();
}

/// Makes the library in `folder` one of `times` as many rows, part by part.
fn repeat(folder: &str, times: u64) {
    let mut library = StoredLibrary::open_complete(Path::new(folder)).unwrap();
    let own = library.manifest.parts.clone();
    let (channels, all_places) = (library.manifest.channels, library.manifest.total(|part| part.read));
    for copy in 1..times {
        for (at, mark) in own.iter().enumerate() {
            let mut mark = mark.clone();
            if let Some(part) = library.part(at) {
                let mut rows = part.rows(None).unwrap();
                let coded = part.coded(true).unwrap();
                let properties = coded.properties.chunks(Property::NAMES.len());
                for (row, properties) in rows.iter_mut().zip(properties) {
                    row.place += copy * all_places;
                    row.properties = properties.to_vec();
                }
                let name = format!("part-{:06}.parquet", copy as usize * own.len() + at);
                let path = library.path(&name);
                let file = PartFile::new(&path, channels);
                file.write(&rows, &coded.codes, &Property::NAMES).unwrap();
                mark.sha256 = sha256(&path).unwrap();
                mark.bytes = fs::metadata(&path).unwrap().len();
                mark.file = Some(name);
            }
            library.manifest.parts.push(mark);
        }
    }
    library.commit().unwrap();
}

/// Rows of the table of stored libraries: the build and the stages of a screening, and a screening of as many rows `--repeat` times.
fn of_stored(count: u64, names: [&str; 4]) {
    let [run, _, file, folder] = names;
    let library = format!("{folder}/fusebind-stored-{count}");
    let build = measured(&["library", "build", file, "--model", run, "-o", &library]);
    let built = format!(
        "{:.0} | {:.1} | {:.0} | {}",
        build.seconds,
        build.cpu,
        count as f64 / build.seconds,
        build.peak
    );
    screen_stored(count, &library, &built, names);
    if let Some(times) = flag("--repeat").map(|times| times.parse::<u64>().unwrap()) {
        repeat(&library, times);
        screen_stored(count * times, &library, "- | - | - | -", names);
    }
    fs::remove_dir_all(library).unwrap();
}

/// A row of the table of stored libraries, behind what its build took.
fn screen_stored(count: u64, library: &str, built: &str, [run, targets, _, folder]: [&str; 4]) {
    let hits = format!("{folder}/fusebind-stored-{count}.parquet");
    let files = fs::read_dir(library)
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len());
    let bytes = files.sum::<u64>() as f64 / count as f64;
    let screen = measured(&[
        "screen",
        "run",
        run,
        "--library",
        library,
        "--targets",
        targets,
        "-o",
        &hits,
    ]);
    let (survey, sample) = (screen.line("scores a sample").0, screen.line("are multiplied").0);
    let (codes, said) = screen.line("first stage: ");
    let whole = screen.line("compounds scored").0;
    println!(
        "| {count} | {built} | {bytes:.1} | {survey:.1} | {:.1} | {:.1} | {:.2e} | {:.1} | {:.1} | {:.1} | {} | {said} |",
        sample - survey,
        codes - sample,
        count as f64 * records(targets) as f64 / (codes - sample),
        whole - codes,
        screen.seconds,
        screen.cpu,
        screen.peak,
    );
    let recall = screen
        .said
        .iter()
        .skip_while(|(_, line)| !line.contains("first stage: "));
    (recall.skip(1).take_while(|(_, line)| line.starts_with("  "))).for_each(|(_, line)| eprintln!("{line}"));
    for file in [".rejected.csv", ".stage.json", ""] {
        let _ = fs::remove_file(format!("{hits}{file}"));
    }
}

fn main() {
    let (Some(run), Some(targets)) = (flag("--run"), flag("--targets")) else {
        println!(
            "give --run RUN and --targets FASTA, --molecules 100000,1000000 for other sizes, and --stored for stored libraries"
        );
        return;
    };
    let sizes = flag("--molecules").unwrap_or_else(|| "100000".into());
    let folder = flag("--folder").map_or_else(env::temp_dir, PathBuf::from);
    let is_stored = env::args().any(|word| word == "--stored");
    if is_stored {
        println!(
            "| molecules | build, s | CPU, s | molecules/s | peak, MiB | bytes a row | start and places, s | sample, s | codes, s | pairs/s | \
             candidates and hits, s | screening, s | CPU, s | peak, MiB | first stage |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    } else {
        println!("| molecules | targets | s | CPU, s | molecules/s | pairs/s | peak memory, MiB | rows |");
        println!("|---|---|---|---|---|---|---|---|");
    }
    for count in sizes.split(',').map(|size| size.parse::<u64>().unwrap()) {
        let path = folder.join(format!("fusebind-screening-{count}.smi"));
        library(&path, count);
        let (file, folder) = (path.display().to_string(), folder.display().to_string());
        let names = [&*run, &*targets, &*file, &*folder];
        match is_stored {
            true => of_stored(count, names),
            false => of_files(count, names),
        }
        fs::remove_file(path).unwrap();
    }
}
