//! Fuzzes `fusebind_fuzz::sdf`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fusebind_fuzz::run(fusebind_fuzz::sdf, data));
