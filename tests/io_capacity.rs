//! The bound on output that waits, and the messages that leave before their tick ends.
#![cfg(unix)]

mod pair;
mod user;

use std::rc::Rc;
use std::time::Duration;

use isolated_workers::io::Watch;
use isolated_workers::protocol::exchange::Config;
use isolated_workers::protocol::grants::Amount;
use isolated_workers::sys::Until;
use pair::config;
use user::{Driver, Received, WATCHDOG, connected, notify, request, run, run_until};

const BOUND: usize = 4 << 20;

fn bounded() -> (Rc<Driver>, Rc<Driver>) {
    let (host, worker) = connected(&Config { limit: 16 << 20, ..config(None) });
    for driver in [&host, &worker] {
        driver.set_bound(BOUND);
    }
    (host, worker)
}

fn pending(driver: &Driver) -> usize {
    driver.channel().connection.borrow().pending_bytes()
}

fn has_input(driver: &Driver) -> bool {
    driver.with_watch(|watch| watch.stream().wait(Until::Readable, Some(Duration::ZERO)).unwrap()).unwrap()
}

#[test]
fn requests_wait_at_the_bound_until_half_of_it_has_left() {
    let (host, worker) = bounded();
    let payload = vec![0; 1 << 20];
    let mut sent = 0;
    while host.has_capacity(payload.len()) {
        notify(&host, "load", &payload);
        sent += 1;
        assert!(pending(&host) <= BOUND + 1000, "without the frames' heads");
    }
    assert!(sent >= 4, "the socket takes some beside the bound");
    host.request_capacity();
    assert_eq!(host.user().take(), [], "never within the call");
    assert!(host.with_watch(|watch| watch.is_referenced.get()).unwrap());
    run_until(&[&worker, &host], || !host.user().received.borrow().is_empty());
    assert_eq!(host.user().take(), [Received::Capacity]);
    assert!(pending(&host) <= BOUND / 2);
    run(&[&host, &worker]);
    assert_eq!(worker.user().take(), vec![Received::Notification(payload); sent]);
    assert_eq!(host.user().take(), [], "it is reported once");
}

#[test]
fn capacity_that_is_there_already_is_reported_by_the_engine() {
    let (host, worker) = bounded();
    host.request_capacity();
    assert_eq!(host.user().take(), []);
    run(&[&host, &worker]);
    assert_eq!(host.user().take(), [Received::Capacity]);
    assert!(!host.with_watch(|watch| watch.wants_write.get() || watch.is_referenced.get()).unwrap());
}

#[test]
fn a_message_over_the_bound_leaves_alone() {
    let (host, worker) = bounded();
    assert!(host.has_capacity(BOUND * 2));
    notify(&host, "load", &vec![0; BOUND * 2]);
    assert!(!host.has_capacity(1) && !host.has_capacity(0));
    run(&[&host, &worker]);
    assert!(host.has_capacity(BOUND * 2));
}

#[test]
fn answers_wait_for_the_socket_only() {
    let config = Config { limit: 16 << 20, window: Amount { messages: 2, bytes: 1 << 20 }, ..config(None) };
    let (host, worker) = connected(&config);
    for driver in [&host, &worker] {
        driver.set_bound(BOUND);
    }
    // The host reads nothing; the worker's own requests have no grant left.
    for _ in 0..8 {
        notify(&worker, "lookup", &vec![0; 1 << 20]);
    }
    worker.drivers().flush();
    assert!(pending(&worker) > BOUND, "they wait for grants");
    assert!(!worker.has_capacity(1) && worker.is_writable());
    let calls = Rc::new(std::cell::RefCell::new(Vec::new()));
    let kept = Rc::clone(&calls);
    worker.user().handle(move |_, received| {
        if let Received::Request(call, _) = received {
            kept.borrow_mut().push(*call);
        }
    });
    for _ in 0..2 {
        request(&host, "echo", b"1");
    }
    host.drivers().flush();
    run(&[&worker]);
    for call in calls.take() {
        user::respond(&worker, call, &vec![0; BOUND]);
    }
    assert!(!worker.is_writable());
    worker.user().take();
    run_until(&[&worker, &host], || worker.user().received.borrow().contains(&Received::Writable));
}

#[test]
fn capacity_for_a_message_that_cannot_wait_for_a_grant_comes_with_the_grant() {
    let config = Config { window: Amount { messages: 1, bytes: 1 << 20 }, ..config(None) };
    let (host, worker) = connected(&config);
    host.set_bound(BOUND);
    notify(&host, "load", b"1");
    assert!(!host.channel().connection.borrow().exchange.has_grant());
    host.request_grant();
    host.request_capacity();
    run(&[&host]);
    assert_eq!(host.user().take(), [], "the peer has granted nothing");
    run(&[&worker, &host]);
    assert_eq!(host.user().take(), [Received::Capacity]);
    assert!(host.channel().connection.borrow().exchange.has_grant());
}

#[test]
fn a_peer_that_has_left_ends_the_wait_for_capacity() {
    let (host, worker) = bounded();
    while host.has_capacity(1 << 20) {
        notify(&host, "load", &vec![0; 1 << 20]);
    }
    host.request_capacity();
    worker.close();
    run_until(&[&host], || !host.user().received.borrow().is_empty());
    assert_eq!(host.user().take(), [Received::End { mid_frame: false }]);
    assert!(!host.with_watch(|watch| watch.is_referenced.get()).unwrap());
}

#[test]
fn an_early_message_leaves_at_once_and_a_late_one_with_its_tick() {
    let (host, worker) = connected(&config(None));
    let send = |driver: &Driver| {
        driver.channel().connection.borrow_mut().exchange.notify("load", user::append(b"1")).unwrap();
    };
    send(&host);
    host.schedule_write();
    assert!(!has_input(&worker), "a request waits for the end of the tick");
    send(&host);
    host.write_early();
    assert!(has_input(&worker));
    run(&[&worker]);
    assert_eq!(worker.user().take().len(), 2, "what waited leaves with it");
    // Few others may follow; then they wait until some time has passed.
    let early = |host: &Rc<Driver>| {
        send(host);
        host.write_early();
        run(&[&worker]);
        worker.user().take().len()
    };
    let arrived = (0..100).filter(|_| early(&host) > 0).count();
    assert!((1..100).contains(&arrived), "{arrived}");
    host.user().time.set(WATCHDOG);
    host.drivers().flush();
    run(&[&worker]);
    worker.user().take();
    assert_eq!(early(&host), 1);
}
