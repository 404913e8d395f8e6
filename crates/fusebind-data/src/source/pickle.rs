//! A NumPy array of numbers from a Python pickle. Nothing is executed: of all that a pickle can call, only the parts of an array are known.
//!
//! Comes in: bytes of protocol 0 to 5. Goes out: [`Matrix`]. The operations are those of `pickletools` in Python's library.

use std::{collections::HashMap, rc::Rc};

/// Most operations: an array needs some dozens, and tuples within tuples are dropped one inside of the other.
const MOST_STEPS: usize = 10_000;

/// A matrix of floats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    /// Values, row by row.
    pub values: Vec<f64>,
}

#[derive(Clone, Debug)]
enum Value {
    Mark,
    Nothing,
    Number(i64),
    /// Bytes, or text as its bytes (Python 2 makes no difference).
    Bytes(Rc<Vec<u8>>),
    Text(Rc<str>),
    Tuple(Rc<Vec<Value>>),
    Name(Rc<str>),
    /// Kind and width such as `f8`, and whether the low byte is first.
    Kind(Rc<str>, bool),
    Matrix(Rc<Matrix>),
}

type Result<T> = std::result::Result<T, String>;

/// Reads the array that `bytes` hold.
pub(super) fn matrix(bytes: &[u8]) -> Result<Matrix> {
    let mut machine = Machine {
        bytes,
        stack: Vec::new(),
        memo: HashMap::new(),
    };
    let mut steps = 0;
    while machine.step()? {
        steps += 1;
        if steps > MOST_STEPS {
            return Err("the pickle holds more than an array of numbers".into());
        }
    }
    match machine.pop()? {
        Value::Matrix(matrix) => Ok((*matrix).clone()),
        _ => Err("the pickle holds no array".into()),
    }
}

struct Machine<'b> {
    bytes: &'b [u8],
    stack: Vec<Value>,
    memo: HashMap<u64, Value>,
}

impl<'b> Machine<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or("the pickle is cut short")?;
        self.bytes = rest;
        Ok(taken)
    }

    /// A number of `width` bytes, low byte first.
    fn number(&mut self, width: usize) -> Result<u64> {
        let bytes = self.take(width)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn sized(&mut self, width: usize) -> Result<&'b [u8]> {
        let length = self.number(width)?;
        self.take(usize::try_from(length).map_err(|_| "a length is too large")?)
    }

    fn line(&mut self) -> Result<&'b str> {
        let length = self
            .bytes
            .iter()
            .position(|b| *b == b'\n')
            .ok_or("the pickle is cut short")?;
        let line = self.take(length + 1)?;
        std::str::from_utf8(&line[..length]).map_err(|_| "a line of the pickle is no text".into())
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().ok_or_else(|| "the pickle is damaged".into())
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        self.stack.push(Value::Bytes(Rc::new(bytes.to_vec())));
    }

    fn push_text(&mut self, bytes: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(bytes).map_err(|_| "a text of the pickle is not UTF-8")?;
        self.stack.push(Value::Text(text.into()));
        Ok(())
    }

    fn tuple(&mut self, length: usize) -> Result<()> {
        let from = self.stack.len().checked_sub(length).ok_or("the pickle is damaged")?;
        let items = self.stack.split_off(from);
        self.stack.push(Value::Tuple(Rc::new(items)));
        Ok(())
    }

    fn put(&mut self, at: u64) -> Result<()> {
        let value = self.stack.last().ok_or("the pickle is damaged")?.clone();
        self.memo.insert(at, value);
        Ok(())
    }

    fn get(&mut self, at: u64) -> Result<()> {
        let value = self.memo.get(&at).ok_or("the pickle is damaged")?.clone();
        self.stack.push(value);
        Ok(())
    }

    // Long because it is a table of operations.
    fn step(&mut self) -> Result<bool> {
        let number = |text: &str| {
            text.trim_end_matches('L')
                .parse::<i64>()
                .map_err(|_| "a number is damaged")
        };
        match self.take(1)?[0] {
            b'.' => return Ok(false),
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.stack.push(Value::Mark),
            b'N' => self.stack.push(Value::Nothing),
            b'I' => {
                let value = number(self.line()?)?;
                self.stack.push(Value::Number(value));
            }
            b'L' => {
                let value = number(self.line()?)?;
                self.stack.push(Value::Number(value));
            }
            b'J' => {
                let value = self.number(4)? as u32 as i32;
                self.stack.push(Value::Number(value.into()));
            }
            b'K' => {
                let value = self.number(1)?;
                self.stack.push(Value::Number(value as i64));
            }
            b'M' => {
                let value = self.number(2)?;
                self.stack.push(Value::Number(value as i64));
            }
            0x8A => {
                let bytes = self.sized(1)?;
                let value = bytes.iter().take(8).rev().fold(0, |n, b| n << 8 | i64::from(*b));
                self.stack.push(Value::Number(value));
            }
            truth @ (0x88 | 0x89) => self.stack.push(Value::Number(i64::from(truth == 0x88))),
            b'S' => {
                let bytes = unescaped(self.line()?)?;
                self.push_bytes(&bytes);
            }
            b'U' | b'C' => {
                let bytes = self.sized(1)?;
                self.push_bytes(bytes);
            }
            b'T' | b'B' => {
                let bytes = self.sized(4)?;
                self.push_bytes(bytes);
            }
            0x8E => {
                let bytes = self.sized(8)?;
                self.push_bytes(bytes);
            }
            b'V' => {
                let line = self.line()?;
                self.push_text(line.as_bytes())?;
            }
            0x8C => {
                let bytes = self.sized(1)?;
                self.push_text(bytes)?;
            }
            b'X' => {
                let bytes = self.sized(4)?;
                self.push_text(bytes)?;
            }
            b')' => self.tuple(0)?,
            short @ 0x85..=0x87 => self.tuple(usize::from(short - 0x84))?,
            b't' => {
                let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark));
                let mark = mark.ok_or("the pickle is damaged")?;
                self.tuple(self.stack.len() - mark - 1)?;
                let tuple = self.pop()?;
                self.pop()?;
                self.stack.push(tuple);
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(Value::Name(format!("{module}.{name}").into()));
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => {
                    self.stack.push(Value::Name(format!("{module}.{name}").into()));
                }
                _ => return Err("the pickle is damaged".into()),
            },
            0x94 => self.put(self.memo.len() as u64)?,
            b'q' => {
                let at = self.number(1)?;
                self.put(at)?;
            }
            b'r' => {
                let at = self.number(4)?;
                self.put(at)?;
            }
            b'p' => {
                let at = number(self.line()?)?;
                self.put(at as u64)?;
            }
            b'h' => {
                let at = self.number(1)?;
                self.get(at)?;
            }
            b'j' => {
                let at = self.number(4)?;
                self.get(at)?;
            }
            b'g' => {
                let at = number(self.line()?)?;
                self.get(at as u64)?;
            }
            b'R' => {
                let (arguments, name) = (self.pop()?, self.pop()?);
                let made = called(&name, &arguments)?;
                self.stack.push(made);
            }
            b'b' => {
                let (state, built) = (self.pop()?, self.pop()?);
                let built = with_state(built, &state)?;
                self.stack.push(built);
            }
            other => {
                return Err(format!(
                    "the pickle holds more than an array of numbers (operation {other})"
                ));
            }
        }
        Ok(true)
    }
}

/// What a known name makes of its arguments.
fn called(name: &Value, arguments: &Value) -> Result<Value> {
    let (Value::Name(name), Value::Tuple(arguments)) = (name, arguments) else {
        return Err("the pickle is damaged".into());
    };
    match (&**name, &arguments[..]) {
        ("numpy.core.multiarray._reconstruct" | "numpy._core.multiarray._reconstruct", _) => {
            Ok(Value::Matrix(Rc::new(Matrix {
                rows: 0,
                columns: 0,
                values: Vec::new(),
            })))
        }
        ("numpy.dtype", [kind, ..]) => Ok(Value::Kind(text(kind)?.into(), true)),
        ("_codecs.encode", [Value::Text(text), ..]) => {
            // Python 3 writes bytes so where Python 2 shall read them.
            let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            Ok(Value::Bytes(Rc::new(
                bytes.ok_or("the bytes of the pickle are damaged")?,
            )))
        }
        _ => Err(format!("the pickle would call `{name}`, which is not part of an array")),
    }
}

fn text(value: &Value) -> Result<&str> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| "a text is damaged".into()),
        _ => Err("a text is missing".into()),
    }
}

fn with_state(built: Value, state: &Value) -> Result<Value> {
    let Value::Tuple(state) = state else {
        return Err("the pickle is damaged".into());
    };
    match (built, &state[..]) {
        (Value::Kind(kind, _), [_, order, ..]) => Ok(Value::Kind(kind, text(order)? != ">")),
        (
            Value::Matrix(_),
            [
                _,
                Value::Tuple(shape),
                Value::Kind(kind, little),
                Value::Number(columns_first),
                data,
                ..,
            ],
        ) => {
            let [rows, columns] = match &shape[..] {
                [Value::Number(rows), Value::Number(columns)] if *rows >= 0 && *columns >= 0 => {
                    [*rows as usize, *columns as usize]
                }
                _ => return Err("the array has not two dimensions".into()),
            };
            let Value::Bytes(data) = data else {
                return Err("the array does not hold numbers".into());
            };
            let mut values = numbers(data, kind, *little)?;
            if Some(values.len()) != rows.checked_mul(columns) {
                return Err("the shape of the array is not that of its values".into());
            }
            if *columns_first != 0 {
                let by_row = (0..values.len()).map(|at| values[at % columns * rows + at / columns]);
                values = by_row.collect();
            }
            Ok(Value::Matrix(Rc::new(Matrix { rows, columns, values })))
        }
        _ => Err("the pickle is damaged".into()),
    }
}

fn numbers(data: &[u8], kind: &str, little: bool) -> Result<Vec<f64>> {
    let width = match kind {
        "f8" | "i8" => 8,
        "f4" | "i4" => 4,
        _ => {
            return Err(format!(
                "numbers of the kind `{kind}` are not read; save the array as float64"
            ));
        }
    };
    let number = |bytes: &[u8]| {
        let mut low_first = [0; 8];
        low_first[..width].copy_from_slice(bytes);
        if !little {
            low_first[..width].reverse();
        }
        let [a, b, c, d, ..] = low_first;
        match kind {
            "f8" => f64::from_le_bytes(low_first),
            "f4" => f32::from_le_bytes([a, b, c, d]).into(),
            "i4" => i32::from_le_bytes([a, b, c, d]).into(),
            _ => i64::from_le_bytes(low_first) as f64,
        }
    };
    match data.len() % width {
        0 => Ok(data.chunks_exact(width).map(number).collect()),
        _ => Err("the values of the array are cut short".into()),
    }
}

/// Bytes of a Python 2 string literal.
fn unescaped(literal: &str) -> Result<Vec<u8>> {
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    let (mut bytes, mut rest) = (Vec::new(), inner.bytes());
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'x') => {
                let digits = [rest.next().unwrap_or(0), rest.next().unwrap_or(0)];
                let digits = std::str::from_utf8(&digits).unwrap_or_default();
                u8::from_str_radix(digits, 16).map_err(|_| "a string of the pickle is damaged")?
            }
            Some(other) => other,
            None => return Err("a string of the pickle is damaged".into()),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pickle.dumps(numpy.array([[1., 2.], [3., nan]]), 0)` of Python 2.
    fn old() -> Vec<u8> {
        let mut data = String::new();
        for value in [1.0_f64, 2.0, 3.0, f64::NAN] {
            value
                .to_le_bytes()
                .iter()
                .for_each(|byte| data.push_str(&format!("\\x{byte:02x}")));
        }
        format!(
            "cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nS'b'\np3\ntp4\nRp5\n(I1\n(I2\nI2\ntp6\ncnumpy\ndtype\n\
             p7\n(S'f8'\np8\nI0\nI1\ntp9\nRp10\n(I3\nS'<'\np11\nNNNI-1\nI-1\nI0\ntp12\nbI00\nS'{data}'\np13\ntp14\nb."
        )
        .into_bytes()
    }

    #[test]
    fn an_array_is_read_and_nothing_else_is_called() {
        let read = matrix(&old()).unwrap();
        assert_eq!(
            (read.rows, read.columns, &read.values[..3]),
            (2, 2, &[1.0, 2.0, 3.0][..])
        );
        assert!(read.values[3].is_nan());
        let fault = matrix(b"cos\nsystem\n(S'echo'\ntR.").unwrap_err();
        assert!(fault.contains("os.system"), "{fault}");
        for length in 0..old().len() {
            assert!(matrix(&old()[..length]).is_err(), "{length}");
        }
    }
}
