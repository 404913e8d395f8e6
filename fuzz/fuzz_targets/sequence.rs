//! Fuzzes `fusebind_fuzz::sequence`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fusebind_fuzz::run(fusebind_fuzz::sequence, data));
