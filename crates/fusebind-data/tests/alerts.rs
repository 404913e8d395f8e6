//! Tables of structural alerts are read with and without a header, and bad rows are named.

use fusebind_data::{
    Error,
    source::{NamedSmarts, load_alerts},
    table::Rejection,
};

fn read(name: &str, text: &str) -> Result<(Vec<NamedSmarts>, Vec<Rejection>), Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    load_alerts(&path)
}

fn pairs(found: &[NamedSmarts]) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|alert| (alert.name.as_str(), alert.smarts.as_str()))
        .collect()
}

#[test]
fn tables_with_and_without_a_header_are_read() {
    let text = "name,SMARTS\nnitro,[N+](=O)[O-]\n,\"[#6,#7]=[#16]\"\nbad,[#6\nempty,\n";
    let (found, rejected) = read("own.csv", text).expect("is a table");
    assert_eq!(
        pairs(&found),
        [("nitro", "[N+](=O)[O-]"), ("[#6,#7]=[#16]", "[#6,#7]=[#16]")]
    );
    assert_eq!(rejected.iter().map(|row| row.row).collect::<Vec<_>>(), [3, 4]);
    let text = "\"[#6,#7]=[#16]\",\"<regId=thio(3)>\"\n\"[#6]-[#7](-[#1])-[#1]\", <regId=amine(2)>\"\n";
    let (found, rejected) = read("rdkit.csv", text).expect("is a table");
    assert_eq!(
        pairs(&found),
        [("thio(3)", "[#6,#7]=[#16]"), ("amine(2)", "[#6]-[#7](-[#1])-[#1]")]
    );
    assert!(rejected.is_empty());
}

#[test]
fn tables_without_patterns_are_refused() {
    for text in ["name,smiles\na,CC\n", "name,smarts\na,[#6\n", "id\n1\n"] {
        let error = read("wrong.csv", text).expect_err("holds no pattern");
        assert!(!error.remedy().is_empty(), "{error}");
    }
}
