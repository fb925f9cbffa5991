//! The messages that the library sends on its own account: questions about cancelled requests, and what a detached worker
//! tells its host.

mod pair;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::{CallId, Timeout};
use isolated_workers::protocol::transaction_id::TransactionId;
use isolated_workers::protocol::transactions::Slot;
use pair::{NOW, append, call_of, config, connected, feed, none, pass, request};

const TERMINATORS: [Option<&str>; 3] = [Some("\n"), Some("→\0"), None];

/// Sends a request and cancels it; gives its id, and its number on the other side.
fn cancelled(from: &mut Connection, to: &mut Connection, name: &str, random: u128) -> (String, CallId) {
    let slot = request(from, name, b"1", random);
    let id = from.exchange.transaction_id(slot).unwrap();
    let call = call_of(&pass(from, to, 1000));
    assert!(from.exchange.abort(slot));
    assert!(matches!(pass(from, to, 1000)[..], [(Event::Cancel { .. }, _)]));
    (id, call)
}

/// Asks whether a request has ended; gives the slot of the question, and its number on the other side.
fn ask(from: &mut Connection, to: &mut Connection, id: &str, random: u128) -> (Slot, CallId) {
    let slot = from.exchange.ask_ended(id, random, NOW).unwrap();
    let events = pass(from, to, 5);
    let [(Event::Ended { call, id: asked }, None)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(asked, id);
    (slot, *call)
}

fn ask_and_answer(from: &mut Connection, to: &mut Connection, name: &str) {
    let (id, call) = cancelled(from, to, name, 7);
    let (slot, question) = ask(from, to, &id, 8);
    assert_eq!(from.next_deadline(), None, "a question has no timeout");
    to.exchange.respond(call, append(b"1")).unwrap();
    to.exchange.respond(question, none()).unwrap();
    let events = pass(to, from, 5);
    assert!(matches!(events[..], [(Event::Result { slot: answered, .. }, None)] if answered == slot), "{events:?}");
    assert_eq!((from.exchange.in_flight(), to.exchange.calls()), (0, 0));
}

#[test]
fn either_side_asks_whether_a_cancelled_request_has_ended_and_is_answered() {
    for terminator in TERMINATORS {
        let (mut host, mut worker) = connected(terminator);
        ask_and_answer(&mut host, &mut worker, "echo");
        ask_and_answer(&mut worker, &mut host, "lookup");
    }
}

#[test]
fn an_id_with_every_kind_of_character_arrives_as_it_is() {
    for terminator in TERMINATORS {
        let (mut host, mut worker) = connected(terminator);
        ask(&mut host, &mut worker, "a \"b\"\\\u{1} ü→", 1);
    }
}

#[test]
fn the_context_of_other_messages_does_not_travel_with_a_question() {
    let (mut host, mut worker) = connected(Some("\n"));
    host.exchange.set_context(Some("{\"trace\":\"1\"}".to_owned()));
    ask(&mut host, &mut worker, "a", 1);
}

#[test]
fn a_question_without_an_id_fails_alone() {
    for payload in ["", ",\"payload\":7", ",\"payload\":[]", ",\"payload\":\"a"] {
        let (mut host, mut worker) = connected(Some("\n"));
        let slot = host.exchange.ask_ended("a", 9, NOW).unwrap();
        let tx = host.exchange.transaction_id(slot).unwrap();
        host.written(host.output().len());
        let frame = format!("{{\"kind\":\"ended\",\"tx\":\"{tx}\"{payload}}}\n");
        assert_eq!(feed(&mut worker, frame.as_bytes(), 1000), []);
        let events = pass(&mut worker, &mut host, 1000);
        let [(Event::RemoteError { slot: failed, .. }, Some(error))] = &events[..] else { panic!("{events:?}") };
        assert_eq!(*failed, slot);
        let error = String::from_utf8_lossy(error);
        assert!(error.contains("ERR_MALFORMED_MESSAGE"), "{error}");
    }
}

#[test]
fn questions_need_grants_as_requests_do() {
    let (mut host, mut worker) = connected(Some("\n"));
    let mut sent = 0;
    while host.exchange.has_grant() {
        host.exchange.ask_ended("a", sent, NOW).unwrap();
        sent += 1;
    }
    host.exchange.ask_ended("a", sent, NOW).unwrap();
    assert!(host.exchange.held_bytes() > 0, "the last question waits");
    assert_eq!(pass(&mut host, &mut worker, 1 << 20).len() as u128, sent);
}

#[test]
fn a_kept_result_and_a_take_over_reach_the_host() {
    for terminator in TERMINATORS {
        let (mut host, mut worker) = connected(terminator);
        assert!(worker.exchange.accepts_kept_results());
        worker.exchange.send_kept_result(append(b"{\"type\":\"echo\"}")).unwrap();
        worker.exchange.send_taken_over();
        let events = pass(&mut worker, &mut host, 5);
        let [(Event::KeptResult { .. }, Some(payload)), (Event::TakenOver, None)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(payload, b"{\"type\":\"echo\"}");
    }
}

#[test]
fn a_kept_result_over_the_limit_is_refused_and_nothing_is_written() {
    let (_, mut worker) = connected(Some("\n"));
    let error = worker.exchange.send_kept_result(append(&[b'7'; 1 << 17])).unwrap_err();
    assert_eq!((error.code(), worker.output().len()), ("ERR_MESSAGE_TOO_LARGE", 0));
}

#[test]
fn a_host_sends_neither() {
    for kind in ["keptResult", "takenOver"] {
        let (_, mut worker) = connected(Some("\n"));
        let events = feed(&mut worker, format!("{{\"kind\":\"{kind}\",\"payload\":1}}\n").as_bytes(), 1000);
        let [(Event::Dropped { reason }, None)] = &events[..] else { panic!("{events:?}") };
        assert!(reason.contains("has no place here"), "{reason}");
    }
}

#[test]
fn a_peer_that_does_not_know_these_kinds_is_sent_none() {
    let hello = b"{\"protocol\":1,\"kind\":\"hello\",\"serializer\":\"json\",\"terminator\":\"\\n\",\
        \"extensions\":[\"cancel\",\"calls\"]}\n";
    let mut host = Connection::host(&config(Some("\n")), None, [], NOW).unwrap();
    let early = host.exchange.ask_ended("a", 1, NOW).unwrap();
    let events = feed(&mut host, hello, 100);
    let [(Event::Ready, _), (Event::Refused { slot, code: "ERR_UNSUPPORTED_BY_PEER", message }, _)] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*slot, early);
    assert!(message.contains("the worker does not understand questions about cancelled requests"), "{message}");
    assert_eq!(host.exchange.ask_ended("a", 2, NOW).unwrap_err().code(), "ERR_UNSUPPORTED_BY_PEER");
    assert_eq!(host.exchange.in_flight(), 0);

    let mut worker = Connection::worker();
    worker.serve(&config(Some("\n")), ["echo"], NOW, &mut Vec::new()).unwrap();
    assert!(matches!(feed(&mut worker, hello, 100)[..], [(Event::Ready, None)]));
    assert!(!worker.exchange.accepts_kept_results());
    let written = worker.output().len();
    worker.exchange.send_taken_over();
    assert_eq!(worker.output().len(), written);
}

#[test]
fn a_type_of_the_user_may_have_any_name() {
    let (mut host, mut worker) = connected(Some("\n"));
    let id = TransactionId::Uuid(5);
    let kind = isolated_workers::protocol::message::Kind::Request;
    let slot = host.exchange.reserve("isolated-workers:ended", id, Timeout::Configured, kind, NOW).unwrap();
    host.exchange.submit(slot, "isolated-workers:ended", append(b"1")).unwrap();
    let events = pass(&mut host, &mut worker, 1000);
    assert!(matches!(events[..], [(Event::Request { .. }, _)]), "{events:?}");
}
