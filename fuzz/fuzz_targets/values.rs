#![no_main]

use libfuzzer_sys::fuzz_target;

// Not of the library beside it: the tests of the main package, which use that, know no engine.
#[path = "../src/values.rs"]
mod values;

fuzz_target!(|data: &[u8]| values::values(data));
