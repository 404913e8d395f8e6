//! Fuzzes `fusebind_fuzz::smiles`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fusebind_fuzz::run(fusebind_fuzz::smiles, data));
