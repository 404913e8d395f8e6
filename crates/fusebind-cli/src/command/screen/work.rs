//! What is kept of a screening: one file for each finished unit, and the plan that they belong to.
//!
//! Comes in: units. Goes out: the same after any stop: each file begins with the SHA-256 of the rest. A unit is committed once, whoever has
//! computed it: two runs that compute the same one find the same.

use std::path::Path;

use anyhow::Context;
use fusebind::{data::store::sha256_of, predict::screen::StageReport};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{place::Place, plan::Plan, unit::UnitResult};
use crate::exit::Failure;

const PLAN: &str = "plan.json";
const END: &str = "end.json";
const STAGE: &str = "stage.json";

/// How long the library is, known once it was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub rows: u64,
    pub units: u64,
}

/// See the file's header.
#[derive(Debug)]
pub struct Work(Place);

impl Work {
    /// The place for the units of `plan`; one that holds units of another plan is refused.
    pub fn create(place: &Path, plan: &Plan) -> anyhow::Result<Self> {
        Self(Place::create(place)?).of(plan)
    }

    fn of(self, plan: &Plan) -> anyhow::Result<Self> {
        let shown = self.0.shown();
        // Another shard may write the plan between two looks.
        let is_foreign = |name: &String| !name.starts_with('.') && name != PLAN;
        if !self.0.has(PLAN)? {
            if self.0.names()?.iter().any(is_foreign) && !self.0.has(PLAN)? {
                return Err(Failure::failed(
                    format!("{shown}: holds something else"),
                    "name a new folder with --work",
                ));
            }
            if self.0.commit(PLAN, text(plan)?)? {
                return Ok(self);
            }
        }
        match self.plan()?.difference(plan) {
            None => Ok(self),
            Some(difference) => Err(Failure::failed(
                format!("{shown}: is the folder of another screening: {difference}"),
                "name another folder with --work, or give the same inputs and flags as before",
            )),
        }
    }

    /// A place that holds units.
    pub fn open(place: &Path) -> anyhow::Result<Self> {
        let opened = Place::open(place)?;
        let is_work = opened.as_ref().map_or(Ok(false), |opened| opened.has(PLAN))?;
        match opened {
            Some(opened) if is_work => Ok(Self(opened)),
            _ => Err(Failure::failed(
                format!("{}: is no folder of a screening: it has no {PLAN}", place.display()),
                "name the folder that `screen run` was given with --work",
            )),
        }
    }

    /// The place, as the user names it.
    pub fn shown(&self) -> &str {
        self.0.shown()
    }

    /// What its units belong to.
    pub fn plan(&self) -> anyhow::Result<Plan> {
        self.must(PLAN)
    }

    /// How long the library is, where that is known.
    pub fn end(&self) -> anyhow::Result<Option<End>> {
        self.get(END)
    }

    pub fn put_end(&self, end: End) -> anyhow::Result<()> {
        self.0.replace(END, text(&end)?)
    }

    /// How a first stage chose, where there was one.
    pub fn stage(&self) -> anyhow::Result<Option<StageReport>> {
        self.get(STAGE)
    }

    pub fn put_stage(&self, stage: &StageReport) -> anyhow::Result<()> {
        self.0.replace(STAGE, text(stage)?)
    }

    pub fn has(&self, unit: u64) -> anyhow::Result<bool> {
        self.0.has(&file(unit))
    }

    /// Commits a unit; says whether nobody else had done it.
    pub fn put(&self, unit: &UnitResult) -> anyhow::Result<bool> {
        self.0.commit(&file(unit.unit), text(unit)?)
    }

    pub fn unit(&self, unit: u64) -> anyhow::Result<UnitResult> {
        self.must(&file(unit))
    }

    /// Units that are finished, ascending.
    pub fn units(&self) -> anyhow::Result<Vec<u64>> {
        let number = |name: String| name.strip_prefix("unit-")?.strip_suffix(".json")?.parse().ok();
        let mut units: Vec<u64> = self.0.names()?.into_iter().filter_map(number).collect();
        units.sort_unstable();
        Ok(units)
    }

    /// A file that must be there.
    fn must<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<T> {
        self.get(name)?.ok_or_else(|| {
            Failure::failed(
                format!("{}: is missing", self.0.file(name)),
                "give the same `screen run` command again",
            )
        })
    }

    fn get<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<Option<T>> {
        let Some(bytes) = self.0.read(name)? else {
            return Ok(None);
        };
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let (sum, text) = bytes.split_at(end);
        let text = text.get(1..).unwrap_or_default();
        let value = (sum == sha256_of(text).as_bytes()).then(|| serde_json::from_slice(text).ok());
        value.flatten().map(Some).ok_or_else(|| {
            Failure::failed(
                format!("{}: is damaged, or of another version of fusebind", self.0.file(name)),
                "remove this file and give the same `screen run` command again: only its unit is computed anew",
            )
        })
    }
}

fn file(unit: u64) -> String {
    format!("unit-{unit:08}.json")
}

/// A value with its checksum, as it is kept.
fn text(value: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    let text = serde_json::to_vec(value).context("what is to be kept cannot be written as JSON")?;
    Ok([sha256_of(&text).as_bytes(), b"\n", &text].concat())
}

#[cfg(test)]
mod tests {
    use std::{
        fmt,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        thread,
    };

    use fusebind::data::store::FileMark;
    use futures_util::stream::BoxStream;
    use object_store::{
        CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
        PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory, path::Path as Key,
    };

    use super::{
        super::plan::{Per, SCHEMA, Settings},
        *,
    };

    /// A store that breaks.
    #[derive(Debug)]
    struct Breaking {
        store: Arc<InMemory>,
        /// Files that it takes before it breaks.
        taken: AtomicU32,
        knows_conditions: bool,
    }

    impl fmt::Display for Breaking {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("breaking")
        }
    }

    #[async_trait::async_trait]
    impl ObjectStore for Breaking {
        async fn put_opts(&self, path: &Key, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
            let failed = |reason: &str| Error::Generic {
                store: "breaking",
                source: reason.to_string().into(),
            };
            if options.mode == PutMode::Create && !self.knows_conditions {
                let (operation, implementer) = (String::new(), String::new());
                return Err(Error::NotImplemented { operation, implementer });
            }
            let left = self
                .taken
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            left.map_err(|_| failed("the cable is cut"))?;
            self.store.put_opts(path, payload, options).await
        }
        async fn put_multipart_opts(
            &self,
            path: &Key,
            options: PutMultipartOptions,
        ) -> Result<Box<dyn MultipartUpload>> {
            self.store.put_multipart_opts(path, options).await
        }
        async fn get_opts(&self, path: &Key, options: GetOptions) -> Result<GetResult> {
            self.store.get_opts(path, options).await
        }
        fn delete_stream(&self, paths: BoxStream<'static, Result<Key>>) -> BoxStream<'static, Result<Key>> {
            self.store.delete_stream(paths)
        }
        fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
            self.store.list(prefix)
        }
        async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
            self.store.list_with_delimiter(prefix).await
        }
        async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> Result<()> {
            self.store.copy_opts(from, to, options).await
        }
    }

    /// A place of this store that breaks after `taken` files.
    fn breaking(store: &Arc<InMemory>, taken: u32, knows_conditions: bool) -> Work {
        let store = Breaking {
            store: store.clone(),
            taken: taken.into(),
            knows_conditions,
        };
        Work(Place::of("s3://bucket/here".into(), Box::new(store), Key::from("here")).unwrap())
    }

    fn plan(top: usize) -> Plan {
        Plan {
            schema: SCHEMA,
            version: "1".into(),
            model: FileMark {
                path: "run".into(),
                sha256: "0".into(),
            },
            library: Vec::new(),
            store: None,
            smiles: None,
            columns: Default::default(),
            targets: Vec::new(),
            off_targets: Vec::new(),
            alerts: None,
            settings: Settings {
                per: Per::Target,
                top,
                unit_rows: 1,
                property: Vec::new(),
                like: Vec::new(),
                least_similarity: 0.5,
                domain: None,
                diverse: None,
                without_encoders: false,
            },
        }
    }

    fn result(unit: u64, scored: u64) -> UnitResult {
        UnitResult {
            unit,
            scored,
            ..UnitResult::default()
        }
    }

    #[test]
    fn a_unit_is_committed_once_wherever_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Arc::new(InMemory::new());
        let at = folder.path().join("units");
        let places = || -> Vec<Work> {
            let local = Work::create(&at, &plan(1)).unwrap();
            vec![local, breaking(&memory, u32::MAX, true).of(&plan(1)).unwrap()]
        };
        // As two processes: each opens the place anew.
        for (first, second) in places().into_iter().zip(places()) {
            assert!(first.put(&result(3, 1)).unwrap());
            assert!(!second.put(&result(3, 2)).unwrap() && !first.put(&result(3, 3)).unwrap());
            assert_eq!(second.unit(3).unwrap(), result(3, 1), "the first stays");
            // Many at once: one of them commits.
            let new: u32 = thread::scope(|scope| {
                let works = [&first, &second].into_iter().cycle().take(8).zip(0..);
                let tasks: Vec<_> = works
                    .map(|(work, at)| scope.spawn(move || work.put(&result(5, at)).unwrap()))
                    .collect();
                tasks.into_iter().map(|task| u32::from(task.join().unwrap())).sum()
            });
            assert_eq!(new, 1);
            assert!(second.has(5).unwrap() && !second.has(4).unwrap());
            assert_eq!(first.units().unwrap(), [3, 5]);
            assert_eq!(first.end().unwrap(), None);
            first.put_end(End { rows: 9, units: 6 }).unwrap();
            second.put_end(End { rows: 9, units: 6 }).unwrap();
            assert_eq!(second.end().unwrap(), Some(End { rows: 9, units: 6 }));
            let refused = second.of(&plan(2)).unwrap_err().to_string();
            assert!(refused.contains("another screening: its settings are"), "{refused}");
        }
        assert!(Work::open(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_store_that_breaks_is_named_and_what_it_has_is_kept() {
        let memory = Arc::new(InMemory::new());
        // The plan and one unit.
        let work = breaking(&memory, 2, true).of(&plan(1)).unwrap();
        work.put(&result(0, 1)).unwrap();
        let broken = work.put(&result(1, 1)).unwrap_err().to_string();
        assert!(
            broken.contains("s3://bucket/here/unit-00000001.json cannot be written") && broken.contains("cable"),
            "{broken}"
        );
        assert!(work.put_end(End { rows: 2, units: 2 }).is_err());
        let again = breaking(&memory, 2, true).of(&plan(1)).unwrap();
        assert_eq!(again.units().unwrap(), [0]);
        assert!(!again.put(&result(0, 1)).unwrap() && again.put(&result(1, 1)).unwrap());
    }

    #[test]
    fn stores_without_conditions_and_foreign_places_are_told_apart() {
        let memory = Arc::new(InMemory::new());
        let work = breaking(&memory, u32::MAX, false).of(&plan(1)).unwrap();
        assert!(work.put(&result(0, 1)).unwrap());
        assert_eq!(work.units().unwrap(), [0]);
        // Something else lies under the prefix.
        let place = Place::of("s3://bucket".into(), Box::new(memory.clone()), Key::default()).unwrap();
        let refused = Work(place).of(&plan(1)).unwrap_err().to_string();
        assert!(refused.contains("s3://bucket: holds something else"), "{refused}");
    }
}
