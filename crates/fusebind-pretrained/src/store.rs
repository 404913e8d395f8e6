//! Embeddings on disk, each found by what it is of.
//!
//! Comes in: the SHA-256 of a text, and values. Goes out: the values. Records are appended as they are known and carry a checksum, so that what a
//! killed process has left is used and its last, half-written record is not. The name of the file stands for all that the values depend on: weights,
//! layer, pooling, windows, precision.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use half::f16;
use sha2::{Digest, Sha256};

use crate::Error;

const MAGIC: &[u8] = b"fusebind embeddings 1\n";
/// Most values of a record: a protein of 35,000 residues with 5,120 channels has fewer.
const MOST_VALUES: u32 = 1 << 28;

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Two bytes.
    Float16,
    /// Four bytes.
    Float32,
}

impl Precision {
    fn size(self) -> usize {
        if self == Self::Float16 { 2 } else { 4 }
    }

    /// The values as they are read again after they were kept.
    pub(crate) fn rounded(self, values: &[f32]) -> Result<Vec<f32>, Error> {
        self.check(values)?;
        Ok(match self {
            Self::Float16 => values.iter().map(|x| f16::from_f32(*x).to_f32()).collect(),
            Self::Float32 => values.to_vec(),
        })
    }

    /// Refuses a value that has no place in this precision.
    fn check(self, values: &[f32]) -> Result<(), Error> {
        let in_range = |x: f32| match self {
            Self::Float16 => f16::from_f32(x).is_finite(),
            Self::Float32 => x.is_finite(),
        };
        let Some(value) = values.iter().find(|x| !in_range(**x)) else {
            return Ok(());
        };
        let remedy = match self {
            Self::Float16 => "store as float32, or take another layer",
            Self::Float32 => "the weights give no finite values: download them again",
        };
        Err(Error::new(format!("the value {value} cannot be stored"), remedy))
    }
}

/// SHA-256 of a text.
pub type TextHash = [u8; 32];

/// The hash that `text` is found by.
pub fn text_hash(text: &str) -> TextHash {
    Sha256::digest(text.as_bytes()).into()
}

struct Records {
    file: File,
    end: u64,
    /// Where the values of each text begin, and how many there are.
    of_text: HashMap<TextHash, (u64, u32)>,
}

/// The file of `key` in `folder`.
fn file_of(folder: &Path, key: &str) -> PathBuf {
    let digits: String = text_hash(key)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{digits}.embeddings"))
}

/// A file of embeddings.
pub struct Store {
    path: PathBuf,
    precision: Precision,
    is_writable: bool,
    records: Mutex<Records>,
}

impl Store {
    /// Opens or creates the store of `key` in `folder`: all that values depend on, in words.
    ///
    /// # Errors
    /// Where the file cannot be used, or another process uses it.
    pub fn open(folder: &Path, key: &str, precision: Precision) -> Result<Self, Error> {
        let store = Self::open_shared(folder, key, precision)?;
        match store.is_writable {
            true => Ok(store),
            false => {
                let error = Error::new("is in use by another process", "wait for it, or name another folder");
                Err(error.about(&store.path))
            }
        }
    }

    /// As [`Store::open`]. While another process uses the file, what it has kept so far is read and nothing is added.
    ///
    /// # Errors
    /// Where the file cannot be used.
    pub fn open_shared(folder: &Path, key: &str, precision: Precision) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
        let path = file_of(folder, key);
        let fault = |error: std::io::Error| Error::io(&path, &error);
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(fault)?;
        let is_writable = !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock));
        Self::of(file, path, (precision, is_writable))
    }

    /// The store of `key` in `folder`, to which nothing is added; none where there is no such file.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn open_to_read(folder: &Path, key: &str, precision: Precision) -> Result<Option<Self>, Error> {
        let path = file_of(folder, key);
        match File::open(&path) {
            Ok(file) => Self::of(file, path, (precision, false)).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&path, &error)),
        }
    }

    fn of(file: File, path: PathBuf, (precision, is_writable): (Precision, bool)) -> Result<Self, Error> {
        let fault = |error: std::io::Error| Error::io(&path, &error);
        let mut records = Records {
            file,
            end: 0,
            of_text: HashMap::new(),
        };
        records.scan(precision).map_err(fault)?;
        if is_writable {
            records.cut().map_err(fault)?;
        }
        Ok(Self {
            path,
            precision,
            is_writable,
            records: Mutex::new(records),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the values of a text are known.
    pub fn has(&self, hash: &TextHash) -> bool {
        self.records().of_text.contains_key(hash)
    }

    /// The values of a text.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn get(&self, hash: &TextHash) -> Result<Option<Vec<f32>>, Error> {
        let mut records = self.records();
        let Some(&(start, count)) = records.of_text.get(hash) else {
            return Ok(None);
        };
        let mut bytes = vec![0; count as usize * self.precision.size()];
        let read = records
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| records.file.read_exact(&mut bytes));
        read.map_err(|error| Error::io(&self.path, &error))?;
        Ok(Some(match self.precision {
            Precision::Float16 => bytes
                .chunks_exact(2)
                .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
            Precision::Float32 => bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
        }))
    }

    /// Appends the values of a text.
    ///
    /// # Errors
    /// Where the file cannot be written, or a value has no place in this precision.
    pub fn put(&self, hash: &TextHash, values: &[f32]) -> Result<(), Error> {
        if !self.is_writable {
            return Ok(());
        }
        self.precision.check(values).map_err(|error| error.about(&self.path))?;
        let count = u32::try_from(values.len()).ok().filter(|count| *count <= MOST_VALUES);
        let count =
            count.ok_or_else(|| Error::new("a text has too many values", "pool its states").about(&self.path))?;
        let mut bytes = Vec::with_capacity(44 + values.len() * self.precision.size());
        bytes.extend_from_slice(hash);
        bytes.extend_from_slice(&count.to_le_bytes());
        match self.precision {
            Precision::Float16 => values
                .iter()
                .for_each(|x| bytes.extend_from_slice(&f16::from_f32(*x).to_le_bytes())),
            Precision::Float32 => values.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
        }
        bytes.extend_from_slice(&checksum(&bytes));
        let mut records = self.records();
        let end = records.end;
        let write = records
            .file
            .seek(SeekFrom::Start(end))
            .and_then(|_| records.file.write_all(&bytes));
        write.map_err(|error| Error::io(&self.path, &error))?;
        records.end += bytes.len() as u64;
        records.of_text.insert(*hash, (end + 36, count));
        Ok(())
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&Sha256::digest(bytes)[..8]);
    sum
}

impl Records {
    /// Finds the whole records.
    fn scan(&mut self, precision: Precision) -> std::io::Result<()> {
        let length = self.file.metadata()?.len();
        let mut reader = BufReader::with_capacity(1 << 20, &self.file);
        let mut first = vec![0; MAGIC.len()];
        if reader.read_exact(&mut first).is_err() || first != MAGIC {
            return Ok(());
        }
        self.end = MAGIC.len() as u64;
        let mut of_text = HashMap::new();
        loop {
            let mut record = vec![0; 36];
            if length - self.end < 44 || reader.read_exact(&mut record).is_err() {
                break;
            }
            let hash: TextHash = std::array::from_fn(|at| record[at]);
            let count = u32::from_le_bytes(std::array::from_fn(|at| record[32 + at]));
            let bytes = u64::from(count) * precision.size() as u64;
            if count > MOST_VALUES || length - self.end < 44 + bytes {
                break;
            }
            record.resize(36 + bytes as usize, 0);
            let mut sum = [0; 8];
            if reader.read_exact(&mut record[36..]).is_err()
                || reader.read_exact(&mut sum).is_err()
                || checksum(&record) != sum
            {
                break;
            }
            of_text.insert(hash, (self.end + 36, count));
            self.end += 44 + bytes;
        }
        self.of_text = of_text;
        Ok(())
    }

    /// Cuts off what follows the whole records, and begins a file without any.
    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.end)?;
        if self.end == 0 {
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(MAGIC)?;
            self.end = MAGIC.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_used_and_its_last_half_record_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Store::open(folder.path(), "key", Precision::Float16).unwrap();
        let store = open();
        for (at, text) in ["a", "b"].iter().enumerate() {
            store.put(&text_hash(text), &[at as f32 + 0.5, -2.0]).unwrap();
        }
        let path = store.path().to_path_buf();
        drop(store);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        let store = open();
        assert_eq!(store.get(&text_hash("a")).unwrap(), Some(vec![0.5, -2.0]));
        assert!(!store.has(&text_hash("b")));
        store.put(&text_hash("b"), &[7.0]).unwrap();
        assert!(
            Store::open(folder.path(), "key", Precision::Float16).is_err(),
            "one process at a time"
        );
        drop(store);
        assert_eq!(open().get(&text_hash("b")).unwrap(), Some(vec![7.0]));
        assert!(
            open()
                .put(&text_hash("c"), &[1e6])
                .unwrap_err()
                .remedy()
                .contains("float32")
        );
        // A changed value is no value.
        let mut bytes = fs::read(&path).unwrap();
        bytes[MAGIC.len() + 37] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(!open().has(&text_hash("a")));
    }
}
