//! Errors as exceptions. Comes in: an error of any crate. Goes out: an exception of `fusebind.errors` with the file, the row, the field and
//! the remedy as attributes.

use fusebind::{data, features, model, train};
use pyo3::{prelude::*, types::IntoPyDict};

/// What becomes an exception.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    class: &'static str,
    message: String,
    place: Box<Place>,
    remedy: String,
}

/// Where it went wrong.
#[derive(Clone, Debug, Default)]
struct Place {
    file: Option<String>,
    row: Option<u64>,
    field: Option<String>,
}

impl Fault {
    fn new(class: &'static str, message: impl ToString, remedy: &str) -> Self {
        Self {
            class,
            message: message.to_string(),
            remedy: remedy.to_string(),
            ..Self::default()
        }
    }

    /// Input that cannot be used, and what to do about it.
    pub fn input(message: impl ToString, remedy: &str) -> Self {
        Self::new("InputError", message, remedy)
    }

    /// A model or run that cannot be used.
    pub fn model(message: impl ToString, remedy: &str) -> Self {
        Self::new("ModelError", message, remedy)
    }

    /// A defect of fusebind itself.
    pub fn internal(message: impl ToString) -> Self {
        Self::new("Error", message, "report this with the input that caused it")
    }

    /// The same about a field.
    pub fn of_field(mut self, field: &str) -> Self {
        self.place.field = Some(field.to_string());
        self
    }

    fn exception(&self, py: Python<'_>) -> PyResult<PyErr> {
        let class = py.import("fusebind.errors")?.getattr(self.class)?;
        let named = [
            ("file", self.place.file.as_ref().into_pyobject(py)?.into_any()),
            ("row", self.place.row.into_pyobject(py)?.into_any()),
            ("field", self.place.field.as_ref().into_pyobject(py)?.into_any()),
            ("remedy", self.remedy.as_str().into_pyobject(py)?.into_any()),
        ];
        let exception = class.call((&self.message,), Some(&named.into_py_dict(py)?))?;
        Ok(PyErr::from_value(exception))
    }
}

impl From<Fault> for PyErr {
    fn from(fault: Fault) -> Self {
        Python::attach(|py| fault.exception(py).unwrap_or_else(|error| error))
    }
}

impl From<data::Error> for Fault {
    fn from(error: data::Error) -> Self {
        let position = error.position();
        let remedy = match error.remedy() {
            "" => "look at the data with `fusebind data check`",
            remedy => remedy,
        };
        let place = Place {
            file: position.file.clone(),
            row: position.row,
            field: position.column.clone(),
        };
        Self {
            place: Box::new(place),
            ..Self::input(error.reason(), remedy)
        }
    }
}

impl From<features::Error> for Fault {
    fn from(error: features::Error) -> Self {
        let (field, remedy) = match error.kind() {
            features::ErrorKind::Molecule => (Some("smiles"), "correct the SMILES"),
            features::ErrorKind::Protein => (Some("sequence"), "give the sequence in one-letter codes"),
            _ => (None, "correct the side data"),
        };
        let fault = Self::input(error, remedy);
        match field {
            Some(field) => fault.of_field(field),
            None => fault,
        }
    }
}

impl From<model::Error> for Fault {
    fn from(error: model::Error) -> Self {
        let remedy = match error.kind() {
            model::ErrorKind::Encoder => "name its folder in `encoders`, or go on with `without_encoders=True`",
            model::ErrorKind::Io => "check the path, its permissions and the free space",
            model::ErrorKind::Checkpoint => "copy the run folder again from its source, or train again",
            _ => "fix the recipe",
        };
        Self::model(error, remedy)
    }
}

impl From<train::Error> for Fault {
    fn from(error: train::Error) -> Self {
        let usual = match error.kind() {
            train::ErrorKind::Recipe => "`fusebind recipe copy default my.toml` writes a complete example",
            train::ErrorKind::Data => "look at labels and splits",
            train::ErrorKind::Run => "name another folder with `out` and train again",
            train::ErrorKind::Diverged => "lower `learning_rate` in the recipe",
            _ => "check the recipe, the run folder and the free space",
        };
        Self::new("TrainingError", &error, error.remedy().unwrap_or(usual))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::new("Error", error, "check the path, its permissions and the free space")
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
