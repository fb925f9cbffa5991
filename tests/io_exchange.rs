//! Two drivers over a real socket pair: what one sends, the user of the other receives.
#![cfg(unix)]

mod pair;
mod user;

use std::time::Duration;

use isolated_workers::boundary::RefMode;
use isolated_workers::io::Watch;
use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::exchange::Config;
use isolated_workers::sys::Until;
use pair::{config, none};
use user::{
    Driver, Received, WATCHDOG, attach, connected, drivers, echo, host, new_driver, notify, request, run, streams,
    worker,
};

#[test]
fn a_request_is_answered_in_both_directions() {
    for terminator in [Some("\n"), None] {
        let (host, worker) = connected(&config(terminator));
        echo(&host);
        echo(&worker);
        let there = request(&host, "echo", b"\"there\"");
        let back = request(&worker, "lookup", b"\"back\"");
        run(&[&host, &worker]);
        assert!(host.user().take().contains(&Received::Result(there, b"\"there\"".to_vec())));
        assert!(worker.user().take().contains(&Received::Result(back, b"\"back\"".to_vec())));
    }
}

#[test]
fn messages_of_one_tick_arrive_in_one_call_and_in_order() {
    let (host, worker) = connected(&config(None));
    for number in 0..10 {
        notify(&host, "load", &[number]);
    }
    run(&[&host, &worker]);
    assert_eq!(worker.user().take(), (0..10).map(|number| Received::Notification(vec![number])).collect::<Vec<_>>());
    assert_eq!(worker.user().calls.take(), [10]);
}

#[test]
fn requests_in_flight_stay_until_their_user_fails_them_after_the_end() {
    let (host, worker) = connected(&config(None));
    let slot = request(&host, "echo", b"1");
    run(&[&host]);
    worker.close();
    run(&[&host]);
    assert_eq!(host.user().take(), [Received::End { mid_frame: false }]);
    assert_eq!(host.channel().connection.borrow_mut().exchange.fail_all(), [slot]);
    host.update();
    assert!(!host.with_watch(|watch| watch.is_referenced.get()).unwrap());
}

#[test]
fn a_peer_that_has_left_costs_the_output_but_not_its_last_messages() {
    let (host, worker) = connected(&config(None));
    notify(&worker, "lookup", b"last");
    worker.drivers().flush();
    worker.close();
    notify(&host, "echo", b"nobody reads it");
    host.drivers().flush();
    assert!(host.channel().connection.borrow().output().is_empty());
    assert!(host.has_capacity(usize::MAX));
    run(&[&host]);
    assert_eq!(host.user().take(), [Received::Notification(b"last".to_vec()), Received::End { mid_frame: false }]);
}

#[test]
fn records_that_the_user_leaves_come_again_in_order_with_their_payloads() {
    let (host, worker) = connected(&config(None));
    worker.user().most.set(3);
    for number in 0..10 {
        notify(&host, "load", &[number; 100]);
    }
    run(&[&host, &worker]);
    let expected: Vec<_> = (0..10).map(|number| Received::Notification(vec![number; 100])).collect();
    assert_eq!(worker.user().take(), expected);
    assert_eq!(worker.user().calls.take(), [10, 7, 4, 1]);
    assert!(!worker.has_events());
}

#[test]
fn a_slot_is_not_used_again_before_the_user_has_handled_its_outcome() {
    let (host, worker) = connected(&config(None));
    echo(&worker);
    host.user().most.set(1);
    let slots: Vec<_> = (0..3).map(|number| request(&host, "echo", &[number])).collect();
    let known = slots.clone();
    host.user().handle(move |host, received| {
        if matches!(received, Received::Result(_, payload) if payload[0] < 3) {
            assert!(!known.contains(&request(host, "echo", &[9])), "its outcome waits for the user");
        }
    });
    run(&[&host, &worker]);
    let results: Vec<_> = host.user().take();
    assert_eq!(results.len(), 6);
    for (slot, number) in slots.into_iter().zip(0..3) {
        assert_eq!(results[usize::from(number)], Received::Result(slot, vec![number]));
    }
}

#[test]
fn a_user_that_closes_its_driver_during_a_call_receives_nothing_more() {
    let (host, worker) = connected(&config(None));
    worker.user().most.set(1);
    worker.user().handle(|worker, _| worker.close());
    for number in 0..10 {
        notify(&host, "load", &[number]);
    }
    run(&[&host, &worker]);
    assert_eq!(worker.user().take(), [Received::Notification(vec![0])]);
    assert!(worker.is_closed() && worker.user().is_closed.get() && !worker.has_events());
    assert_eq!(host.user().take(), [Received::End { mid_frame: false }]);
}

#[test]
fn what_a_handler_sends_leaves_when_its_call_ends() {
    let (host, worker) = connected(&config(None));
    worker.user().handle(|worker, received| {
        assert!(worker.user().is_flush_scheduled.get(), "the user need not flush");
        let Received::Request(call, payload) = received else { panic!("{received:?}") };
        user::respond(worker, *call, payload);
        assert!(!worker.channel().connection.borrow().output().is_empty());
    });
    request(&host, "echo", b"1");
    host.drivers().flush();
    let is_ready = worker.with_watch(|watch| watch.stream().wait(Until::Readable, Some(WATCHDOG)));
    assert!(is_ready.unwrap().unwrap());
    worker.on_readable();
    assert!(!worker.user().is_flush_scheduled.get());
    assert!(worker.channel().connection.borrow().output().is_empty());
}

#[test]
fn a_driver_keeps_the_loop_alive_as_its_mode_says() {
    let (host, worker) = connected(&config(None));
    let is_referenced = |driver: &Driver| driver.with_watch(|watch| watch.is_referenced.get()).unwrap();
    echo(&worker);
    assert!(!is_referenced(&host) && is_referenced(&worker));
    request(&host, "echo", b"1");
    assert!(is_referenced(&host));
    run(&[&host, &worker]);
    assert!(!is_referenced(&host));
    host.set_ref_mode(RefMode::Always);
    worker.set_ref_mode(RefMode::Never);
    assert!(is_referenced(&host) && !is_referenced(&worker));
}

#[test]
fn a_host_of_another_protocol_gets_a_mismatch_and_no_message() {
    let drivers = drivers();
    let (ours, theirs) = streams();
    let other = Config { serializer: "other".to_owned(), ..config(None) };
    let (host, worker) = (host(&drivers, ours, &config(None)), worker(&drivers, theirs, &other));
    request(&host, "echo", b"1");
    run(&[&host, &worker]);
    for driver in [&host, &worker] {
        let received = driver.user().take();
        assert!(matches!(&received[..], [Received::Other(text), ..] if text.contains("Mismatch")), "{received:?}");
    }
}

#[test]
fn a_worker_that_serves_late_receives_what_has_waited_for_it() {
    let drivers = drivers();
    let (ours, theirs) = streams();
    let host = host(&drivers, ours, &config(None));
    notify(&host, "echo", b"early");
    run(&[&host]);
    let worker = new_driver(&drivers, theirs, Connection::worker());
    worker.with_events(|connection, events| {
        connection.serve(&config(None), ["echo"], Duration::ZERO, events).unwrap();
    });
    attach(&worker, RefMode::Always);
    host.channel().connection.borrow_mut().exchange.notify("echo", none()).unwrap();
    host.schedule_write();
    run(&[&host, &worker]);
    let expected = [Received::Ready, Received::Notification(b"early".to_vec()), Received::Notification(Vec::new())];
    assert_eq!(worker.user().take(), expected);
}
