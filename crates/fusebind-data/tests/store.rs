//! A stored library is the same bytes whoever builds it: its folder is a format that other versions read.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::{fs, path::Path};

use fusebind_data::store::{Build, BuildOptions, ModelMark, ReadAs, StoredLibrary, StoredRows, sha256_of};
use fusebind_features::{
    coded::{CodedLibrary, Coder},
    entity::molecule::{Molecule, Property, Standardise},
};

/// Codes a molecule by its numbers of atoms and bonds.
#[derive(Default)]
struct Counts(bool);

impl Coder for Counts {
    fn standardise(&self) -> Standardise {
        Standardise::Parent
    }

    fn fit(&mut self, molecules: &[&Molecule]) -> Result<Vec<u8>, String> {
        self.0 = true;
        Ok(format!("counts of {}", molecules.len()).into_bytes())
    }

    fn resume(&mut self, fitted: &[u8]) -> bool {
        self.0 = fitted.starts_with(b"counts");
        self.0
    }

    fn channels(&self) -> usize {
        if self.0 { 4 } else { 0 }
    }

    fn codes(&self, molecules: &[&Molecule]) -> Vec<i8> {
        let of = |molecule: &&Molecule| {
            [
                molecule.graph.atoms.len() as i8,
                molecule.graph.bonds.len() as i8,
                0,
                -1,
            ]
        };
        molecules.iter().flat_map(of).collect()
    }
}

const ROWS: &str = "OCC a\nCCN b\nC(C c\nCCO d\nc1ccccc1 e\n";

fn build(here: &Path, folder: &str) -> StoredLibrary {
    let (files, folder) = ([here.join("rows.smi")], here.join(folder));
    let options = BuildOptions {
        distinct: true,
        part_rows: 2,
        columns: ReadAs {
            standardise: Some(Standardise::Parent),
            ..ReadAs::default()
        },
        ..BuildOptions::default()
    };
    let model = ModelMark {
        sha256: "m".into(),
        recipe: "small".into(),
        data_fingerprint: "d".into(),
        feature_schema: 4,
        seed: 7,
    };
    let lock = StoredLibrary::reserve(&folder, false).unwrap();
    let mut build = Build::begin((&folder, lock), &files, options, (model, Path::new("run"))).unwrap();
    build.run(&mut Counts::default(), &|_| (), &mut |_, _| ()).unwrap();
    assert_eq!(build.rejections().unwrap().len(), 1);
    build.complete().unwrap()
}

#[test]
fn the_folder_of_a_library_is_the_one_that_is_documented() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("rows.smi"), ROWS).unwrap();
    let library = build(here.path(), "first");
    let mut names: Vec<String> = fs::read_dir(&library.folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lock")
        .collect();
    names.sort();
    let parts = [
        "part-000000.parquet",
        "part-000001.rejected.json",
        "part-000002.parquet",
    ];
    assert_eq!(names, [&["manifest.json"], &parts[..], &["sketch.json"]].concat());
    assert_eq!(fs::read_to_string(library.path("sketch.json")).unwrap(), "counts of 2");
    let text = fs::read_to_string(library.path("manifest.json")).unwrap();
    let shown = |name: &str| sha256_of(&fs::read(library.path(name)).unwrap());
    let size = |name: &str| fs::metadata(library.path(name)).unwrap().len();
    let part = |file: &str, sha256: &str, bytes: u64, counts: [u64; 4]| {
        let [read, kept, rejected, duplicates] = counts;
        format!(
            "    {{\n      \"file\": {file},\n      \"sha256\": \"{sha256}\",\n      \"bytes\": {bytes},\n      \"batch\": 0,\n      \"read\": {read},\n      \
             \"kept\": {kept},\n      \"rejected\": {rejected},\n      \"duplicates\": {duplicates}\n    }}"
        )
    };
    let of = |name: &str, counts| part(&format!("\"{name}\""), &shown(name), size(name), counts);
    let expected = format!(
        "{{\n  \"schema\": 1,\n  \"version\": \"{}\",\n  \"model\": {{\n    \"sha256\": \"m\",\n    \"recipe\": \"small\",\n    \
         \"data_fingerprint\": \"d\",\n    \"feature_schema\": 4,\n    \"seed\": 7\n  }},\n  \"columns\": {{\n    \"standardise\": \"parent\"\n  }},\n  \
         \"distinct\": true,\n  \"part_rows\": 2,\n  \"channels\": 4,\n  \"sketch\": \"{}\",\n  \"inputs\": [\n    {{\n      \"path\": {},\n      \
         \"sha256\": \"{}\",\n      \"batch\": 0\n    }}\n  ],\n  \"parts\": [\n{},\n{},\n{}\n  ],\n  \"complete\": true\n}}\n",
        env!("CARGO_PKG_VERSION"),
        shown("sketch.json"),
        serde_json::to_string(&here.path().join("rows.smi")).unwrap(),
        sha256_of(ROWS.as_bytes()),
        of(parts[0], [2, 2, 0, 0]),
        part("null", "", 0, [2, 0, 1, 1]),
        of(parts[2], [1, 1, 0, 0]),
    );
    assert_eq!(text, expected);
    // The same again, also in another folder: a part holds no time and no name of its folder.
    assert_eq!(
        shown(parts[0]),
        sha256_of(&fs::read(build(here.path(), "second").path(parts[0])).unwrap())
    );
}

#[test]
fn rows_and_codes_come_back_part_by_part() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("rows.smi"), ROWS).unwrap();
    let library = build(here.path(), "library");
    assert_eq!((library.parts(), library.channels()), (3, 4));
    let first = library.coded(0, true).unwrap();
    assert_eq!(
        (first.places, first.codes),
        (vec![0, 1], vec![3, 2, 0, -1, 3, 2, 0, -1])
    );
    assert_eq!(first.properties.len(), 2 * Property::ALL.len());
    // A part without rows is none, and no error.
    assert_eq!(library.coded(1, true).unwrap().places.len(), 0);
    let last = library.sampled(2, &[4]).unwrap();
    assert_eq!(
        (last.codes, last.smiles),
        (vec![6, 6, 0, -1], vec!["c1ccccc1".to_string()])
    );
    let places =
        |rows: &mut StoredRows<'_>| -> Vec<u64> { rows.take(9).unwrap().iter().map(|row| row.place).collect() };
    assert_eq!(places(&mut StoredRows::all(&library)), [0, 1, 4]);
    assert_eq!(places(&mut StoredRows::at(&library, vec![1, 4])), [1, 4]);
    let part = library.path("part-000002.parquet");
    let mut bytes = fs::read(&part).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&part, bytes).unwrap();
    for error in [library.coded(2, false).unwrap_err(), library.verify(2).unwrap_err()] {
        assert!(error.to_string().contains("part-000002.parquet: is damaged"), "{error}");
    }
}
