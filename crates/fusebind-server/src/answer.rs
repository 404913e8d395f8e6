//! Predictions as clients read them: JSON objects, one for each row, or CSV.
//!
//! Comes in: rows and their predictions. Goes out: one line of JSON for each row. The fields are the columns of `fusebind predict`.

use fusebind_predict::{
    Model, Pair, Prediction, Request,
    output::{self, OutputColumn, OutputValues},
};
use serde_json::{Map, Value};

use crate::{refusal::RowFault, rows::Row};

/// Fields that stand before those of a prediction.
const FIRST: [&str; 4] = ["row", "drug_row", "target_row", "id"];
/// Columns of CSV that an error has.
const ERROR: [&str; 3] = ["field", "reason", "remedy"];

/// The columns of `predictions` for the good rows among `rows`, with names as the client gave them.
pub(crate) fn columns(model: &Model, rows: &[&Row], predictions: &[Prediction]) -> Vec<OutputColumn> {
    let good: Vec<(&&Row, &Pair)> = rows
        .iter()
        .filter_map(|row| Some((row, row.pair.as_ref().ok()?)))
        .collect();
    let listed = good.iter().enumerate().map(|(at, (row, _))| {
        let name = |side: usize| (row.names[side].clone().unwrap_or_default(), at as u32);
        (0, [name(0), name(1)])
    });
    let request = Request::listed(listed);
    let smiles = |entity: u32| good[entity as usize].1.compound.smiles();
    let mut columns = output::columns(model, &request, smiles, predictions);
    // Here the numbers of rows stand first.
    columns.retain(|column| column.name != "row");
    columns
}

/// Names of all columns, in the order of CSV.
pub(crate) fn header(model: &Model, further: &[&str]) -> Vec<String> {
    let none = output::columns(
        model,
        &Request::listed(Vec::<(u64, [(String, u32); 2])>::new()),
        |_| "",
        &[],
    );
    let of_model = none.into_iter().map(|column| column.name).filter(|name| name != "row");
    let first = FIRST.iter().chain(further).map(ToString::to_string);
    let error = ERROR.iter().map(|field| format!("error_{field}"));
    first.chain(of_model).chain(error).collect()
}

/// Fields that are added to a prediction.
pub(crate) type Further = Vec<(&'static str, Value)>;

/// The sequence of the protein, where it is asked for.
pub(crate) fn sequence(is_asked: bool, pair: &Pair) -> Further {
    match is_asked {
        true => vec![("sequence", Value::from(pair.target.sequence()))],
        false => Vec::new(),
    }
}

/// One line for each row; `further` adds fields to the prediction at a place.
pub(crate) fn lines(
    model: &Model,
    rows: &[&Row],
    predictions: &[Prediction],
    further: impl Fn(usize, &Pair) -> Further,
) -> Vec<String> {
    let columns = columns(model, rows, predictions);
    let mut place = 0;
    let mut line = |row: &&Row| {
        let mut object = Object::default();
        object.number(FIRST[0], row.number);
        object.number(FIRST[1], row.entities[0]);
        object.number(FIRST[2], row.entities[1]);
        if let Some(id) = &row.id {
            object.text(FIRST[3], id);
        }
        match &row.pair {
            Ok(pair) => {
                further(place, pair)
                    .iter()
                    .for_each(|(name, value)| object.value(name, value));
                columns.iter().for_each(|column| object.cell(column, place));
                place += 1;
            }
            Err(fault) => object.fault(row, fault),
        }
        object.finish()
    };
    rows.iter().map(&mut line).collect()
}

/// The text of an object, written field by field in the order of the columns.
#[derive(Default)]
struct Object(String);

impl Object {
    fn key(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        // Names of columns have no letter that JSON would escape: scales become letters and digits.
        self.0.push_str(&name.replace(['"', '\\'], "_"));
        self.0.push_str("\":");
    }

    fn value(&mut self, name: &str, value: &Value) {
        self.key(name);
        self.0.push_str(&value.to_string());
    }

    fn text(&mut self, name: &str, text: &str) {
        self.value(name, &Value::from(text));
    }

    fn number(&mut self, name: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.value(name, &number.into());
        }
    }

    /// A cell; a name that was not given and a number that is not known are null.
    fn cell(&mut self, column: &OutputColumn, at: usize) {
        let value = match &column.values {
            OutputValues::Text(values) => match &values[at] {
                Some(text) if !text.is_empty() => Value::from(text.as_str()),
                _ => Value::Null,
            },
            OutputValues::Real(values) => Value::from(values[at]),
            OutputValues::Whole(values) => Value::from(values[at]),
            OutputValues::Flag(values) => Value::from(values[at]),
        };
        self.value(&column.name, &value);
    }

    fn fault(&mut self, row: &Row, fault: &RowFault) {
        for (field, name) in ["drug_id", "target_id"].into_iter().zip(&row.names) {
            if let Some(name) = name {
                self.text(field, name);
            }
        }
        let field = |name: &str, value: &str| (name.to_string(), Value::from(value));
        let values = [&fault.field, &fault.reason, &fault.remedy];
        let error: Map<String, Value> = ERROR
            .iter()
            .zip(values)
            .map(|(name, value)| field(name, value))
            .collect();
        self.value("error", &Value::Object(error));
    }

    fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

/// Lines as a table; what a line lacks is an empty cell.
pub(crate) fn csv<'a>(header: &[String], lines: impl Iterator<Item = &'a str>) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = table.write_record(header);
    for line in lines {
        let object: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
        let cell = |name: &String| {
            let value = match name.strip_prefix("error_") {
                Some(part) if ERROR.contains(&part) => object.get("error").and_then(|error| error.get(part)),
                _ => object.get(name),
            };
            match value {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            }
        };
        let _ = table.write_record(header.iter().map(cell));
    }
    String::from_utf8(table.into_inner().unwrap_or_default()).unwrap_or_default()
}
