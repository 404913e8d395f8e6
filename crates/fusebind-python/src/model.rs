//! A loaded model as a Python object.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use fusebind::{
    data::source::ColumnMap,
    features::modality::ModalitySet,
    model::{device::DeviceChoice, model_file::ModelInfo},
    predict::{CachingModel, EncoderFolders, KeptIn, Model as Predictor},
};
use pyo3::prelude::*;

use crate::{
    error::Fault,
    mark::model_file,
    pairs::{Compound, NamedPairs, Target},
    predict::{TableOptions, predict_pairs, predict_table},
    screen::{self, Screening},
    side::{SideSource, Unmatched, modalities},
    table::Table,
    work,
};

/// Room for encoded compounds and proteins, in bytes.
const KEPT: usize = 64 << 20;

/// A model.
#[pyclass(frozen, module = "fusebind._fusebind")]
pub struct Model {
    predictor: Arc<Predictor>,
    /// The same, which keeps what it encoded: for single pairs.
    keeping: CachingModel,
    path: PathBuf,
}

/// Columns by role.
pub fn column_map(columns: &[(String, String)]) -> Result<ColumnMap, Fault> {
    let mut map = ColumnMap::default();
    for (role, column) in columns {
        let place = match role.as_str() {
            "drug_id" => &mut map.drug_id,
            "smiles" => &mut map.smiles,
            "target_id" => &mut map.target_id,
            "sequence" => &mut map.sequence,
            "label" => &mut map.label,
            "affinity" => &mut map.affinity,
            "unit" => &mut map.unit,
            "measure" => &mut map.measure,
            "relation" => &mut map.relation,
            other => {
                let roles = "drug_id, smiles, target_id, sequence, label, affinity, unit, measure, relation";
                let remedy = format!("name columns as {roles}");
                return Err(Fault::input(format!("a table has no `{other}`"), &remedy));
            }
        };
        *place = Some(column.clone());
    }
    Ok(map)
}

/// Whether unmatched side tables are allowed.
pub fn unmatched(allowed: bool) -> Unmatched {
    match allowed {
        true => Unmatched::Allowed,
        false => Unmatched::Refused,
    }
}

impl Model {
    /// The model, and where it was opened.
    pub fn opened(&self) -> (&Predictor, &Path) {
        (&self.predictor, &self.path)
    }
}

#[pymethods]
impl Model {
    /// Opens a run folder or a model file.
    #[staticmethod]
    #[pyo3(signature = (path, without=vec![], encoders=vec![], without_encoders=false))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        without: Vec<String>,
        encoders: Vec<PathBuf>,
        without_encoders: bool,
    ) -> PyResult<Self> {
        let without: ModalitySet = modalities(&without)?;
        let encoders = EncoderFolders {
            folders: encoders,
            without: without_encoders,
            kept: KeptIn::Memory,
        };
        let predictor = work::run(py, None, |_| {
            let device = DeviceChoice::Cpu.resolve()?.device;
            Ok(Predictor::open_with(&path, &device, &encoders)?.without(without)?)
        })?;
        let predictor = Arc::new(predictor);
        Ok(Self {
            keeping: CachingModel::new(Arc::clone(&predictor), KEPT),
            predictor,
            path,
        })
    }

    /// Where the model was opened.
    #[getter]
    fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the model says how sure it is.
    #[getter]
    fn gives_intervals(&self) -> bool {
        self.predictor.description().trust.is_some()
    }

    /// What the model file holds, as JSON.
    fn info(&self) -> PyResult<String> {
        let info = ModelInfo::open(&model_file(&self.path)).map_err(Fault::from)?;
        Ok(serde_json::to_string(&info).map_err(Fault::from)?)
    }

    /// Predicts the rows of a table.
    #[pyo3(signature = (table, columns, smiles, sequence, keep, side, allow_unmatched, listener))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a call in Python")]
    fn predict_table(
        &self,
        py: Python<'_>,
        table: Py<Table>,
        columns: Vec<(String, String)>,
        smiles: Option<String>,
        sequence: Option<String>,
        keep: Vec<String>,
        side: Option<Bound<'_, PyAny>>,
        allow_unmatched: bool,
        listener: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Table> {
        let options = TableOptions {
            columns: column_map(&columns)?,
            given: [smiles, sequence],
            keep,
            side: SideSource::new(side.as_ref())?,
            unmatched: unmatched(allow_unmatched),
        };
        let (model, table) = (Arc::clone(&self.predictor), table.get());
        work::run(py, listener.as_ref(), |watch| {
            predict_table(&model, table, options, watch)
        })
    }

    /// Predicts pairs of objects.
    fn predict_pairs(&self, py: Python<'_>, pairs: Vec<(PyRef<'_, Compound>, PyRef<'_, Target>)>) -> PyResult<Table> {
        let (model, named) = (&self.keeping, NamedPairs::new(&self.predictor, &pairs)?);
        work::run(py, None, |_| predict_pairs(model, named))
    }

    /// The reasons for pairs of objects, each as JSON.
    #[pyo3(signature = (pairs, listener))]
    fn explain_pairs(
        &self,
        py: Python<'_>,
        pairs: Vec<(PyRef<'_, Compound>, PyRef<'_, Target>)>,
        listener: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Vec<String>> {
        let (model, named) = (&self.predictor, NamedPairs::new(&self.predictor, &pairs)?);
        work::run(py, listener.as_ref(), |watch| {
            watch.expect(named.pairs.len());
            let explain = |(at, pair): (usize, &fusebind::Pair)| {
                watch.at(at);
                let reasons = model.explain(std::slice::from_ref(pair));
                Ok(serde_json::to_string(&reasons[0])?)
            };
            named.pairs.iter().enumerate().map(explain).collect()
        })
    }

    /// Embeddings of compounds or of targets: their number of channels, and the values behind each other.
    fn embed(&self, py: Python<'_>, texts: Vec<String>, are_targets: bool) -> PyResult<(usize, Vec<u8>)> {
        let model = &self.predictor;
        work::run(py, None, |_| screen::embed(model, &texts, are_targets))
    }

    /// Screens a library; see `fusebind.Model.screen`.
    #[pyo3(signature = (library, targets, top, per_compound, inside, stage, listener))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a call in Python")]
    fn screen(
        &self,
        py: Python<'_>,
        library: Bound<'_, PyAny>,
        targets: Bound<'_, PyAny>,
        top: usize,
        per_compound: bool,
        inside: bool,
        stage: (Option<u64>, u64, bool),
        listener: Option<Bound<'_, PyAny>>,
    ) -> PyResult<(Table, Vec<String>, Option<String>)> {
        let screening = Screening {
            library: screen::Given::new(&library)?,
            targets: screen::Given::new(&targets)?,
            top,
            per_compound,
            inside,
            stage,
        };
        let model = (&*self.predictor, self.path.as_path());
        work::run(py, listener.as_ref(), |watch| screening.run(model, watch))
    }
}
