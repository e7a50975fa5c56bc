#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| modulatio_fuzz::targets::document(bytes));
