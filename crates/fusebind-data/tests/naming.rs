//! Texts that name what they are paired with are noticed, and the stricter column is named.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::fs;

use fusebind_data::{
    modality::{Naming, Side, load_modalities},
    source::{LoadConfig, load_dataset},
};
use fusebind_features::entity::molecule::ChematicToolkit;

fn naming(texts: &str, fields: &[&str]) -> Vec<Naming> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("pairs.csv"),
        "drug_id,smiles,target_id,sequence,label\nd1,CCO,EGFR,MKTAYIAKQRQISFVKSHFSRQ,1\nd2,CCN,KIT,MSTNPKPQRKTKRNTNRRPQDV,1\n",
    )
    .unwrap();
    let (dataset, _) = load_dataset(&dir.path().join("pairs.csv"), &ChematicToolkit, &LoadConfig::default()).unwrap();
    let side = tempfile::tempdir().unwrap();
    fs::write(side.path().join("text_drug.csv"), texts).unwrap();
    let (tables, _) = load_modalities(side.path(), &dataset).unwrap();
    let fields: Vec<String> = fields.iter().map(|field| field.to_string()).collect();
    tables.naming(Side::Drug, &fields, &dataset)
}

#[test]
fn a_text_that_names_targets_is_noticed_and_the_stricter_column_is_named() {
    let texts = "drug_id,text,text_strict\nd1,An inhibitor of EGFR.,An acid.\nd2,Kits are sold.,A base.\n";
    let found = naming(texts, &[]);
    assert_eq!((found.len(), found[0].pairs, found[0].of_pairs), (1, 1, 2), "{found:?}");
    let sentence = found[0].to_string();
    assert!(
        sentence.contains("50.0 %") && sentence.contains("drug_text = [\"text_strict\"]"),
        "{sentence}"
    );
    assert!(
        naming(texts, &["text_strict"]).is_empty(),
        "the strict column was chosen"
    );
    let only = naming("drug_id,text\nd1,inhibits EGFR\nd2,none\n", &[]);
    assert!(only[0].to_string().contains("flatter"), "{only:?}");
    assert!(naming("drug_id,text\nd1,an acid\nd2,a base\n", &[]).is_empty());
}
