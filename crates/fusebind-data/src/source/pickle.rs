//! The pickle of a numpy array of floats, and nothing else: no code of a pickle is ever run.
//!
//! Comes in: bytes of a pickle (protocols 0 to 5) as numpy writes them. Goes out: shape and values of a two-dimensional float array. Only the
//! names that such an array needs are accepted; any other global is refused. Values are what the machine of the pickle puts on its
//! stack; its instructions are described in the `pickletools` module of Python.

use std::collections::HashMap;

/// Most instructions: an array needs some dozens.
const MOST_STEPS: usize = 100_000;

/// What lies on the stack.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Mark,
    None,
    Bool(bool),
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
    Tuple(Vec<Self>),
    /// The name of a class or a function of numpy.
    Global(String),
    /// An array or a type that is being built.
    Object(String, Vec<Self>),
}

/// A matrix of floats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    /// Values, row by row.
    pub values: Vec<f64>,
}

/// Names that a float array is made of.
fn is_allowed(module: &str, name: &str) -> bool {
    let of_numpy = matches!(module, "numpy" | "numpy.core.multiarray" | "numpy._core.multiarray");
    of_numpy && matches!(name, "ndarray" | "dtype" | "_reconstruct") || module == "_codecs" && name == "encode"
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    memo: HashMap<u32, Value>,
}

type Fault = &'static str;

const CUT: Fault = "it is cut short";
const OTHER: Fault = "it holds something else than an array of floats";

impl Machine<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], Fault> {
        let end = self
            .at
            .checked_add(count)
            .filter(|end| *end <= self.bytes.len())
            .ok_or(CUT)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self, count: usize) -> Result<u64, Fault> {
        Ok(self
            .take(count)?
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }

    fn line(&mut self) -> Result<String, Fault> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or(CUT)?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        self.at += end + 1;
        Ok(line)
    }

    fn pop(&mut self) -> Result<Value, Fault> {
        self.stack.pop().ok_or(OTHER)
    }

    fn text(&mut self) -> Result<String, Fault> {
        match self.pop()? {
            Value::Text(text) => Ok(text),
            _ => Err(OTHER),
        }
    }

    fn above_mark(&mut self) -> Result<Vec<Value>, Fault> {
        let mark = self
            .stack
            .iter()
            .rposition(|value| *value == Value::Mark)
            .ok_or(OTHER)?;
        let above = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(above)
    }

    fn tuple(&mut self, count: usize) -> Result<(), Fault> {
        let from = self.stack.len().checked_sub(count).ok_or(OTHER)?;
        let items = self.stack.split_off(from);
        self.stack.push(Value::Tuple(items));
        Ok(())
    }

    fn bytes_of(&mut self, count: u64) -> Result<Vec<u8>, Fault> {
        Ok(self.take(usize::try_from(count).map_err(|_| CUT)?)?.to_vec())
    }

    fn text_of(&mut self, count: u64) -> Result<Value, Fault> {
        let bytes = self.bytes_of(count)?;
        String::from_utf8(bytes).map(Value::Text).map_err(|_| OTHER)
    }

    fn global(&mut self, module: &str, name: String) -> Result<(), Fault> {
        if !is_allowed(module, &name) {
            return Err("it names code, which is never run");
        }
        self.stack.push(Value::Global(name));
        Ok(())
    }

    /// Calls one of the allowed names.
    fn reduce(&mut self) -> Result<(), Fault> {
        let Value::Tuple(arguments) = self.pop()? else {
            return Err(OTHER);
        };
        let Value::Global(name) = self.pop()? else {
            return Err(OTHER);
        };
        let made = match (name.as_str(), &arguments[..]) {
            // Bytes of Python 2 as text, back to bytes.
            ("encode", [Value::Text(text), ..]) => {
                let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
                Value::Bytes(bytes.ok_or(OTHER)?)
            }
            ("dtype", _) => Value::Object("dtype".into(), arguments),
            ("_reconstruct", _) => Value::Object("array".into(), Vec::new()),
            _ => return Err(OTHER),
        };
        self.stack.push(made);
        Ok(())
    }

    /// Gives an object its state.
    fn build(&mut self) -> Result<(), Fault> {
        let state = self.pop()?;
        match (self.stack.last_mut(), state) {
            (Some(Value::Object(_, parts)), Value::Tuple(state)) => {
                parts.push(Value::Tuple(state));
                Ok(())
            }
            _ => Err(OTHER),
        }
    }

    fn remember(&mut self, key: u32) -> Result<(), Fault> {
        let value = self.stack.last().cloned().ok_or(OTHER)?;
        self.memo.insert(key, value);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<(), Fault> {
        let value = self.memo.get(&key).cloned().ok_or(OTHER)?;
        self.stack.push(value);
        Ok(())
    }

    /// Runs one instruction; the result at the end.
    // Long because it is the table of instructions.
    fn step(&mut self) -> Result<Option<Value>, Fault> {
        let code = self.take(1)?[0];
        match code {
            b'.' => return self.pop().map(Some),
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.stack.push(Value::Mark),
            b'N' => self.stack.push(Value::None),
            0x88 | 0x89 => self.stack.push(Value::Bool(code == 0x88)),
            b'K' => {
                let value = self.number(1)?;
                self.stack.push(Value::Int(value as i64));
            }
            b'M' => {
                let value = self.number(2)?;
                self.stack.push(Value::Int(value as i64));
            }
            b'J' => {
                let value = self.number(4)? as u32;
                self.stack.push(Value::Int(i64::from(value.cast_signed())));
            }
            b'I' | b'L' => {
                let line = self.line()?;
                let value = match (code, line.as_str()) {
                    (b'I', "00") => Value::Bool(false),
                    (b'I', "01") => Value::Bool(true),
                    _ => Value::Int(line.trim_end_matches('L').parse().map_err(|_| OTHER)?),
                };
                self.stack.push(value);
            }
            0x8a => {
                let count = self.number(1)?.min(8);
                let value = self.number(count as usize)?;
                self.stack.push(Value::Int(value.cast_signed()));
            }
            b'U' | b'C' | b'T' | b'B' | 0x8e => {
                let width = match code {
                    b'U' | b'C' => 1,
                    0x8e => 8,
                    _ => 4,
                };
                let count = self.number(width)?;
                let bytes = self.bytes_of(count)?;
                self.stack.push(Value::Bytes(bytes));
            }
            0x8c | b'X' | 0x8d => {
                let width = match code {
                    0x8c => 1,
                    b'X' => 4,
                    _ => 8,
                };
                let count = self.number(width)?;
                let text = self.text_of(count)?;
                self.stack.push(text);
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(&module, name)?;
            }
            0x93 => {
                let (name, module) = (self.text()?, self.text()?);
                self.global(&module, name)?;
            }
            b')' => self.stack.push(Value::Tuple(Vec::new())),
            b't' => {
                let items = self.above_mark()?;
                self.stack.push(Value::Tuple(items));
            }
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b'R' => self.reduce()?,
            b'b' => self.build()?,
            0x94 => self.remember(self.memo.len() as u32)?,
            b'q' => {
                let key = self.number(1)? as u32;
                self.remember(key)?;
            }
            b'r' => {
                let key = self.number(4)? as u32;
                self.remember(key)?;
            }
            b'h' => {
                let key = self.number(1)? as u32;
                self.recall(key)?;
            }
            b'j' => {
                let key = self.number(4)? as u32;
                self.recall(key)?;
            }
            _ => return Err(OTHER),
        }
        Ok(None)
    }
}

/// Bytes of a float and their order, from a built `dtype`.
fn float_type(value: &Value) -> Option<(usize, bool)> {
    let Value::Object(_, parts) = value else {
        return None;
    };
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    };
    let width = match text(parts.first()?)?.as_str() {
        "f8" => 8,
        "f4" => 4,
        _ => return None,
    };
    let order = parts.iter().find_map(|part| match part {
        Value::Tuple(state) => text(state.get(1)?),
        _ => None,
    });
    Some((width, order.as_deref() == Some(">")))
}

/// Reads the matrix of a pickle; the reason where there is none.
pub(super) fn matrix(bytes: &[u8]) -> Result<Matrix, &'static str> {
    let mut machine = Machine {
        bytes,
        at: 0,
        stack: Vec::new(),
        memo: HashMap::new(),
    };
    let result = (0..MOST_STEPS)
        .find_map(|_| machine.step().transpose())
        .ok_or(OTHER)??;
    let Value::Object(_, mut parts) = result else {
        return Err(OTHER);
    };
    let Some(Value::Tuple(state)) = parts.pop() else {
        return Err(OTHER);
    };
    let [_, Value::Tuple(shape), kind, fortran, Value::Bytes(data)] = &state[..] else {
        return Err(OTHER);
    };
    let [Value::Int(rows), Value::Int(columns)] = shape[..] else {
        return Err("its array has not two dimensions");
    };
    let (width, big_endian) = float_type(kind).ok_or("its array is not of floats")?;
    let size = |value: i64| usize::try_from(value).map_err(|_| OTHER);
    let (rows, columns) = (size(rows)?, size(columns)?);
    let count = rows
        .checked_mul(columns)
        .filter(|count| count.checked_mul(width) == Some(data.len()));
    let count = count.ok_or("the size of its array is not that of its data")?;
    let value = |chunk: &[u8]| {
        let mut bytes = chunk.to_vec();
        if big_endian {
            bytes.reverse();
        }
        match <[u8; 8]>::try_from(&bytes[..]) {
            Ok(bytes) => f64::from_le_bytes(bytes),
            Err(_) => f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        }
    };
    let stored: Vec<f64> = data.chunks_exact(width).map(value).collect();
    let by_columns = matches!(fortran, Value::Bool(true) | Value::Int(1));
    let at = |place: usize| match by_columns {
        true => stored[place % columns * rows + place / columns],
        false => stored[place],
    };
    Ok(Matrix {
        rows,
        columns,
        values: (0..count).map(at).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pickle.dumps(np.array([[1.0, 2.5], [nan, 4.0]]), 2)` of numpy 1, written by hand.
    fn pickled() -> Vec<u8> {
        let mut bytes = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01bq\x03\x87q\x04Rq\x05(K\x01K\x02K\x02\x86q\x06cnumpy\ndtype\nq\x07U\x02f8q\x08K\x00K\x01\x87q\tRq\n(K\x03U\x01<q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0cb\x89U\x20".to_vec();
        for value in [1.0f64, 2.5, f64::NAN, 4.0] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(b"q\rtq\x0eb.");
        bytes
    }

    #[test]
    fn an_array_of_floats_is_read() {
        let matrix = matrix(&pickled()).expect("an array");
        assert_eq!((matrix.rows, matrix.columns), (2, 2));
        assert_eq!(matrix.values[..2], [1.0, 2.5]);
        assert!(matrix.values[2].is_nan());
    }

    #[test]
    fn code_and_damage_are_refused() {
        assert!(matrix(b"cos\nsystem\n(S'ls'\ntR.").is_err_and(|reason| reason.contains("code")));
        let whole = pickled();
        for end in 0..whole.len() {
            assert!(matrix(&whole[..end]).is_err(), "{end}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x41;
            let _ = matrix(&damaged);
        }
    }
}
