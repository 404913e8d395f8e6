//! Molecules that were featurised before, kept in a file between programs.
//!
//! Comes in: a folder and a chemistry toolkit. Goes out: the same toolkit, which takes from the file what it has parsed before. The
//! file is one checksum and what it covers: the version that wrote it, and SMILES with their molecules. A file that is damaged, or was
//! written by another version, is not used and is written again: a cache may be lost, never wrong. Refused SMILES are not kept; they are
//! few, and their reasons may improve.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use fusebind_features::{
    Error as FeatureError,
    entity::molecule::{Chemistry, Molecule, Standardise},
};
use sha2::{Digest, Sha256};

use crate::{Error, ErrorKind, table::write_atomically};

/// Name of the file in its folder.
fn file_name(standardise: Standardise) -> &'static str {
    match standardise {
        Standardise::Parent => "molecules.cache",
        Standardise::None => "molecules_as_written.cache",
    }
}

/// Version of the stored layout of a molecule.
const LAYOUT: u32 = 3;
/// Bytes of the checksum at the start of the file.
const CHECKSUM: usize = 32;

/// A toolkit with a cache, see the file's header.
#[derive(Debug)]
pub struct MoleculeCache<C> {
    chemistry: C,
    path: PathBuf,
    known: HashMap<String, Molecule>,
    fresh: Mutex<HashMap<String, Molecule>>,
    unusable: Option<&'static str>,
    /// Keeps other processes out: two that write would each lose what the other has read.
    _lock: File,
}

/// What the checksum covers.
type Content<K, M> = (String, Vec<(K, M)>);

fn version() -> String {
    format!("{} {LAYOUT}", env!("CARGO_PKG_VERSION"))
}

/// Reads the file's content, or the reason why it cannot be used.
fn decode(bytes: &[u8]) -> Result<HashMap<String, Molecule>, &'static str> {
    let (checksum, content) = bytes.split_at_checked(CHECKSUM).ok_or("it is damaged")?;
    if Sha256::digest(content).as_slice() != checksum {
        return Err("it is damaged");
    }
    let (written_by, molecules): Content<String, Molecule> =
        postcard::from_bytes(content).map_err(|_| "another version of fusebind wrote it")?;
    if written_by != version() {
        return Err("another version of fusebind wrote it");
    }
    Ok(molecules.into_iter().collect())
}

/// Takes the cache in `folder` for this process.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("molecules.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|source| Error::write(&path, source))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::new(ErrorKind::Config, "another process uses this cache")
            .in_file(folder)
            .hint("wait until it ends, or name another folder with --cache")),
        // Some network file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

impl<C: Chemistry> MoleculeCache<C> {
    /// The cache in `folder`, which is created where it does not exist.
    pub fn open(folder: &Path, chemistry: C) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|source| Error::write(folder, source))?;
        let lock = lock(folder)?;
        let path = folder.join(file_name(chemistry.standardise()));
        let (known, unusable) = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (HashMap::new(), None),
            Err(source) => return Err(Error::read(&path, source)),
            Ok(bytes) => match decode(&bytes) {
                Ok(known) => (known, None),
                Err(reason) => (HashMap::new(), Some(reason)),
            },
        };
        Ok(Self {
            chemistry,
            path,
            known,
            fresh: Mutex::default(),
            unusable,
            _lock: lock,
        })
    }

    /// Where the cache is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why a file that was there was not used.
    pub fn unusable(&self) -> Option<&'static str> {
        self.unusable
    }

    /// Molecules that were in the cache when it was opened.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether the cache was empty when it was opened.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Writes the file if there is anything new; the number of new molecules.
    pub fn save(self) -> Result<usize, Error> {
        let fresh = self.fresh.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        if fresh.is_empty() {
            return Ok(0);
        }
        let mut molecules: Vec<(&String, &Molecule)> = self.known.iter().chain(&fresh).collect();
        molecules.sort_unstable_by_key(|(smiles, _)| *smiles);
        let content: Content<&String, &Molecule> = (version(), molecules);
        let fault = |error: postcard::Error| Error::write(&self.path, io::Error::other(error.to_string()));
        let content = postcard::to_stdvec(&content).map_err(fault)?;
        write_atomically(&self.path, |file| {
            file.write_all(&Sha256::digest(&content))?;
            file.write_all(&content)
        })?;
        Ok(fresh.len())
    }
}

impl<C: Chemistry> Chemistry for MoleculeCache<C> {
    fn molecule(&self, smiles: &str) -> Result<Molecule, FeatureError> {
        if let Some(molecule) = self.known.get(smiles) {
            return Ok(molecule.clone());
        }
        let molecule = self.chemistry.molecule(smiles)?;
        let mut fresh = self.fresh.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        fresh.insert(smiles.into(), molecule.clone());
        Ok(molecule)
    }

    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, FeatureError> {
        self.chemistry.molecule_from_sd(record)
    }

    fn standardise(&self) -> Standardise {
        self.chemistry.standardise()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use fusebind_features::entity::molecule::ChematicToolkit;

    use super::*;

    /// Counts calls of the toolkit.
    struct Counting<'a>(&'a AtomicUsize);

    impl Chemistry for Counting<'_> {
        fn molecule(&self, smiles: &str) -> Result<Molecule, FeatureError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            ChematicToolkit.molecule(smiles)
        }
        fn molecule_from_sd(&self, record: &str) -> Result<Molecule, FeatureError> {
            ChematicToolkit.molecule_from_sd(record)
        }
    }

    #[test]
    fn what_was_read_once_is_read_from_the_file_and_a_damaged_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let calls = AtomicUsize::new(0);
        let open = || MoleculeCache::open(&folder.path().join("cache"), Counting(&calls)).unwrap();
        let all = ["CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "C..C"];
        let read = |cache: &MoleculeCache<Counting<'_>>| all.map(|smiles| cache.molecule(smiles).ok());

        let first = open();
        let molecules = read(&first);
        assert!(molecules[2].is_none() && molecules[0].is_some());
        assert_eq!((first.save().unwrap(), calls.load(Ordering::Relaxed)), (2, 3));

        let second = open();
        let third = MoleculeCache::open(&folder.path().join("cache"), ChematicToolkit);
        assert!(third.unwrap_err().to_string().contains("another process"));
        assert_eq!((second.len(), second.unusable()), (2, None));
        assert_eq!(read(&second), molecules, "the same arrays");
        assert_eq!(calls.load(Ordering::Relaxed), 4, "only the refused one is parsed again");
        let path = second.path().to_path_buf();
        assert_eq!(second.save().unwrap(), 0, "nothing new, nothing written");

        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..7], &[]] {
            fs::write(&path, damaged).unwrap();
            let cache = open();
            assert_eq!((cache.len(), cache.unusable()), (0, Some("it is damaged")));
        }
        let other = postcard::to_stdvec(&("0.0.0", Vec::<(String, Molecule)>::new())).unwrap();
        fs::write(&path, [Sha256::digest(&other).as_slice(), &other].concat()).unwrap();
        assert!(open().unusable().unwrap().contains("version"));
        let mended = open();
        assert_eq!(read(&mended), molecules);
        assert_eq!(mended.save().unwrap(), 2);
        assert_eq!(open().len(), 2);
    }
}
