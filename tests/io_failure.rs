//! A panic in one driver ends that connection alone, and its user learns of it.
#![cfg(unix)]

mod pair;
mod user;

use std::rc::Rc;

use isolated_workers::io::Drivers;
use isolated_workers::protocol::exchange::Config;
use pair::config;
use user::{Driver, Received, connected, drivers, echo, host, notify, request, run, run_until, streams, worker};

/// A host whose entry panics, and its worker.
fn connected_with(fault: &str, config: &Config) -> (Rc<Driver>, Rc<Driver>) {
    let (ours, theirs) = streams();
    let failing = Rc::new(Drivers::new(false, Some(fault)));
    (host(&failing, ours, config), worker(&drivers(), theirs, config))
}

fn reasons(driver: &Driver) -> Vec<String> {
    let failures = driver.user().take().into_iter().filter_map(|received| match received {
        Received::Failed(reason) => Some(reason),
        _ => None,
    });
    failures.collect()
}

#[test]
fn a_panic_in_an_entry_closes_the_connection_and_is_reported_once() {
    let (host, worker) = connected_with("readable:2", &config(None));
    echo(&worker);
    run_until(&[&host, &worker], || host.channel().connection.borrow().is_ready());
    let slot = request(&host, "echo", b"1");
    run(&[&host, &worker]);
    assert_eq!(reasons(&host), ["a test asked for a fault in the entry `readable`"]);
    assert!(host.is_closed() && host.user().is_closed.get());
    assert_eq!(host.channel().connection.borrow_mut().exchange.fail_all(), [slot], "no request is forgotten");
    assert!(worker.user().take().contains(&Received::End { mid_frame: false }));
    // Later entries find a closed driver.
    host.guarded("readable", || host.on_readable()).unwrap();
    host.guarded("timer", || host.on_deadline()).unwrap();
    host.close();
    assert_eq!(host.user().take(), []);
}

#[test]
fn a_panic_of_the_user_leaves_the_other_drivers_of_its_thread_alone() {
    let shared = drivers();
    let pairs = [0, 1].map(|_| {
        let (ours, theirs) = streams();
        (host(&shared, ours, &config(None)), worker(&drivers(), theirs, &config(None)))
    });
    let [(failing, first), (other, second)] = &pairs;
    let all = [failing, first, other, second];
    run_until(&all, || all.iter().all(|driver| driver.channel().connection.borrow().is_ready()));
    failing.user().handle(|_, received| assert!(!matches!(received, Received::Notification(_)), "the user fails"));
    notify(first, "lookup", b"1");
    notify(second, "lookup", b"2");
    run(&all);
    assert_eq!(reasons(failing), ["the user fails"]);
    assert!(failing.is_closed() && !failing.has_events());
    assert!(first.user().take().contains(&Received::End { mid_frame: false }));
    assert!(other.user().take().contains(&Received::Notification(b"2".to_vec())));
    echo(second);
    let slot = request(other, "echo", b"3");
    run(&all);
    assert_eq!(other.user().take(), [Received::Result(slot, b"3".to_vec())]);
    assert_eq!(shared.all().len(), 2);
    drop(pairs);
    assert_eq!(shared.all().len(), 0);
}

#[test]
fn a_panic_in_a_flush_leaves_the_output_of_other_drivers_to_be_written() {
    let failing = Rc::new(Drivers::new(false, Some("flush:1")));
    let pairs = [0, 1].map(|_| {
        let (ours, theirs) = streams();
        (host(&failing, ours, &config(None)), worker(&drivers(), theirs, &config(None)))
    });
    let [(first, _), (second, peer)] = &pairs;
    notify(first, "load", b"1");
    notify(second, "load", b"2");
    failing.flush();
    assert_eq!(reasons(first).len(), 1);
    run(&[second, peer]);
    assert!(peer.user().take().contains(&Received::Notification(b"2".to_vec())));
}

#[test]
fn a_user_that_fails_in_the_report_of_its_failure_is_closed_all_the_same() {
    let (host, worker) = connected(&config(None));
    host.user().handle(|_, _| panic!("again"));
    notify(&worker, "lookup", b"1");
    run(&[&worker, &host]);
    assert!(host.is_closed() && host.user().is_closed.get());
    assert_eq!(reasons(&host), ["again"]);
}
