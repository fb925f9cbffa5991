//! What the fuzzer has found so far, once more: each file of `fuzz/corpus` through the function that it was kept for.

use std::fs;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod targets;

#[test]
fn the_kept_corpus_of_each_fuzz_target_passes() {
    for (name, run) in targets::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut count = 0;
        for file in files {
            let path = file.expect("the folder can be read").path();
            // Printed where the test fails.
            println!("{}", path.display());
            run(&fs::read(&path).expect("the file can be read"));
            count += 1;
        }
        assert!(count > 0, "{} is empty", folder.display());
    }
}
