//! The weights in a folder of the Hugging Face layout: `model.safetensors`, or shards beside `model.safetensors.index.json`.
//!
//! Comes in: a folder. Goes out: tensors by name, of the shape that the architecture asks for. Pickled weights (`pytorch_model.bin`) are
//! refused: reading them would run what is written in them.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::header::TensorFile;
use crate::Error;

const INDEX: &str = "model.safetensors.index.json";
const WHOLE: &str = "model.safetensors";
/// Largest text file of a folder; indices and tokenisers are far below.
const LONGEST_TEXT: u64 = 256 << 20;

/// The tensors of a folder.
pub(crate) struct Weights {
    folder: PathBuf,
    files: Vec<TensorFile>,
    /// File of each tensor.
    of_name: BTreeMap<String, usize>,
    /// What stands before the names of the encoder's tensors in a model with a head.
    prefix: String,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Reads the headers of the weights in `folder`, in which the encoder has the tensor `probe`.
    pub fn open(folder: &Path, probes: &[&str]) -> Result<Self, Error> {
        let names = shards(folder)?;
        let mut files = Vec::with_capacity(names.len());
        let mut of_name = BTreeMap::new();
        for name in names {
            let file = TensorFile::open(&folder.join(name))?;
            of_name.extend(file.places.keys().map(|tensor| (tensor.clone(), files.len())));
            files.push(file);
        }
        let found = of_name
            .keys()
            .flat_map(|name| probes.iter().filter_map(|probe| name.strip_suffix(probe)));
        let prefix = found
            .min_by_key(|prefix| prefix.len())
            .map(String::from)
            .ok_or_else(|| {
                let remedy = "name a folder with the weights of the architecture that its config.json states";
                Error::new("is missing", remedy).about(folder).tensor(probes[0])
            })?;
        Ok(Self {
            folder: folder.to_path_buf(),
            files,
            of_name,
            prefix,
        })
    }

    /// The numbers of the first of `names` that is there, which must have `shape`.
    pub fn read(&self, names: &[&str], shape: &[usize]) -> Result<Vec<f32>, Error> {
        let known = names.iter().find_map(|name| {
            let name = format!("{}{name}", self.prefix);
            Some((*self.of_name.get(&name)?, name))
        });
        let Some((file, name)) = known else {
            let remedy = "the weights are not those of config.json: download both again";
            return Err(Error::new("is missing", remedy).about(&self.folder).tensor(names[0]));
        };
        let file = &self.files[file];
        let place = &file.places[&name];
        if place.shape != shape {
            let message = format!("has the shape {:?} where config.json asks for {shape:?}", place.shape);
            let remedy = "the weights are not those of config.json: download both again";
            return Err(Error::new(message, remedy).about(&file.path).tensor(&name));
        }
        file.read(place).map_err(|error| error.tensor(&name))
    }

    /// Whether the encoder has a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.of_name.contains_key(&format!("{}{name}", self.prefix))
    }
}

/// Names of the weight files in `folder`.
fn shards(folder: &Path) -> Result<Vec<String>, Error> {
    if folder.join(INDEX).is_file() {
        let path = folder.join(INDEX);
        let damaged = |message: String| Error::new(message, "copy or download the file again").about(&path);
        let index: Index = serde_json::from_str(&read_text(&path)?).map_err(|error| damaged(error.to_string()))?;
        let mut names: Vec<String> = index.weight_map.into_values().collect();
        names.sort();
        names.dedup();
        // A name is a file of this folder, whatever the index says.
        let strange = |name: &&String| name.contains(['/', '\\']) || !name.ends_with(".safetensors");
        return match names.iter().find(strange) {
            Some(name) => Err(damaged(format!("names the file `{name}`"))),
            None => Ok(names),
        };
    }
    if folder.join(WHOLE).is_file() {
        return Ok(vec![WHOLE.to_string()]);
    }
    let pickled = folder.join("pytorch_model.bin");
    if pickled.is_file() || folder.join("pytorch_model.bin.index.json").is_file() {
        let name = folder.display();
        let message = "holds pickled weights, which are programs: they are not opened here";
        let remedy = format!(
            "convert them with torch and transformers: python -c \"from transformers import AutoModel; \
             AutoModel.from_pretrained('{name}').save_pretrained('{name}', safe_serialization=True)\""
        );
        return Err(Error::new(message, remedy).about(folder));
    }
    let remedy = "name a folder in the Hugging Face layout: config.json, model.safetensors and the tokeniser's files";
    Err(Error::new("holds no model.safetensors", remedy).about(folder))
}

/// Reads a text file of bounded length.
pub(crate) fn read_text(path: &Path) -> Result<String, Error> {
    let fault = |error: std::io::Error| Error::io(path, &error);
    if fs::metadata(path).map_err(fault)?.len() > LONGEST_TEXT {
        return Err(Error::new("is too long", "copy or download the file again").about(path));
    }
    fs::read_to_string(path).map_err(fault)
}

/// SHA-256 of the weights, of config.json and of the tokeniser in `folder`, in hexadecimal digits: what an embedding depends on.
pub(crate) fn fingerprint(folder: &Path, tokenizer: &[PathBuf]) -> Result<String, Error> {
    let mut files: Vec<PathBuf> = shards(folder)?.iter().map(|name| folder.join(name)).collect();
    files.push(folder.join("config.json"));
    files.extend_from_slice(tokenizer);
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    for path in files {
        let fault = |error: std::io::Error| Error::io(&path, &error);
        let mut file = File::open(&path).map_err(fault)?;
        // Lengths keep the end of one file from being the beginning of the next.
        hash.update(file.metadata().map_err(fault)?.len().to_le_bytes());
        loop {
            let count = file.read(&mut chunk).map_err(fault)?;
            if count == 0 {
                break;
            }
            hash.update(&chunk[..count]);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
