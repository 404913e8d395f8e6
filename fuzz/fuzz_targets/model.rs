//! Fuzzes `fusebind_fuzz::model`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fusebind_fuzz::run(fusebind_fuzz::model, data));
