//! An encoder as a part of a model: opened by a recipe or by what a model file says of it, and never trained.
//!
//! Comes in: the table of a recipe, or a reference and a folder. Goes out: embeddings `[D]`, rounded as they are kept, so that one that is read
//! from the cache has the bits of one that is computed. What of an input cannot be embedded has no embedding, whatever stands beside it.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fusebind_features::{
    entity::pretrained::{EmbedInputs, EncoderReference, PretrainedConfig, TokenPooling, ValuePrecision},
    modality::Modality,
};

use crate::{EmbedConfig, Encoder, Error, Plan, Pooling, Precision, Store, TextHash, text_hash, tokenizer::Content};

/// Most values that are kept in memory.
const MOST_KEPT: usize = 1 << 24;
/// Inputs that each thread embeds between two reports of progress.
const INPUTS_PER_THREAD: usize = 32;

/// How far the embedding of many inputs has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbedProgress {
    /// Distinct inputs that are embedded now.
    pub done: usize,
    /// Distinct inputs.
    pub all: usize,
    /// Those that were embedded before, by this or by another call.
    pub known: usize,
}

/// An open encoder with all that its values depend on.
pub struct FrozenEncoder {
    reference: EncoderReference,
    encoder: Arc<Encoder>,
    config: EmbedConfig,
    precision: Precision,
    store: Option<Store>,
    kept: Mutex<HashMap<TextHash, Option<Vec<f32>>>>,
}

impl fmt::Debug for FrozenEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FrozenEncoder").field(&self.reference).finish()
    }
}

/// What the inputs of a modality are.
fn content(modality: Modality) -> Content {
    match modality {
        Modality::Graph => Content::Molecule,
        Modality::Sequence => Content::Protein,
        _ => Content::Text,
    }
}

fn pooling(pooling: TokenPooling) -> Pooling {
    match pooling {
        TokenPooling::Mean => Pooling::Mean,
        TokenPooling::MeanAll => Pooling::MeanAll,
        TokenPooling::Cls => Pooling::First,
    }
}

fn precision(precision: ValuePrecision) -> Precision {
    match precision {
        ValuePrecision::Float16 => Precision::Float16,
        ValuePrecision::Float32 => Precision::Float32,
    }
}

impl FrozenEncoder {
    /// Opens the encoder that a recipe names for `modality`.
    ///
    /// # Errors
    /// Where the folder holds no such encoder, or it cannot do what the recipe asks.
    pub fn open(modality: Modality, wanted: &PretrainedConfig) -> Result<Self, Error> {
        let encoder = Encoder::open(&wanted.path)?;
        let usual = EmbedConfig::of(&encoder, content(modality), pooling(wanted.pooling));
        let window = wanted.window.unwrap_or(usual.window);
        let folder = Path::new(&wanted.path);
        let named = folder
            .canonicalize()
            .ok()
            .and_then(|path| path.file_name().map(ToOwned::to_owned));
        let name = named.as_deref().or(folder.file_name()).unwrap_or_default();
        let reference = EncoderReference {
            modality,
            name: name.to_string_lossy().into_owned(),
            folder: wanted.path.clone(),
            sha256: encoder.fingerprint().to_string(),
            architecture: encoder.family().to_string(),
            layer: wanted.layer.unwrap_or(usual.layer),
            pooling: wanted.pooling,
            window,
            overlap: wanted.overlap.unwrap_or(window / 4),
            precision: wanted.precision,
            width: encoder.width(),
        };
        Self::with(Arc::new(encoder), reference)
    }

    /// The encoder as a model file refers to it, which must be that one.
    pub(crate) fn with(encoder: Arc<Encoder>, reference: EncoderReference) -> Result<Self, Error> {
        let config = EmbedConfig {
            content: content(reference.modality),
            layer: reference.layer,
            pooling: pooling(reference.pooling),
            window: reference.window,
            overlap: reference.overlap,
        };
        config.check(&encoder)?;
        Ok(Self {
            precision: precision(reference.precision),
            reference,
            encoder,
            config,
            store: None,
            kept: Mutex::default(),
        })
    }

    /// The same encoder, which keeps values in `folder` and finds those that were kept there.
    ///
    /// # Errors
    /// Where the folder cannot be used.
    pub fn cached(mut self, folder: &Path) -> Result<Self, Error> {
        let key = self.config.key(&self.encoder, self.precision);
        self.store = Some(Store::open_shared(folder, &key, self.precision)?);
        Ok(self)
    }

    /// The same encoder, which finds values that were kept in `folder`.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn reading(mut self, folder: &Path) -> Result<Self, Error> {
        let key = self.config.key(&self.encoder, self.precision);
        self.store = Store::open_to_read(folder, &key, self.precision)?;
        Ok(self)
    }

    /// Embeds `inputs` in advance, each distinct one once. `progress` is told how far it has come, and says whether to go on.
    ///
    /// # Errors
    /// Where the encoder does not know most of what the inputs consist of, where a value has no place in the precision, and where the cache
    /// cannot be written.
    pub fn prepare(
        &self,
        inputs: &[&str],
        progress: &mut dyn FnMut(EmbedProgress) -> bool,
    ) -> Result<EmbedProgress, Error> {
        let mut distinct: HashMap<TextHash, &str> = HashMap::new();
        for input in inputs {
            distinct.insert(text_hash(input), input);
        }
        let all = distinct.len();
        let mut due: Vec<(TextHash, &str)> = distinct.into_iter().filter(|(hash, _)| !self.is_known(hash)).collect();
        // Like lengths stand together, the longest first; the hash makes the order one.
        due.sort_by_key(|(hash, text)| std::cmp::Reverse((text.len(), *hash)));
        let texts: Vec<&str> = due.iter().map(|(_, text)| *text).collect();
        Plan::new(&self.encoder, &self.config, &texts)?.refuse_unknown()?;
        let known = all - due.len();
        let mut so_far = EmbedProgress {
            done: known,
            all,
            known,
        };
        for chunk in due.chunks(INPUTS_PER_THREAD * rayon::current_num_threads().max(1)) {
            if !progress(so_far) {
                return Ok(so_far);
            }
            let texts: Vec<&str> = chunk.iter().map(|(_, text)| *text).collect();
            let plan = Plan::new(&self.encoder, &self.config, &texts)?;
            plan.run(&|at, values| {
                let values = self
                    .precision
                    .rounded(values)
                    .map_err(|error| error.about(Path::new(&self.reference.folder)))?;
                self.keep(chunk[at].0, Some(values))
            })?;
            plan.empty.iter().try_for_each(|at| self.keep(chunk[*at].0, None))?;
            so_far.done += chunk.len();
        }
        progress(so_far);
        Ok(so_far)
    }

    fn is_known(&self, hash: &TextHash) -> bool {
        self.kept().contains_key(hash) || self.store.as_ref().is_some_and(|store| store.has(hash))
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<TextHash, Option<Vec<f32>>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, hash: TextHash, values: Option<Vec<f32>>) -> Result<(), Error> {
        if let (Some(store), Some(values)) = (&self.store, &values) {
            store.put(&hash, values)?;
        }
        let mut kept = self.kept();
        if kept.len() * self.reference.width >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(hash, values);
        Ok(())
    }

    /// What is known of an input. A cache that cannot be read is as good as none.
    fn known(&self, hash: &TextHash) -> Option<Option<Vec<f32>>> {
        if let Some(values) = self.kept().get(hash) {
            return Some(values.clone());
        }
        let stored = self.store.as_ref()?.get(hash).ok()??;
        (stored.len() == self.reference.width).then_some(Some(stored))
    }

    /// The embeddings of inputs that are not known yet. One that the tokeniser refuses, or whose values are beyond the precision, has none.
    fn computed(&self, inputs: &[&str]) -> Vec<Option<Vec<f32>>> {
        let found = Mutex::new(vec![None; inputs.len()]);
        let done = |at: usize, values: &[f32]| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found[at] = self.precision.rounded(values).ok();
            Ok(())
        };
        let whole = Plan::new(&self.encoder, &self.config, inputs).and_then(|plan| plan.run(&done));
        if whole.is_err() && inputs.len() > 1 {
            return inputs.iter().flat_map(|input| self.computed(&[input])).collect();
        }
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EmbedInputs for FrozenEncoder {
    fn reference(&self) -> &EncoderReference {
        &self.reference
    }

    fn embed(&self, inputs: &[&str]) -> Vec<Option<Vec<f32>>> {
        let hashes: Vec<TextHash> = inputs.iter().map(|input| text_hash(input)).collect();
        let mut found: HashMap<TextHash, Option<Vec<f32>>> = HashMap::new();
        let mut due: Vec<(TextHash, &str)> = Vec::new();
        for (hash, input) in hashes.iter().zip(inputs) {
            if found.contains_key(hash) {
                continue;
            }
            match self.known(hash) {
                Some(values) => {
                    found.insert(*hash, values);
                }
                None => {
                    found.insert(*hash, None);
                    due.push((*hash, input));
                }
            }
        }
        if !due.is_empty() {
            let texts: Vec<&str> = due.iter().map(|(_, text)| *text).collect();
            for ((hash, _), values) in due.into_iter().zip(self.computed(&texts)) {
                // A cache that cannot be written costs time later, and no prediction.
                let _ = self.keep(hash, values.clone());
                found.insert(hash, values);
            }
        }
        hashes.iter().map(|hash| found[hash].clone()).collect()
    }
}
