//! `ts/isolate/generated.ts` has the numbers of this crate that the facade uses, too.
//!
//! `GENERATE=1 cargo test -p isolated-workers-isolate --test generated` writes it; without the variable, the test fails if the
//! file is not current.

use std::fmt::Write as _;

use isolated_workers_isolate::boundary::{self, EndingKind, EventKind, LIMIT_NAMES};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ts/isolate/generated.ts");

#[test]
fn the_facade_has_the_numbers_of_this_crate() {
    let text = module();
    if std::env::var_os("GENERATE").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    let found = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(found == text, "{FILE} is not current: run `npm run generate`");
}

fn module() -> String {
    let mut out =
        "// Made by crates/isolate/tests/generated.rs from crates/isolate/src/boundary.rs: `npm run generate`.\n"
            .to_owned();
    enumeration(&mut out, "The kinds of events.", "Event", EventKind::MEMBERS);
    enumeration(&mut out, "How an isolate has ended: the first byte of `Event.Ended`.", "Ended", EndingKind::MEMBERS);
    let names = LIMIT_NAMES.map(|name| format!("'{name}'")).join(", ");
    constant(&mut out, "The limits, by number.", "limitNames", &format!("[{names}] as const"));
    constant(&mut out, "The bytes in front of an event.", "EVENT_HEAD", &boundary::HEAD.to_string());
    constant(&mut out, "An isolate has more to do.", "RUNNABLE", &boundary::RUNNABLE.to_string());
    constant(&mut out, "An isolate has ended.", "ENDED", &boundary::ENDED.to_string());
    out
}

fn enumeration(out: &mut String, about: &str, name: &str, members: &[(&str, u8)]) {
    let members: String = members.iter().map(|(member, number)| format!("\n  {member} = {number},")).collect();
    write!(out, "\n/** {about} */\nexport const enum {name} {{{members}\n}}\n").unwrap();
}

fn constant(out: &mut String, about: &str, name: &str, value: &str) {
    write!(out, "\n/** {about} */\nexport const {name} = {value};\n").unwrap();
}
