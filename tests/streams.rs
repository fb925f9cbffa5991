//! What belongs to a transaction besides its request and its outcome, in both directions, over every codec.

mod pair;

use std::time::Duration;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::{CallId, Timeout};
use isolated_workers::protocol::flow::{UNIT, WINDOW};
use isolated_workers::protocol::message::Kind;
use isolated_workers::protocol::transaction_id::TransactionId;
use isolated_workers::protocol::transactions::Slot;
use pair::{NOW, append, call_of, config, connected, feed, none, pass, request};

const SECOND: Duration = Duration::from_secs(1);
const TERMINATORS: [Option<&str>; 3] = [Some("\n"), Some("→\0"), None];

/// Begins a transaction of this kind from one side to the other; gives its numbers on both.
fn open(from: &mut Connection, to: &mut Connection, name: &str, kind: Kind) -> (Slot, CallId) {
    let timeout = Timeout::PerCall(Some(SECOND));
    let slot = from.exchange.reserve(name, TransactionId::Uuid(77), timeout, kind, NOW).unwrap();
    from.exchange.submit(slot, name, append(b"1")).unwrap();
    let events = pass(from, to, 1000);
    assert!(matches!(events[..], [(Event::Request { kind: opened, .. }, _)] if opened == kind), "{events:?}");
    (slot, call_of(&events))
}

fn late(connection: &mut Connection, now: Duration) -> usize {
    let mut events = Vec::new();
    connection.expire(now, &mut events);
    events.len()
}

#[test]
fn a_worker_asks_its_host_and_is_answered() {
    for terminator in TERMINATORS {
        let (mut host, mut worker) = connected(terminator);
        let slot = request(&mut worker, "lookup", b"\"key\"", 3);
        let events = pass(&mut worker, &mut host, 3);
        let [(Event::Request { call, handler, .. }, Some(payload))] = &events[..] else { panic!("{events:?}") };
        assert_eq!((handler.as_ref().unwrap().0, &payload[..]), (0, &b"\"key\""[..]));
        host.exchange.respond(*call, append(b"7")).unwrap();
        let events = pass(&mut host, &mut worker, 3);
        assert!(matches!(events[..], [(Event::Result { slot: answered, .. }, _)] if answered == slot), "{events:?}");

        let slot = request(&mut worker, "missing", b"1", 4);
        let events = pass(&mut worker, &mut host, 9);
        let [(Event::Request { call, handler: Err(name), .. }, _)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(&**name, "missing");
        host.exchange.fail_with(*call, "{}");
        let events = pass(&mut host, &mut worker, 9);
        assert!(matches!(events[..], [(Event::RemoteError { slot: failed, .. }, _)] if failed == slot), "{events:?}");
    }
}

#[test]
fn both_sides_may_use_the_same_transaction_id() {
    let (mut host, mut worker) = connected(Some("\n"));
    request(&mut host, "echo", b"1", 5);
    request(&mut worker, "lookup", b"2", 5);
    let in_worker = call_of(&pass(&mut host, &mut worker, 1000));
    let in_host = call_of(&pass(&mut worker, &mut host, 1000));
    worker.exchange.respond(in_worker, append(b"10")).unwrap();
    host.exchange.respond(in_host, append(b"20")).unwrap();
    assert_eq!(pass(&mut worker, &mut host, 1000)[0].1.as_deref(), Some(&b"10"[..]));
    assert_eq!(pass(&mut host, &mut worker, 1000)[0].1.as_deref(), Some(&b"20"[..]));
}

#[test]
fn chunks_and_progress_come_before_the_outcome_in_either_direction() {
    for terminator in TERMINATORS {
        let (mut host, mut worker) = connected(terminator);
        let (slot, call) = open(&mut host, &mut worker, "echo", Kind::Stream);
        worker.exchange.progress(call, append(b"50")).unwrap();
        assert_eq!(worker.exchange.chunk(call, append(b"[1]")).unwrap(), 1);
        worker.exchange.respond(call, append(b"2")).unwrap();
        let events = pass(&mut worker, &mut host, 5);
        let seen: Vec<_> = events.iter().map(|(_, payload)| payload.as_deref().unwrap()).collect();
        assert_eq!(seen, [&b"50"[..], b"[1]", b"2"]);
        assert!(matches!(
            events[..],
            [(Event::Progress { .. }, _), (Event::Chunk { cost: 1, .. }, _), (Event::Result { .. }, _)]
        ));
        assert_eq!(host.exchange.transaction_id(slot), None);
        let (slot, call) = open(&mut worker, &mut host, "lookup", Kind::Duplex);
        worker.exchange.input(slot, append(b"8"), NOW).unwrap();
        worker.exchange.end_input(slot, Some("{\"name\":\"Error\",\"message\":\"source\"}"));
        let events = pass(&mut worker, &mut host, 5);
        assert!(matches!(events[..], [(Event::Input { cost: 1, .. }, _), (Event::InputEnd { .. }, Some(_))]));
        host.exchange.chunk(call, none()).unwrap();
        host.exchange.respond(call, none()).unwrap();
        let events = pass(&mut host, &mut worker, 5);
        assert!(matches!(events[..], [(Event::Chunk { payload: None, .. }, _), (Event::Result { .. }, _)]));
    }
}

#[test]
fn a_request_that_is_left_is_cancelled_and_its_answer_not_written() {
    for terminator in TERMINATORS {
        let (mut host, mut worker) = connected(terminator);
        let slot = request(&mut host, "echo", b"1", 5);
        let call = call_of(&pass(&mut host, &mut worker, 1000));
        assert!(host.exchange.abort(slot));
        assert!(!host.exchange.abort(slot));
        let events = pass(&mut host, &mut worker, 1000);
        assert!(matches!(events[..], [(Event::Cancel { call: cancelled }, _)] if cancelled == call), "{events:?}");
        assert_eq!(worker.exchange.calls(), 1, "its handler may still run");
        worker.exchange.progress(call, append(b"1")).unwrap();
        worker.exchange.respond(call, append(b"1")).unwrap();
        assert_eq!((worker.output(), worker.exchange.calls()), (&b""[..], 0));
    }
}

#[test]
fn a_request_that_is_late_is_cancelled_too() {
    let (mut host, mut worker) = connected(Some("\n"));
    let slot = host.exchange.request("echo", none(), Timeout::PerCall(Some(SECOND)), 5, NOW).unwrap();
    let call = call_of(&pass(&mut host, &mut worker, 1000));
    let mut events = Vec::new();
    host.expire(SECOND, &mut events);
    assert_eq!(events, [Event::TimedOut { slot, timeout: SECOND }]);
    assert!(matches!(pass(&mut host, &mut worker, 9)[..], [(Event::Cancel { call: late }, _)] if late == call));
}

#[test]
fn a_request_whose_message_was_not_written_is_not_cancelled() {
    let (mut host, _) = connected(Some("\n"));
    let id = TransactionId::Uuid(9);
    let slot = host.exchange.reserve("echo", id, Timeout::Configured, Kind::Stream, NOW).unwrap();
    assert!(host.exchange.abort(slot));
    assert_eq!(host.output(), b"");
}

#[test]
fn the_time_of_a_stream_begins_anew_with_each_chunk_and_stands_still_while_nobody_reads() {
    let (mut host, mut worker) = connected(Some("\n"));
    let (slot, call) = open(&mut host, &mut worker, "echo", Kind::Stream);
    // The chunk comes at the time `NOW`, as everything does here: what counts is that the credit comes later.
    host.exchange.credit(slot, 1, SECOND / 2);
    assert_eq!(late(&mut host, SECOND), 0);
    for _ in 0..WINDOW {
        worker.exchange.chunk(call, append(b"1")).unwrap();
    }
    let cost = worker.exchange.chunk(call, append(&[b'7'; UNIT])).unwrap();
    assert_eq!(pass(&mut worker, &mut host, 1 << 16).len(), WINDOW as usize + 1);
    assert_eq!(late(&mut host, SECOND * 100), 0, "the reader has not asked for more");
    host.exchange.credit(slot, cost, SECOND * 100);
    assert_eq!(late(&mut host, SECOND * 101 - Duration::from_nanos(1)), 0);
    assert_eq!(late(&mut host, SECOND * 101), 1);
}

#[test]
fn chunks_that_nobody_asked_for_end_their_request_alone() {
    let (mut host, mut worker) = connected(Some("\n"));
    let plain = request(&mut host, "load", b"1", 1);
    let call = call_of(&pass(&mut host, &mut worker, 1000));
    worker.exchange.chunk(call, append(b"1")).unwrap();
    let events = pass(&mut worker, &mut host, 1000);
    let [(Event::Refused { slot, code: "ERR_MALFORMED_MESSAGE", message }, _)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((*slot, message.as_str()), (plain, "a chunk of the worker cannot be taken: nobody asked for chunks"));
    assert!(matches!(pass(&mut host, &mut worker, 9)[..], [(Event::Cancel { .. }, _)]), "the worker may stop");

    let (slot, call) = open(&mut host, &mut worker, "echo", Kind::Stream);
    for _ in 0..=WINDOW {
        worker.exchange.chunk(call, append(b"1")).unwrap();
    }
    let events = pass(&mut worker, &mut host, 1 << 16);
    assert_eq!(events.len(), WINDOW as usize + 1);
    assert!(matches!(events.last(), Some((Event::Refused { slot: refused, .. }, _)) if *refused == slot), "{events:?}");
}

#[test]
fn input_that_nobody_asked_for_is_refused_and_never_reaches_the_handler() {
    let (mut host, mut worker) = connected(Some("\n"));
    let (slot, call) = open(&mut host, &mut worker, "echo", Kind::Upload);
    for _ in 0..=WINDOW {
        host.exchange.input(slot, append(b"1"), NOW).unwrap();
    }
    let events = pass(&mut host, &mut worker, 1 << 16);
    assert!(
        matches!(events.last(), Some((Event::InputRefused { call: refused, code: "ERR_MALFORMED_MESSAGE", .. }, _)) if *refused == call),
        "{events:?}"
    );
    worker.exchange.demand(call, 64);
    assert!(matches!(pass(&mut worker, &mut host, 9)[..], [(Event::Demand { units: 64, .. }, _)]));
    host.exchange.input(slot, append(b"1"), NOW).unwrap();
    assert!(matches!(pass(&mut host, &mut worker, 9)[..], [(Event::Input { .. }, _)]));
    let plain = request(&mut host, "load", b"1", 1);
    pass(&mut host, &mut worker, 1000);
    host.exchange.input(plain, append(b"1"), NOW).unwrap();
    assert!(matches!(pass(&mut host, &mut worker, 1000)[..], [(Event::InputRefused { .. }, _)]));
}

#[test]
fn units_that_are_no_number_end_their_transaction_and_what_belongs_to_none_is_passed_over() {
    let (mut host, mut worker) = connected(Some("\n"));
    let (slot, _) = open(&mut host, &mut worker, "echo", Kind::Duplex);
    let tx = host.exchange.transaction_id(slot).unwrap();
    let demand = format!("{{\"kind\":\"demand\",\"tx\":\"{tx}\",\"payload\":-1}}\n");
    assert!(matches!(feed(&mut host, demand.as_bytes(), 9)[..], [(Event::Refused { .. }, _)]));
    for kind in ["cancel", "credit", "input", "inputEnd"] {
        let stray = format!("{{\"kind\":\"{kind}\",\"tx\":\"stray\",\"payload\":1}}\n");
        assert_eq!(feed(&mut worker, stray.as_bytes(), 9), []);
    }
    for kind in ["progress", "chunk", "demand"] {
        let stray = format!("{{\"kind\":\"{kind}\",\"tx\":\"stray\",\"payload\":1}}\n");
        assert_eq!(feed(&mut host, stray.as_bytes(), 9), []);
    }
}

#[test]
fn oversized_chunks_fail_their_transaction_on_either_side() {
    let (mut host, mut worker) = connected(Some("\n"));
    let (slot, call) = open(&mut host, &mut worker, "echo", Kind::Duplex);
    let large = vec![b'7'; 1 << 17];
    let too_large = append(&large);
    assert_eq!(worker.exchange.chunk(call, too_large).unwrap_err().code(), "ERR_MESSAGE_TOO_LARGE");
    let tx = host.exchange.transaction_id(slot).unwrap();
    let frame =
        |kind| [format!("{{\"kind\":\"{kind}\",\"tx\":\"{tx}\",\"payload\":").into(), vec![b'7'; 1 << 17]].concat();
    let events = feed(&mut worker, &[frame("input"), b"}\n".to_vec()].concat(), 1 << 16);
    assert!(matches!(events[..], [(Event::InputRefused { code: "ERR_MESSAGE_TOO_LARGE", .. }, _)]), "{events:?}");
    let events = feed(&mut host, &[frame("chunk"), b"}\n".to_vec()].concat(), 1 << 16);
    assert!(matches!(events[..], [(Event::Refused { code: "ERR_MESSAGE_TOO_LARGE", .. }, _)]), "{events:?}");
    assert!(matches!(pass(&mut host, &mut worker, 9)[..], [(Event::Cancel { .. }, _)]));
}

#[test]
fn a_peer_that_knows_none_of_this_is_spared_it() {
    let mut host = Connection::host(&config(Some("\n")), None, [], NOW).unwrap();
    let early = host.exchange.reserve("tail", TransactionId::Uuid(1), Timeout::Configured, Kind::Stream, NOW).unwrap();
    let hello = b"{\"protocol\":1,\"kind\":\"hello\",\"serializer\":\"json\",\"terminator\":\"\\n\"}\n";
    let events = feed(&mut host, hello, 100);
    let [(Event::Ready, _), (Event::Refused { slot, code: "ERR_UNSUPPORTED_BY_PEER", message }, _)] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*slot, early);
    assert!(message.starts_with("cannot send \"tail\": the worker does not understand streams."), "{message}");
    let id = TransactionId::Uuid(2);
    let error = host.exchange.reserve("tail", id, Timeout::Configured, Kind::Upload, NOW).unwrap_err();
    assert_eq!(error.code(), "ERR_UNSUPPORTED_BY_PEER");
    let slot = request(&mut host, "echo", b"1", 3);
    let written = host.output().len();
    host.exchange.abort(slot);
    assert_eq!(host.output().len(), written, "no cancel");

    let mut worker = Connection::worker();
    worker.serve(&config(Some("\n")), ["echo"], NOW, &mut Vec::new()).unwrap();
    assert!(matches!(feed(&mut worker, hello, 100)[..], [(Event::Ready, None)]));
    let error = worker.exchange.request("lookup", none(), Timeout::Configured, 2, NOW).unwrap_err();
    assert!(error.to_string().contains("the host does not understand requests of its worker"), "{error}");
}

#[test]
fn a_second_request_with_an_id_in_flight_is_dropped() {
    let (_, mut worker) = connected(Some("\n"));
    let frame = b"{\"type\":\"echo\",\"tx\":\"a\",\"payload\":1}\n";
    assert!(matches!(feed(&mut worker, frame, 100)[..], [(Event::Request { .. }, _)]));
    let events = feed(&mut worker, frame, 100);
    assert!(matches!(events[..], [(Event::Dropped { .. }, _)]), "{events:?}");
    assert_eq!(worker.exchange.calls(), 1);
}
