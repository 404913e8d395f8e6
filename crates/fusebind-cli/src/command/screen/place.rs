//! Where the files of a screening are kept: in a folder, or in an object store under a prefix.
//!
//! Comes in: `--work DIR` or `--work s3://BUCKET/PREFIX`. Goes out: files that are there whole or not at all. One that is committed stays as it
//! is: whoever comes second is told so.

use std::{fs, path::Path as FilePath};

use anyhow::Context;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, local::LocalFileSystem, path::Path, path::PathPart,
};
use tokio::runtime::{Builder, Runtime};

use crate::exit::Failure;

/// Whether it says where an object store is, and names no folder.
pub fn is_address(place: &FilePath) -> bool {
    place.to_str().is_some_and(|text| text.contains("://"))
}

/// See the file's header.
#[derive(Debug)]
pub struct Place {
    /// As the user names it.
    shown: String,
    store: Box<dyn ObjectStore>,
    prefix: Path,
    is_folder: bool,
    /// What waits for answers: the rest of the program does not.
    runtime: Runtime,
}

/// What is done with a file.
#[derive(Clone, Copy)]
enum Act {
    Read,
    Write,
}

impl Place {
    /// A folder, which is created where it is none, or the place of an address.
    pub fn create(place: &FilePath) -> anyhow::Result<Self> {
        if is_address(place) {
            return Self::remote(place);
        }
        fs::create_dir_all(place).with_context(|| format!("the folder {} cannot be created", place.display()))?;
        Self::folder(place)
    }

    /// A folder, or the place of an address; none where there is no such folder.
    pub fn open(place: &FilePath) -> anyhow::Result<Option<Self>> {
        match is_address(place) {
            true => Self::remote(place).map(Some),
            false => place.is_dir().then(|| Self::folder(place)).transpose(),
        }
    }

    fn folder(folder: &FilePath) -> anyhow::Result<Self> {
        let store = LocalFileSystem::new_with_prefix(folder)
            .with_context(|| format!("{} cannot be opened", folder.display()))?
            .with_fsync(true);
        let mut place = Self::of(folder.display().to_string(), Box::new(store), Path::default())?;
        place.is_folder = true;
        Ok(place)
    }

    #[cfg(not(feature = "object-storage"))]
    fn remote(address: &FilePath) -> anyhow::Result<Self> {
        Err(Failure::misuse(
            format!(
                "{}: this fusebind was built without the feature `object-storage`, and keeps units in folders alone",
                address.display()
            ),
            "name a folder, or build fusebind with `cargo build --release --features object-storage`",
        ))
    }

    #[cfg(feature = "object-storage")]
    fn remote(address: &FilePath) -> anyhow::Result<Self> {
        use super::remote::opened;
        let address = address.to_string_lossy();
        let (store, prefix) = opened(&address)?;
        Self::of(address.trim_end_matches('/').to_string(), store, prefix)
    }

    /// A store under a name.
    pub fn of(shown: String, store: Box<dyn ObjectStore>, prefix: Path) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self {
            shown,
            store,
            prefix,
            is_folder: false,
            runtime: runtime.context("the thread that waits for the store cannot be started")?,
        })
    }

    /// The name of the place.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The name of a file in it.
    pub fn file(&self, name: &str) -> String {
        match self.is_folder {
            true => FilePath::new(&self.shown).join(name).display().to_string(),
            false => format!("{}/{name}", self.shown),
        }
    }

    /// Writes a file that is not there yet. Says whether it was so: else it stays as it is.
    pub fn commit(&self, name: &str, bytes: Vec<u8>) -> anyhow::Result<bool> {
        let (path, payload) = (self.path(name), PutPayload::from(bytes));
        let put = self.store.put_opts(&path, payload.clone(), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            // A file system without links, or a store without conditions: several that write one file write the same bytes.
            Err(error) if self.is_folder || matches!(error, Error::NotImplemented { .. }) => {
                let put = self.store.put_opts(&path, payload, PutMode::Overwrite.into());
                self.runtime
                    .block_on(put)
                    .map_err(|_| self.failed(Act::Write, name, &error))?;
                Ok(true)
            }
            Err(error) => Err(self.failed(Act::Write, name, &error)),
        }
    }

    /// Writes a file, whether it is there or not.
    pub fn replace(&self, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let path = self.path(name);
        let put = self.store.put(&path, PutPayload::from(bytes));
        let put = self.runtime.block_on(put);
        put.map(drop).map_err(|error| self.failed(Act::Write, name, &error))
    }

    /// The content of a file; none where there is none.
    pub fn read(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.path(name);
        let read = async { self.store.get(&path).await?.bytes().await };
        match self.runtime.block_on(read) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(Act::Read, name, &error)),
        }
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> anyhow::Result<bool> {
        let path = self.path(name);
        match self.runtime.block_on(self.store.head(&path)) {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed(Act::Read, name, &error)),
        }
    }

    /// The names of its files and folders, without those that are being written.
    pub fn names(&self) -> anyhow::Result<Vec<String>> {
        let list = self.store.list_with_delimiter(Some(&self.prefix));
        let list = self.runtime.block_on(list);
        let list = list.map_err(|error| self.failed(Act::Read, "", &error))?;
        let files = list.objects.into_iter().map(|object| object.location);
        let all = files.chain(list.common_prefixes);
        Ok(all.filter_map(|path| path.filename().map(str::to_string)).collect())
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(PathPart::from(name))
    }

    fn failed(&self, act: Act, name: &str, error: &Error) -> anyhow::Error {
        let act = match act {
            Act::Read => "read",
            Act::Write => "written",
        };
        let remedy = match self.is_folder {
            true => "check the path, its permissions and the free space",
            false => {
                "check the address, the credentials in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL \
                 for S3) and the network, then give the same command again: finished units are kept"
            }
        };
        Failure::failed(format!("{} cannot be {act}: {error}", self.file(name)), remedy)
    }
}
