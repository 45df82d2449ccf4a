//! No bytes make the decoder panic, and nothing that a body holds is without an item.

#![no_main]

#[path = "../../tests/it/bad_input/coverage.rs"]
mod coverage;

use libfuzzer_sys::fuzz_target;
use pesan::meta::decode::decode;

fuzz_target!(|body: &[u8]| {
    let items = decode(body);
    let faults = coverage::faults(body, &items);
    assert!(faults.is_empty(), "{faults:#?}");
});
