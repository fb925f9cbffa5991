//! Two connections talking through memory: the whole exchange without I/O, clock or Node.

mod pair;

use std::time::Duration;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::Timeout;
use isolated_workers::protocol::transactions::Slot;
use pair::{NOW, append, call_of, config, connected, feed, none, pass, request};
use proptest::prelude::*;

#[test]
fn a_request_reaches_its_handler_and_its_result_comes_back() {
    for terminator in [Some("\n"), Some("→\0"), None] {
        let (mut host, mut worker) = connected(terminator);
        let slot = request(&mut host, "load", b"{\"a\":1}", 5);
        let events = pass(&mut host, &mut worker, 3);
        let (Event::Request { handler, .. }, Some(payload)) = &events[0] else { panic!("{events:?}") };
        assert_eq!((handler.as_ref().unwrap().0, &payload[..]), (1, &b"{\"a\":1}"[..]));
        worker.exchange.respond(call_of(&events), append(b"[2]")).unwrap();
        let events = pass(&mut worker, &mut host, 3);
        assert!(matches!(events[..], [(Event::Result { slot: answered, .. }, _)] if answered == slot));
        assert_eq!(events[0].1.as_deref(), Some(&b"[2]"[..]));
        assert_eq!((host.exchange.in_flight(), worker.exchange.calls()), (0, 0));
    }
}

#[test]
fn a_result_without_payload_is_a_result() {
    let (mut host, mut worker) = connected(Some("\n"));
    request(&mut host, "echo", b"1", 5);
    let call = call_of(&pass(&mut host, &mut worker, 1000));
    worker.exchange.respond(call, none()).unwrap();
    assert!(matches!(pass(&mut worker, &mut host, 1000)[..], [(Event::Result { payload: None, .. }, None)]));
}

#[test]
fn start_up_data_come_before_anything_else_and_wait_for_nothing() {
    let data = vec![b'7'; 300_000];
    let mut host = Connection::host(&config(Some("\n")), Some(&data), [], NOW).unwrap();
    host.exchange.request("echo", append(b"1"), Timeout::Configured, 1, NOW).unwrap();
    let mut worker = Connection::worker();
    let events = pass(&mut host, &mut worker, 1000);
    assert!(matches!(&events[..], [(Event::StartupData { .. }, Some(payload))] if *payload == data));
    assert!(worker.is_preamble_read());
    let mut events = Vec::new();
    worker.serve(&config(Some("\n")), ["echo"], NOW, &mut events).unwrap();
    worker.receive(NOW, &mut events);
    assert!(matches!(events[..], [Event::Ready, Event::Request { .. }]), "{events:?}");
}

#[test]
fn an_unknown_type_and_inherited_names_are_no_handlers() {
    let (mut host, mut worker) = connected(Some("\n"));
    for name in ["constructor", "__proto__", "ech", "echoo", ""] {
        request(&mut host, name, b"1", 9);
        let events = pass(&mut host, &mut worker, 1000);
        let (Event::Request { call, handler: Err(unknown), .. }, _) = &events[0] else { panic!("{events:?}") };
        assert_eq!(&**unknown, name);
        worker.exchange.fail_with(*call, "{}");
        let answer = pass(&mut worker, &mut host, 1000);
        assert!(matches!(answer[0].0, Event::RemoteError { .. }), "{answer:?}");
    }
}

#[test]
fn a_late_answer_is_dropped_and_the_next_request_is_served() {
    let (mut host, mut worker) = connected(Some("\n"));
    host.exchange.request("echo", append(b"1"), Timeout::PerCall(Some(Duration::from_secs(1))), 1, NOW).unwrap();
    let call = call_of(&pass(&mut host, &mut worker, 1000));
    let mut events = Vec::new();
    host.expire(Duration::from_millis(999), &mut events);
    assert!(events.is_empty());
    assert_eq!(host.next_deadline(), Some(Duration::from_secs(1)));
    host.expire(Duration::from_secs(1), &mut events);
    assert!(matches!(events[..], [Event::TimedOut { .. }]));
    worker.exchange.respond(call, append(b"1")).unwrap();
    assert!(pass(&mut worker, &mut host, 1000).is_empty());
    request(&mut host, "echo", b"2", 2);
    assert_eq!(pass(&mut host, &mut worker, 1000).len(), 1);
}

#[test]
fn a_message_that_cannot_be_sent_leaves_nothing_behind() {
    let (mut host, _) = connected(Some("##"));
    let too_large = vec![b'x'; 1 << 16];
    let error = host.exchange.request("echo", append(&too_large), Timeout::Configured, 1, NOW).unwrap_err();
    assert_eq!(error.code(), "ERR_MESSAGE_TOO_LARGE");
    let error = host.exchange.request("echo", append(b"\"##\""), Timeout::Configured, 1, NOW).unwrap_err();
    assert_eq!(error.code(), "ERR_TERMINATOR_IN_MESSAGE");
    assert_eq!(host.output(), b"");
    assert_eq!(host.exchange.in_flight(), 0);
    request(&mut host, "echo", b"1", 1);
    let error = host.exchange.request("echo", append(b"1"), Timeout::Configured, 1, NOW).unwrap_err();
    assert_eq!(error.code(), "ERR_DUPLICATE_TRANSACTION");
    assert_eq!(host.exchange.in_flight(), 1);
}

#[test]
fn a_result_that_is_too_large_becomes_an_error_of_its_call_alone() {
    let (mut host, mut worker) = connected(None);
    request(&mut host, "echo", b"1", 1);
    request(&mut host, "echo", b"2", 2);
    let events = pass(&mut host, &mut worker, 1000);
    let too_large = vec![b'x'; 1 << 17];
    let first = call_of(&events);
    let error = worker.exchange.respond(first, append(&too_large)).unwrap_err();
    worker
        .exchange
        .fail_with(first, &format!("{{\"code\":\"{}\",\"message\":\"{}\"}}", error.code(), "y".repeat(1 << 17)));
    worker.exchange.respond(call_of(&events[1..]), append(b"2")).unwrap();
    let events = pass(&mut worker, &mut host, 1000);
    assert!(matches!(events[..], [(Event::RemoteError { .. }, _), (Event::Result { .. }, _)]), "{events:?}");
    assert!(String::from_utf8_lossy(events[0].1.as_ref().unwrap()).contains("ERR_MESSAGE_TOO_LARGE"));
}

#[test]
fn an_oversized_answer_fails_its_request_and_the_next_one_is_read() {
    let (mut host, mut worker) = connected(Some("\n"));
    request(&mut host, "echo", b"1", 1);
    request(&mut host, "echo", b"2", 2);
    let events = pass(&mut host, &mut worker, 1000);
    let tx = worker.exchange.call_transaction_id(call_of(&events)).unwrap();
    worker.exchange.respond(call_of(&events[1..]), append(b"2")).unwrap();
    let mut bytes = format!("{{\"type\":\"echoResult\",\"tx\":\"{tx}\",\"payload\":\"").into_bytes();
    bytes.resize(bytes.len() + (1 << 18), b'x');
    bytes.extend_from_slice(b"\"}\n");
    bytes.extend_from_slice(worker.output());
    let events = feed(&mut host, &bytes, 5000);
    assert!(
        matches!(&events[..], [(Event::Refused { code: "ERR_MESSAGE_TOO_LARGE", .. }, _), (Event::Result { .. }, _)]),
        "{events:?}"
    );
}

#[test]
fn sides_that_do_not_fit_learn_why() {
    let mut host = Connection::host(&config(Some("\n")), None, [], NOW).unwrap();
    let mut worker = Connection::worker();
    worker.serve(&config(None), ["echo"], NOW, &mut Vec::new()).unwrap();
    for events in [pass(&mut host, &mut worker, 9), pass(&mut worker, &mut host, 9)] {
        let [(Event::Mismatch(mismatch), _)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(mismatch.code(), "ERR_SERIALIZER_MISMATCH");
    }
}

#[test]
fn the_end_in_the_middle_of_a_frame_is_told_and_sends_are_refused_once_the_owner_knows_of_it() {
    let (mut host, _) = connected(Some("\n"));
    let slot = request(&mut host, "echo", b"1", 1);
    feed(&mut host, b"{\"type\":\"echoRes", 100);
    let mut events = Vec::new();
    host.end(&mut events);
    assert_eq!(events, [Event::End { mid_frame: true }]);
    let late = request(&mut host, "echo", b"2", 2);
    host.exchange.notify("echo", none()).unwrap();
    assert_eq!(host.pending_bytes(), 0, "nothing is written any more");
    host.close();
    assert_eq!(host.exchange.fail_all(), [slot, late]);
    let error = host.exchange.request("echo", none(), Timeout::Configured, 3, NOW).unwrap_err();
    assert_eq!(error.code(), "ERR_WORKER_CLOSED");
}

#[test]
fn a_peer_that_does_not_promise_the_layout_may_write_json_as_it_likes() {
    let mut host = Connection::host(&config(Some("\n")), None, [], NOW).unwrap();
    let hello = b"{\"protocol\":1, \"kind\":\"hello\",\"serializer\":\"json\",\"terminator\":\"\\n\"}\n";
    assert!(matches!(feed(&mut host, hello, 100)[..], [(Event::Ready, None)]));
    request(&mut host, "echo", b"1", 1);
    let tx = host.exchange.transaction_id(Slot(0)).unwrap();
    let answer = format!("{{ \"payload\": [1, 2], \"tx\": \"{tx}\", \"type\": \"echoResult\" }}\n");
    let events = feed(&mut host, answer.as_bytes(), 100);
    assert_eq!(events[0].1.as_deref(), Some(&b"[1, 2]"[..]), "{events:?}");
}

#[test]
fn while_events_are_kept_back_their_payloads_and_slots_stay_as_they_are() {
    let (mut host, mut worker) = connected(Some("\n"));
    let first = request(&mut host, "echo", b"1", 1);
    let call = call_of(&pass(&mut host, &mut worker, 1000));
    worker.exchange.respond(call, append(b"\"first\"")).unwrap();
    let bytes = worker.output().to_vec();
    worker.written(bytes.len());
    host.pin(true);
    let mut kept = Vec::new();
    host.spare()[..bytes.len()].copy_from_slice(&bytes);
    host.filled(bytes.len());
    host.receive(NOW, &mut kept);
    let second = request(&mut host, "echo", b"2", 2);
    assert_ne!(first, second);
    for id in 3..50 {
        request(&mut host, "echo", &[b'7'; 4096], id);
        for call in pass(&mut host, &mut worker, 1000).iter().map(|event| call_of(std::slice::from_ref(event))) {
            worker.exchange.respond(call, append(&[b'8'; 4096])).unwrap();
        }
        pass(&mut worker, &mut host, 1000);
    }
    let [Event::Result { slot, payload: Some(payload) }] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((*slot, host.bytes(payload.range.clone())), (first, &b"\"first\""[..]));
    host.pin(false);
    host.release();
    host.receive(NOW, &mut kept);
    assert!(request(&mut host, "echo", b"9", 99).0 < 49, "they are used again when they have been told");
}

#[test]
fn frames_are_taken_a_few_at_a_time_and_none_is_left_out() {
    for terminator in [Some("\n"), None] {
        let (mut host, mut worker) = connected(terminator);
        for id in 1..=10 {
            request(&mut host, "echo", b"1", id);
        }
        let bytes = host.output().to_vec();
        worker.spare()[..bytes.len()].copy_from_slice(&bytes);
        worker.filled(bytes.len());
        let mut events = Vec::new();
        for count in [4, 8] {
            assert!(!worker.receive_some(4, NOW, &mut events));
            assert_eq!(events.len(), count);
        }
        assert!(worker.receive_some(4, NOW, &mut events));
        assert_eq!((events.len(), worker.processed()), (10, worker.received()));
        assert!(worker.receive_some(4, NOW, &mut events));
    }
}

#[test]
fn what_is_kept_back_moves_together_and_stays_readable() {
    let (mut host, mut worker) = connected(Some("\n"));
    worker.pin(true);
    let mut kept = Vec::new();
    for id in 1..=200_u128 {
        request(&mut host, "echo", id.to_string().repeat(1000).as_bytes(), id);
        let bytes = host.output().to_vec();
        host.written(bytes.len());
        worker.spare()[..bytes.len()].copy_from_slice(&bytes);
        worker.filled(bytes.len());
        let mut events = Vec::new();
        worker.receive(NOW, &mut events);
        if id % 10 == 0 {
            kept.push((id, events.remove(0)));
        }
        worker.compact(kept.iter_mut().map(|(_, event)| event));
    }
    assert!(worker.retained() < 20 * 3000, "{} bytes", worker.retained());
    for (id, event) in kept {
        let range = event.payload().unwrap().range.clone();
        assert_eq!(worker.bytes(range), id.to_string().repeat(1000).as_bytes());
        assert!(event.size() > id.to_string().len() * 1000);
    }
}

proptest! {
    #[test]
    fn after_what_is_late_has_ended_the_next_deadline_is_in_the_future(
        timeouts in proptest::collection::vec(proptest::option::of(0..50_u64), 1..40),
        steps in proptest::collection::vec((0..30_u64, any::<bool>()), 1..30),
        is_pinned in any::<bool>(),
    ) {
        let (mut host, _) = connected(Some("\n"));
        host.pin(is_pinned);
        let mut now = NOW;
        let mut left = timeouts.len();
        for (id, timeout) in (1..).zip(timeouts) {
            let timeout = Timeout::PerCall(timeout.map(Duration::from_millis));
            host.exchange.request("echo", append(b"1"), timeout, id, now).unwrap();
        }
        for (millis, is_held) in steps {
            now += Duration::from_millis(millis);
            let mut events = Vec::new();
            if is_held {
                host.renew(now);
            } else {
                host.expire(now, &mut events);
            }
            prop_assert!(is_held || host.next_deadline().is_none_or(|next| next > now));
            left -= events.len();
            prop_assert_eq!(host.exchange.in_flight(), left);
        }
    }

    #[test]
    fn every_request_ends_exactly_once_whatever_the_order_and_the_chunks(
        payloads in proptest::collection::vec("[ -~é🎉]{0,300}", 1..40),
        order in any::<u64>(),
        chunk in 1_usize..400,
        binary in any::<bool>(),
    ) {
        let (mut host, mut worker) = connected((!binary).then_some("\n"));
        let mut expected: Vec<_> = (1..).zip(&payloads)
            .map(|(id, text)| (request(&mut host, "echo", text.as_bytes(), id), text.clone().into_bytes()))
            .collect();
        let mut calls: Vec<_> = pass(&mut host, &mut worker, chunk).into_iter().map(|(event, payload)| match event {
            Event::Request { call, .. } => (call, payload.unwrap()),
            other => panic!("{other:?}"),
        }).collect();
        // Some order that is not the one they came in.
        calls.sort_by_key(|(call, _)| (u64::from(call.0) + 1).wrapping_mul(order | 1));
        for (call, payload) in calls {
            worker.exchange.respond(call, append(&payload)).unwrap();
        }
        let mut results: Vec<_> = pass(&mut worker, &mut host, chunk).into_iter().map(|(event, payload)| match event {
            Event::Result { slot, .. } => (slot, payload.unwrap()),
            other => panic!("{other:?}"),
        }).collect();
        results.sort();
        expected.sort();
        prop_assert_eq!(results, expected);
        prop_assert_eq!(host.exchange.in_flight(), 0);
    }
}
