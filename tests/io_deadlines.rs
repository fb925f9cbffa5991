//! Deadlines of drivers, with the time as their user gives it.
#![cfg(unix)]

mod pair;
mod user;

use std::rc::Rc;
use std::time::Duration;

use isolated_workers::protocol::exchange::{Config, Timeout};
use isolated_workers::protocol::transactions::Slot;
use pair::config;
use user::{Driver, Received, SECOND, connected, drivers, echo, host, request, request_within, run, streams};

const MILLI: Duration = Duration::from_millis(1);

fn timer(driver: &Driver) -> Option<Duration> {
    driver.with_watch(|watch| watch.timer.get()).expect("it is open")
}

fn request_for(driver: &Driver, timeout: Duration) -> Slot {
    request_within(driver, "echo", b"1", Timeout::PerCall(Some(timeout)))
}

/// The time passes, and the engine's timer fires.
fn pass_time(driver: &Driver, time: Duration) {
    driver.user().time.set(driver.user().time.get() + time);
    driver.guarded("timer", || driver.on_deadline()).expect("it does not fail");
}

#[test]
fn a_request_without_an_answer_times_out_when_its_time_is_over() {
    let (host, _worker) = connected(&config(None));
    let slots = [3, 1, 2].map(|seconds| request_for(&host, SECOND * seconds));
    assert_eq!(timer(&host), Some(SECOND));
    pass_time(&host, SECOND - MILLI);
    assert_eq!((host.user().take(), timer(&host)), (Vec::new(), Some(MILLI)));
    pass_time(&host, MILLI);
    assert_eq!(host.user().take(), [Received::Due, Received::TimedOut(slots[1])]);
    assert_eq!(timer(&host), Some(SECOND));
    pass_time(&host, SECOND * 2);
    let expected = [Received::Due, Received::TimedOut(slots[2]), Received::TimedOut(slots[0])];
    assert_eq!(host.user().take(), expected);
}

#[test]
fn an_answer_that_arrived_before_the_timer_fires_counts_although_it_is_late() {
    let (host, worker) = connected(&config(None));
    echo(&worker);
    let slots = [0; 3].map(|_| request_for(&host, SECOND));
    host.drivers().flush();
    run(&[&worker]);
    assert_eq!(host.user().take(), [], "the host's socket was not read");
    pass_time(&host, SECOND * 9);
    assert_eq!(host.user().take(), slots.map(|slot| Received::Result(slot, b"1".to_vec())));
}

#[test]
fn a_timeout_replaces_events_of_its_request_that_wait() {
    let (host, worker) = connected(&config(None));
    worker.user().handle(|worker, received| {
        let Received::Request(call, _) = received else { return };
        worker.channel().connection.borrow_mut().exchange.progress(*call, pair::none()).unwrap();
        worker.schedule_write();
    });
    let slot = request_for(&host, SECOND);
    host.drivers().flush();
    run(&[&worker]);
    pass_time(&host, SECOND);
    assert_eq!(host.user().take(), [Received::Due, Received::TimedOut(slot)]);
    run(&[&host, &worker]);
    assert_eq!(host.user().take(), []);
}

#[test]
fn the_clock_stands_while_the_user_postpones_deadlines() {
    let (host, worker) = connected(&config(None));
    let due = request_for(&host, SECOND);
    let other = request_for(&host, SECOND * 5);
    host.user().postpones.set(true);
    pass_time(&host, SECOND * 2);
    assert_eq!(host.user().take(), [Received::Due]);
    let stopped = host.now();
    for _ in 0..10 {
        assert_eq!(timer(&host), Some(MILLI * 500), "the driver asks again");
        pass_time(&host, SECOND);
        assert_eq!((host.user().take(), host.now()), (vec![Received::Due], stopped));
    }
    host.user().postpones.set(false);
    pass_time(&host, SECOND);
    assert_eq!(host.user().take(), [Received::Due]);
    assert_eq!(timer(&host), Some(SECOND), "the request that was due has its whole timeout again");
    pass_time(&host, SECOND);
    assert_eq!(host.user().take(), [Received::Due, Received::TimedOut(due)]);
    pass_time(&host, SECOND * 2);
    assert_eq!(host.user().take(), [Received::Due, Received::TimedOut(other)]);
    drop(worker);
}

#[test]
fn a_peer_without_a_handshake_is_reported() {
    let (ours, _theirs) = streams();
    let host = host(&drivers(), ours, &config(None));
    let startup = config(None).timeouts.startup.expect("a default");
    assert_eq!(timer(&host), Some(startup));
    pass_time(&host, startup);
    let received = host.user().take();
    assert!(
        matches!(&received[..], [Received::Due, Received::Other(text)] if text == "HandshakeTimedOut"),
        "{received:?}"
    );
}

#[test]
fn a_connection_without_deadlines_has_no_timer() {
    let mut config = config(None);
    config.timeouts.message = None;
    let (host, worker) = connected(&config);
    echo(&worker);
    request(&host, "echo", b"1");
    run(&[&host, &worker]);
    assert_eq!((timer(&host), timer(&worker)), (None, None));
}

#[test]
fn a_timer_that_fires_during_a_call_is_handled_after_it() {
    let (host, worker) = connected(&Config { context: false, ..config(None) });
    let slot = request_for(&host, SECOND);
    let late = Rc::new(std::cell::Cell::new(false));
    let fired = Rc::clone(&late);
    host.user().handle(move |host, received| {
        if matches!(received, Received::Notification(_)) && !fired.replace(true) {
            pass_time(host, SECOND);
            assert_eq!(host.user().take(), [Received::Notification(b"1".to_vec())], "not within the call");
        }
    });
    user::notify(&worker, "lookup", b"1");
    user::notify(&worker, "lookup", b"2");
    host.user().most.set(1);
    run(&[&worker, &host]);
    user::notify(&worker, "lookup", b"3");
    run(&[&worker, &host]);
    let received = host.user().take();
    assert!(late.get() && received.contains(&Received::TimedOut(slot)), "{received:?}");
    assert!(received.contains(&Received::Notification(b"2".to_vec())), "{received:?}");
}
