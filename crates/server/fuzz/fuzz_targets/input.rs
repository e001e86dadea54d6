//! Bodies of every operation, through codec and constraints.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| muster_server_lib::fuzz::input(data));
