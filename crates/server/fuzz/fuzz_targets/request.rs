//! Heads and bodies of requests, through routing and the reading of signatures.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| muster_server_lib::fuzz::request(data));
