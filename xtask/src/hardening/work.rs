//! The folder that everything happens in: a small model and what it was made of.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::process::Program;
use crate::cargo::{cargo, target};

const RECIPE: &str = "name = \"small\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 32\n\
    [model.sequence]\ncomposition = 32\n[model.interaction]\ndim = 16\nrank = 0\n[model.neighbours]\ndim = 16\n[training]\nepochs = 6\n";

/// See the file's header.
pub struct Work {
    /// The program.
    pub program: Program,
    /// Holds `data`, `small.toml`, `run`, `pairs.csv` and whatever trials make; removed in the end.
    pub folder: PathBuf,
}

impl Work {
    /// Builds the program, simulates a data set and trains a model.
    pub fn prepare() -> anyhow::Result<Self> {
        cargo(&["build", "--quiet", "--release", "--workspace", "--bins"], &[])?;
        let name = format!("fusebind{}", std::env::consts::EXE_SUFFIX);
        let folder = std::env::temp_dir().join(format!("fusebind-hardening-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        // A copy, so that a build meanwhile changes nothing.
        fs::copy(target().join("release").join(&name), folder.join(&name))?;
        let work = Self {
            program: Program::new(folder.join(name)),
            folder,
        };
        fs::write(work.folder.join("small.toml"), RECIPE)?;
        for arguments in [
            "data simulate --drugs 80 --targets 20 --pairs 900 --seed 3 -o data",
            "data split data --by random --seed 1 -o split.csv",
            "train small.toml --data data --split split.csv --seed 1 --out run",
        ] {
            work.expect(arguments)?;
        }
        work.write_tables()?;
        Ok(work)
    }

    /// Runs what has to succeed.
    pub fn expect(&self, arguments: &str) -> anyhow::Result<()> {
        let ended = self.program.run(arguments, &self.folder)?;
        ended
            .succeeded()
            .map_err(anyhow::Error::msg)
            .context(arguments.to_string())
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Tables for prediction, screening and import.
    fn write_tables(&self) -> anyhow::Result<()> {
        let sequence = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
        let molecules = (1..400).map(|n| format!("{}{}", "C".repeat(1 + n % 20), "c1ccccc1O".repeat(1 + n / 20 % 3)));
        let molecules: Vec<String> = molecules.collect();
        let mut pairs = String::from("smiles,sequence\n");
        let mut library = String::from("id,smiles\n");
        let mut dump = String::from("Ligand SMILES\tBindingDB MonomerID\tKi (nM)\tBindingDB Target Chain Sequence\n");
        for (at, smiles) in molecules.iter().cycle().take(4000).enumerate() {
            pairs += &format!("{smiles},{sequence}\n");
            library += &format!("L{at},{smiles}\n");
            dump += &format!("{smiles}\t{}\t{}\t{sequence}\n", at % 399, 1 + at);
        }
        fs::write(self.path("pairs.csv"), pairs)?;
        fs::write(self.path("library.csv"), library)?;
        fs::write(self.path("dump.tsv"), dump)?;
        fs::write(self.path("target.fasta"), format!(">T\n{sequence}\n"))?;
        Ok(())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Left where it cannot be removed: it lies among temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The files of a folder, or one file, with what they hold.
pub fn content(path: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    let mut open = vec![path.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else if path.exists() {
            all.insert(path.display().to_string(), fs::read(&path)?);
        }
    }
    Ok(all)
}

/// Removes a file or a folder that may not be there.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => bail!("{}: {error}", path.display()),
        _ => Ok(()),
    }
}

/// Numbers that look random and are the same in each call.
pub struct Numbers(u64);

impl Numbers {
    /// Those of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one (SplitMix64, Steele et al. 2014, doi 10.1145/2660193.2660195).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next one below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}
