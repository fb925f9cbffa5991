//! `ts/protocol/generated.ts` and `native-code.ts` have the numbers, names and codes of this crate that the facade uses too.
//!
//! `GENERATE=1 cargo test --no-default-features --test generated` writes them; without the variable, the test fails if
//! one is not current.

use std::fmt::Write as _;

use isolated_workers::boundary::{self, Control, PulseState, RecordKind, RefMode, ValueKind, WaitOutcome};
use isolated_workers::error::code;
use isolated_workers::protocol::grants::Amount;
use isolated_workers::protocol::multipart::Content;
use isolated_workers::protocol::{flow, handshake, message, multipart, timeouts, transaction_id};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ts/protocol/generated.ts");
/// Without values, so that a test of the package may import it.
const CODES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ts/protocol/native-code.ts");
const HEADLINE: &str = "// Made by tests/generated.rs from the Rust sources named below: `npm run generate`.\n";

#[test]
fn the_facade_has_the_numbers_of_this_crate() {
    check(FILE, &module());
}

#[test]
fn the_facade_has_the_codes_of_this_crate() {
    let codes: String = code::ALL.iter().map(|code| format!("\n  | '{code}'")).collect();
    let about = "The codes of the errors of the addon: src/error/code.rs.";
    check(CODES, &format!("{HEADLINE}\n/** {about} */\nexport type NativeCode ={codes};\n"));
}

fn check(file: &str, text: &str) {
    if std::env::var_os("GENERATE").is_some() {
        std::fs::write(file, text).unwrap();
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    assert!(found == text, "{file} is not current: run `npm run generate`");
}

#[test]
fn kinds_of_values_have_numbers_of_their_own() {
    for (name, number) in ValueKind::MEMBERS {
        let taken = u8::try_from(*number).ok().and_then(message::Kind::from_byte);
        assert_eq!(taken, None, "{name} has the number of another kind");
    }
}

#[test]
fn records_of_one_number_are_of_one_kind() {
    let mut numbers: Vec<_> = RecordKind::MEMBERS.iter().map(|(_, number)| number).collect();
    numbers.dedup();
    assert!(numbers.is_sorted());
    assert_eq!(numbers.len(), RecordKind::MEMBERS.len());
}

#[test]
fn a_number_is_found_by_the_member_that_has_it() {
    for (name, number) in RecordKind::MEMBERS {
        let member = RecordKind::from_number(*number).map(|member| format!("{member:?}"));
        assert_eq!(member.as_deref(), Some(*name));
    }
    assert_eq!(RecordKind::from_number(message::Kind::Grant as i32), None);
}

fn module() -> String {
    let mut out = HEADLINE.to_owned();
    let kinds = message::NAMES.iter().map(|(kind, name)| (capitalised(name), *kind as i32));
    let kinds = kinds.chain(ValueKind::MEMBERS.iter().map(|(name, number)| ((*name).to_owned(), *number)));
    enumeration(
        &mut out,
        "The kinds of messages: src/protocol/message.rs and `ValueKind` of src/boundary.rs.",
        "Kind",
        kinds,
    );
    let names = message::NAMES.iter().map(|(kind, name)| (*kind as i32, (*name).to_owned()));
    let names = names
        .chain([(ValueKind::Hello as i32, "hello".to_owned())])
        .map(|(number, name)| format!("\n  [{number}, '{name}'],"));
    constant(
        &mut out,
        "The names of the kinds, by number.",
        "KIND_NAMES",
        &format!("new Map<Kind, string>([{}\n])", names.collect::<String>()),
    );
    let extensions = handshake::EXTENSIONS.map(|name| format!("\n  {} = '{name}',", capitalised(name)));
    let members = extensions.concat();
    write!(
        out,
        "\n/** The names of extensions: src/protocol/handshake.rs. */\nexport const enum Extension {{{members}\n}}\n"
    )
    .unwrap();
    for (about, name, members) in [
        ("The kinds of records in a batch", "RecordKind", RecordKind::MEMBERS),
        ("The kinds of rare events", "Control", Control::MEMBERS),
        ("How a request has ended for which a thread was blocked", "WaitOutcome", WaitOutcome::MEMBERS),
        ("When a connection keeps the event loop alive", "RefMode", RefMode::MEMBERS),
        ("The state of a worker", "PulseState", PulseState::MEMBERS),
    ] {
        let members = members.iter().map(|(name, number)| ((*name).to_owned(), *number));
        enumeration(&mut out, &format!("{about}: src/boundary.rs."), name, members);
    }
    let contents = [("Bytes", Content::Bytes), ("Latin1", Content::Latin1), ("Utf16", Content::Utf16)];
    let contents = contents.map(|(name, content)| (name.to_owned(), content as i32)).into_iter();
    enumeration(&mut out, "The kinds of segments: src/protocol/multipart.rs.", "SegmentKind", contents);
    for (about, name, value) in constants() {
        constant(&mut out, about, name, &value);
    }
    out
}

fn constants() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("The version of the protocol.", "PROTOCOL", handshake::PROTOCOL.to_string()),
        ("The most bytes of a message type.", "TYPE_NAME_LIMIT", message::TYPE_NAME_LIMIT.to_string()),
        ("The most bytes of a transaction id.", "TRANSACTION_ID_LIMIT", transaction_id::MAX_CUSTOM_LENGTH.to_string()),
        ("The initial units of each direction of a stream.", "STREAM_WINDOW", flow::WINDOW.to_string()),
        ("A chunk costs one more unit for each of this many bytes.", "STREAM_UNIT", flow::UNIT.to_string()),
        (
            "The messages that a side may send before the first grant.",
            "GRANT_WINDOW",
            Amount::WINDOW.messages.to_string(),
        ),
        (
            "The default of `timeout.startup`, in milliseconds.",
            "STARTUP_TIMEOUT",
            timeouts::STARTUP.as_millis().to_string(),
        ),
        (
            "The default of `timeout.serverConnect`, in milliseconds.",
            "SERVER_CONNECT_TIMEOUT",
            timeouts::SERVER_CONNECT.as_millis().to_string(),
        ),
        (
            "The default of `timeout.message`, in milliseconds.",
            "MESSAGE_TIMEOUT",
            timeouts::MESSAGE.as_millis().to_string(),
        ),
        ("The first byte of a payload of segments.", "SEGMENTS_MARK", multipart::MARK.to_string()),
        ("The bytes in front of the table of segments.", "SEGMENTS_HEAD", multipart::HEAD.to_string()),
        ("The bytes of an entry of that table.", "SEGMENTS_ENTRY", multipart::ENTRY.to_string()),
        ("Integers in front of the records in shared memory.", "HEAD", boundary::HEAD.to_string()),
        ("The integer that is set when Node has delivered messages.", "READY_HINT", boundary::READY_HINT.to_string()),
        ("The integer that is set when a recent batch has taken long.", "SLOW_HINT", boundary::SLOW_HINT.to_string()),
        ("Integers of a record: kind, two numbers, length of the payload.", "RECORD", boundary::RECORD.to_string()),
        ("In place of a length: there is no payload.", "NO_PAYLOAD", boundary::NO_PAYLOAD.to_string()),
        ("From this number the length of segments is subtracted.", "SEGMENTS", boundary::SEGMENTS.to_string()),
        ("In place of a timeout: the configured one.", "CONFIGURED", boundary::CONFIGURED.to_string()),
        ("In place of a slot: nothing was sent.", "NO_CAPACITY", boundary::NO_CAPACITY.to_string()),
        ("In place of a ticket: there is none.", "NO_TICKET", boundary::NO_TICKET.to_string()),
        ("The slot of a ticket is its remainder by this.", "TICKET_SLOTS", boundary::TICKET_SLOTS.to_string()),
        ("The most tickets of one call.", "TICKETS", boundary::TICKETS.to_string()),
        ("The digits of a request's number at the end of its id.", "ID_DIGITS", boundary::ID_DIGITS.to_string()),
        ("Added to the number of a worker's request.", "WORKER_NUMBERS", boundary::WORKER_NUMBERS.to_string()),
    ]
}

fn enumeration(out: &mut String, about: &str, name: &str, members: impl Iterator<Item = (String, i32)>) {
    let members: String = members.map(|(member, number)| format!("\n  {member} = {number},")).collect();
    write!(out, "\n/** {about} */\nexport const enum {name} {{{members}\n}}\n").unwrap();
}

fn constant(out: &mut String, about: &str, name: &str, value: &str) {
    write!(out, "\n/** {about} */\nexport const {name} = {value};\n").unwrap();
}

fn capitalised(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}
