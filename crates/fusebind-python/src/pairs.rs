//! Compounds and targets as Python objects, with whatever else is known of them.

use std::{collections::BTreeMap, sync::Arc};

use fusebind::{Model, Pair, SideRecord, features::modality::Modality};
use pyo3::prelude::*;

use crate::error::Fault;

/// Values of genes or assays by name.
type ByName = BTreeMap<String, f32>;

fn record(
    texts: Vec<String>,
    signatures: Vec<ByName>,
    assays: ByName,
    embeddings: BTreeMap<String, Vec<f32>>,
) -> Result<SideRecord, Fault> {
    let embedding = |(name, values): (String, Vec<f32>)| Ok((name.parse::<Modality>()?, values));
    Ok(SideRecord {
        texts,
        signatures,
        assays,
        embeddings: embeddings.into_iter().map(embedding).collect::<Result<_, Fault>>()?,
    })
}

/// A compound.
#[pyclass(frozen, module = "fusebind._fusebind")]
pub struct Compound {
    inner: Arc<fusebind::Compound>,
    /// What the user wrote, for models of molecules that are not standardised.
    written: String,
    side: SideRecord,
    /// What the user calls it.
    id: String,
}

#[pymethods]
impl Compound {
    #[new]
    #[pyo3(signature = (smiles, id=None, texts=vec![], signatures=vec![], assays=BTreeMap::new(), embeddings=BTreeMap::new()))]
    fn new(
        smiles: &str,
        id: Option<String>,
        texts: Vec<String>,
        signatures: Vec<ByName>,
        assays: ByName,
        embeddings: BTreeMap<String, Vec<f32>>,
    ) -> PyResult<Self> {
        let side = record(texts, signatures, assays, embeddings)?;
        let parse = || fusebind::Compound::parse(smiles)?.with_side(side.clone());
        Ok(Self {
            inner: Arc::new(parse().map_err(Fault::from)?),
            written: smiles.to_string(),
            side,
            id: id.unwrap_or_else(|| smiles.to_string()),
        })
    }

    /// The molecule that was read, as canonical SMILES.
    #[getter]
    fn smiles(&self) -> &str {
        self.inner.smiles()
    }

    /// What the user calls it.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }
}

/// A protein.
#[pyclass(frozen, module = "fusebind._fusebind")]
pub struct Target {
    inner: Arc<fusebind::Target>,
    /// What the user calls it.
    id: String,
}

#[pymethods]
impl Target {
    #[new]
    #[pyo3(signature = (sequence, id=None, texts=vec![], signatures=vec![], assays=BTreeMap::new(), embeddings=BTreeMap::new()))]
    fn new(
        sequence: &str,
        id: Option<String>,
        texts: Vec<String>,
        signatures: Vec<ByName>,
        assays: ByName,
        embeddings: BTreeMap<String, Vec<f32>>,
    ) -> PyResult<Self> {
        let side = record(texts, signatures, assays, embeddings)?;
        let parse = || fusebind::Target::parse(sequence)?.with_side(side);
        Ok(Self {
            inner: Arc::new(parse().map_err(Fault::from)?),
            id: id.unwrap_or_else(|| sequence.to_string()),
        })
    }

    /// The sequence that was read.
    #[getter]
    fn sequence(&self) -> &str {
        self.inner.sequence()
    }

    /// What the user calls it.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }
}

/// Pairs under the names that the user gave.
pub struct NamedPairs {
    /// Pairs.
    pub pairs: Vec<Pair>,
    /// What each calls its compound and its target.
    pub names: Vec<[String; 2]>,
}

impl NamedPairs {
    /// The pairs of objects of Python, their molecules as those that the model was trained on.
    pub fn new(model: &Model, given: &[(PyRef<'_, Compound>, PyRef<'_, Target>)]) -> Result<Self, Fault> {
        let pair = |(compound, target): &(PyRef<'_, Compound>, PyRef<'_, Target>)| {
            let read = match model.description().standardise.is_parent() {
                true => Arc::clone(&compound.inner),
                false => Arc::new(model.compound(&compound.written)?.with_side(compound.side.clone())?),
            };
            Ok(Pair::new(read, Arc::clone(&target.inner)))
        };
        let name =
            |(compound, target): &(PyRef<'_, Compound>, PyRef<'_, Target>)| [compound.id.clone(), target.id.clone()];
        Ok(Self {
            pairs: given.iter().map(pair).collect::<Result<_, Fault>>()?,
            names: given.iter().map(name).collect(),
        })
    }
}
