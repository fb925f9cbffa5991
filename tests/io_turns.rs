//! The share of the event loop that a driver uses before it leaves the rest to the next turn.
#![cfg(unix)]

mod pair;
mod user;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use isolated_workers::boundary::RefMode;
use pair::config;
use user::{Driver, Received, connected, notify, run};

const MILLI: Duration = Duration::from_millis(1);

/// A worker whose handlers take some time each, and its host.
fn with_slow_worker(takes: Duration) -> (Rc<Driver>, Rc<Driver>) {
    let (host, worker) = connected(&config(None));
    worker.drivers().share_loop();
    worker.user().handle(move |worker, _| worker.user().time.set(worker.user().time.get() + takes));
    (host, worker)
}

fn send(host: &Driver, range: std::ops::Range<u32>) -> Vec<Received> {
    let numbers = range.map(|number| {
        notify(host, "load", &number.to_le_bytes());
        Received::Notification(number.to_le_bytes().to_vec())
    });
    let sent = numbers.collect();
    host.drivers().flush();
    sent
}

#[test]
fn a_driver_that_has_used_its_turn_continues_in_the_next_one() {
    let (host, worker) = with_slow_worker(MILLI);
    let sent = send(&host, 0..200);
    let mut received = Vec::new();
    let mut turns = 0;
    worker.on_readable();
    loop {
        let some = worker.user().take();
        assert!(!some.is_empty() && some.len() <= 64, "{}", some.len());
        received.extend(some);
        if received.len() == sent.len() {
            break;
        }
        turns += 1;
        assert_eq!(worker.user().turns_wanted.take(), 1, "it asks for the next turn once");
        // More input does not lengthen the turn.
        worker.on_readable();
        assert_eq!(worker.user().take(), []);
        worker.drivers().go_on();
        assert_eq!(worker.user().take(), [], "the engine's call does the work");
        assert_eq!(worker.with_watch(|watch| watch.timer.get()), Some(Some(Duration::ZERO)));
        worker.on_deadline();
    }
    assert_eq!(received, sent);
    assert!(turns >= 4, "{turns}");
}

#[test]
fn a_driver_reports_slow_deliveries_until_many_in_a_row_were_quick() {
    let (host, worker) = connected(&config(None));
    let receive = |takes: Duration| {
        worker.user().handle(move |worker, _| worker.user().time.set(worker.user().time.get() + takes));
        send(&host, 0..1);
        worker.on_readable();
        worker.user().is_slow.get()
    };
    assert!(!receive(MILLI / 2));
    assert!(receive(MILLI * 2));
    for quick in 1..32 {
        assert!(receive(MILLI / 2), "after {quick}");
    }
    assert!(!receive(MILLI / 2));
}

#[test]
fn the_rest_of_a_drivers_work_keeps_the_event_loop_alive_until_it_is_done() {
    let (host, worker) = with_slow_worker(MILLI);
    worker.set_ref_mode(RefMode::InFlight);
    let is_referenced = || worker.with_watch(|watch| watch.is_referenced.get());
    assert_eq!(is_referenced(), Some(false));
    let sent = send(&host, 0..200);
    worker.on_readable();
    let mut received = worker.user().take();
    assert!(received.len() < sent.len());
    for turns in 1.. {
        assert_eq!(is_referenced(), Some(true), "it waits for the next turn");
        worker.drivers().go_on();
        assert_eq!(is_referenced(), Some(true), "it waits for the engine");
        worker.on_deadline();
        received.extend(worker.user().take());
        if is_referenced() == Some(false) {
            break;
        }
        assert!(turns < 100, "it ends");
    }
    assert_eq!(received, sent);
}

#[test]
fn without_a_way_to_the_next_turn_a_driver_finishes_its_work() {
    let (host, worker) = connected(&config(None));
    worker.user().handle(|worker, _| worker.user().time.set(worker.user().time.get() + MILLI));
    let sent = send(&host, 0..100);
    worker.on_readable();
    assert_eq!((worker.user().take(), worker.user().turns_wanted.get()), (sent, 0));
}

#[test]
fn each_call_has_as_many_records_as_its_user_handles_in_a_part_of_a_turn() {
    let (host, worker) = with_slow_worker(Duration::ZERO);
    send(&host, 0..3000);
    worker.drain();
    let calls = worker.user().calls.take();
    assert_eq!(calls[..3], [64, 256, 1024], "{calls:?}");
    assert!(calls.iter().all(|count| *count <= 1024), "{calls:?}");
    assert_eq!(worker.user().take().len(), 3000);
    let (host, worker) = with_slow_worker(MILLI * 2);
    send(&host, 0..100);
    worker.drain();
    let calls = worker.user().calls.take();
    assert!(calls[1..].iter().all(|count| *count <= 2), "{calls:?}");
}

#[test]
fn a_drain_handles_what_has_arrived_and_nothing_later() {
    let (host, worker) = with_slow_worker(MILLI);
    let sent = send(&host, 0..30);
    assert!(!worker.drain_some());
    let late = send(&host, 30..31);
    let mut received = worker.user().take();
    let mut turns = 0;
    loop {
        worker.drivers().go_on();
        let is_done = worker.drain_some();
        received.extend(worker.user().take());
        if is_done {
            break;
        }
        turns += 1;
        assert!(turns < 100, "it ends");
    }
    assert_eq!(received[..30], sent);
    worker.drivers().go_on();
    run(&[&worker]);
    received.extend(worker.user().take());
    assert_eq!(received[30..], late);
    worker.close();
    assert!(worker.drain_some(), "a closed driver has nothing left");
}

#[test]
fn a_call_of_the_driver_within_a_delivery_delivers_nothing() {
    let (host, worker) = connected(&config(None));
    let depth = Rc::new(Cell::new(0));
    let deepest = Rc::clone(&depth);
    worker.user().handle(move |worker, _| {
        depth.set(depth.get() + 1);
        assert_eq!(depth.get(), 1, "one call at a time");
        worker.on_readable();
        worker.drain();
        assert!(!worker.drain_some());
        depth.set(0);
    });
    let sent = send(&host, 0..10);
    worker.on_readable();
    assert_eq!((worker.user().take(), deepest.get()), (sent, 0));
}
