#![no_main]

mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::unseal_authentic(data));
