//! Fuzzes `fusebind_fuzz::side`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fusebind_fuzz::run(fusebind_fuzz::side, data));
