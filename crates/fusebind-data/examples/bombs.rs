//! Small files that ask a reader for much memory, for `cargo xtask hardening`: `bombs FOLDER` writes them.

#![allow(clippy::unwrap_used)] // a program that cannot write its files should stop

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray},
    datatypes::Int32Type,
};
use flate2::{Compression, write::GzEncoder};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression as Codec, ZstdLevel},
    file::properties::WriterProperties,
};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("usage: bombs FOLDER"));
    fs::create_dir_all(folder.join("side")).unwrap();

    // A dictionary of one text of a mebibyte, named 240,000 times.
    let text = "C".repeat(1 << 20);
    let values: ArrayRef = Arc::new(StringArray::from(vec![text.as_str()]));
    let keys = Int32Array::from(vec![0; 240_000]);
    let column: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values).unwrap());
    let batch = RecordBatch::try_from_iter([("smiles", column)]).unwrap();
    parquet(&folder.join("dictionary.parquet"), &batch, 1);

    let column: ArrayRef = Arc::new(Int32Array::new_null(1_000_000));
    let batch = RecordBatch::try_from_iter([("id", column)]).unwrap();
    parquet(&folder.join("nulls.parquet"), &batch, 100);

    // A footer with a thousand lists of truth values under a number that no field has, each of which claims 2^31 - 1 of them and has no bytes.
    let mut footer = [0x09, 0xC8, 0x01, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07].repeat(1000);
    footer.push(0);
    let length = (footer.len() as u32).to_le_bytes();
    let lists = [b"PAR1", &footer[..], &length, b"PAR1"].concat();
    fs::write(folder.join("lists.parquet"), lists).unwrap();

    overlapping(&folder.join("side/embedding_sequence_esm2.safetensors"));

    let file = fs::File::create(folder.join("zeros.csv.gz")).unwrap();
    let mut packed = GzEncoder::new(file, Compression::best());
    packed.write_all(b"smiles,sequence\n").unwrap();
    let zeros = vec![b'0'; 1 << 20];
    (0..8 * 1024).for_each(|_| packed.write_all(&zeros).unwrap());
    packed.finish().unwrap();
}

fn parquet(path: &Path, batch: &RecordBatch, times: usize) {
    let properties = WriterProperties::builder()
        .set_compression(Codec::ZSTD(ZstdLevel::default()))
        .set_dictionary_page_size_limit(1 << 30)
        .build();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    (0..times).for_each(|_| writer.write(batch).unwrap());
    writer.close().unwrap();
}

/// Two thousand tensors that are all the same four mebibytes.
fn overlapping(path: &Path) {
    const FLOATS: usize = 1 << 20;
    let tensor = |at: usize| {
        format!(
            "\"T{at}\":{{\"dtype\":\"F32\",\"shape\":[{FLOATS}],\"data_offsets\":[0,{}]}}",
            4 * FLOATS
        )
    };
    let header = format!("{{{}}}", (0..2000).map(tensor).collect::<Vec<_>>().join(","));
    let mut file = fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.write_all(&vec![0; 4 * FLOATS]).unwrap();
}
