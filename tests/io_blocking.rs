//! Drivers whose user blocks its thread: for one answer, for start-up data, or until all output is written.
#![cfg(unix)]

mod pair;
mod user;

use std::io::ErrorKind;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use isolated_workers::boundary::RefMode;
use isolated_workers::io::RequestOutcome;
use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Payload;
use isolated_workers::protocol::exchange::{Config, Timeout};
use isolated_workers::protocol::grants::Amount;
use isolated_workers::protocol::remote_error::RemoteError;
use isolated_workers::sys::Stream;
use pair::config;
use user::{
    Driver, Received, WATCHDOG, drivers, host, new_driver, notify, request, request_within, respond, run_until,
    streams, worker,
};

const MILLI: Duration = Duration::from_millis(1);

/// A worker on a thread of its own. It calls `act` with everything that it receives, until one of both sides has left.
fn worker_thread(
    stream: Stream,
    config: Config,
    act: impl Fn(&Driver, &Received) + Send + 'static,
) -> JoinHandle<Vec<Received>> {
    thread::spawn(move || {
        let worker = worker(&drivers(), stream, &config);
        worker.user().handle(act);
        let is_end = |received: &Received| matches!(received, Received::End { .. });
        run_until(&[&worker], || worker.is_closed() || worker.user().received.borrow().iter().any(is_end));
        worker.user().take()
    })
}

fn host_of(stream: Stream, config: &Config) -> std::rc::Rc<Driver> {
    let host = host(&drivers(), stream, config);
    host.user().real_since.set(Some(Instant::now()));
    run_until(&[&host], || host.channel().connection.borrow().is_ready());
    host.user().take();
    host
}

fn bytes(host: &Driver, payload: Option<Payload>) -> Vec<u8> {
    host.channel().connection.borrow().bytes(payload.expect("a payload").range).to_vec()
}

#[test]
fn a_blocked_host_gets_its_answer_and_later_all_other_messages() {
    let (ours, theirs) = streams();
    let thread = worker_thread(theirs, config(None), |worker, received| {
        if let Received::Request(call, payload) = received {
            notify(worker, "lookup", b"before");
            respond(worker, *call, payload);
            notify(worker, "lookup", b"after");
        }
    });
    let host = host_of(ours, &config(None));
    let slots = [b"1", b"2", b"3"].map(|payload| request(&host, "echo", payload));
    let outcome = host.wait_for(slots[1]);
    let RequestOutcome::Result(payload) = outcome else { panic!("{outcome:?}") };
    assert_eq!(bytes(&host, payload), b"2");
    assert_eq!(host.user().take(), [], "its user is blocked");
    host.on_readable();
    run_until(&[&host], || host.user().received.borrow().len() == 8);
    let received = host.user().take();
    let results = [Received::Result(slots[0], b"1".to_vec()), Received::Result(slots[2], b"3".to_vec())];
    assert!(results.iter().all(|result| received.contains(result)), "{received:?}");
    let (before, after) = (Received::Notification(b"before".to_vec()), Received::Notification(b"after".to_vec()));
    let count = |message| received.iter().filter(|received| **received == message).count();
    assert_eq!((count(before), count(after)), (3, 3));
    host.close();
    thread.join().unwrap();
}

#[test]
fn a_blocked_host_refuses_requests_so_that_its_worker_can_answer() {
    let (ours, theirs) = streams();
    let thread = worker_thread(theirs, config(None), |worker, received| match received {
        Received::Request(..) => {
            request(worker, "lookup", b"1");
        }
        Received::RemoteError(_, error) => {
            assert!(error.contains("ERR_HOST_BLOCKED"), "{error}");
            let Some(Received::Request(call, _)) = worker
                .user()
                .received
                .borrow()
                .iter()
                .find(|received| matches!(received, Received::Request(..)))
                .cloned()
            else {
                panic!("it has a request")
            };
            respond(worker, call, b"done");
        }
        _ => {}
    });
    let host = host_of(ours, &config(None));
    let slot = request(&host, "echo", b"1");
    let outcome = host.wait_for(slot);
    let RequestOutcome::Result(payload) = outcome else { panic!("{outcome:?}") };
    assert_eq!(bytes(&host, payload), b"done");
    host.flush();
    host.close();
    thread.join().unwrap();
}

#[test]
fn a_wait_ends_with_the_timeout_the_handlers_error_or_the_connection() {
    let (ours, theirs) = streams();
    let thread = worker_thread(theirs, config(None), |worker, received| match received {
        Received::Request(call, payload) if payload == b"fail" => {
            let error = RemoteError::with_code("ERR_TEST", "the handler failed".to_owned());
            worker.channel().connection.borrow_mut().exchange.fail(*call, &error);
            worker.schedule_write();
        }
        Received::Request(_, payload) if payload == b"leave" => worker.close(),
        _ => {}
    });
    let host = host_of(ours, &config(None));
    let late = request_within(&host, "echo", b"wait", Timeout::PerCall(Some(MILLI * 20)));
    assert_eq!(host.wait_for(late), RequestOutcome::TimedOut(MILLI * 20));
    let failed = request(&host, "echo", b"fail");
    let outcome = host.wait_for(failed);
    let RequestOutcome::RemoteError(payload) = outcome else { panic!("{outcome:?}") };
    assert!(String::from_utf8(bytes(&host, payload)).unwrap().contains("ERR_TEST"));
    let lost = request(&host, "echo", b"leave");
    assert_eq!(host.wait_for(lost), RequestOutcome::Lost(None));
    host.on_readable();
    assert!(host.user().take().contains(&Received::End { mid_frame: false }), "the end is still reported");
    thread.join().unwrap();
}

#[test]
fn more_messages_than_a_blocked_host_keeps_end_its_wait() {
    let (ours, theirs) = streams();
    let wide = Config { limit: 32 << 20, window: Amount { messages: 100, bytes: 1 << 30 }, ..config(None) };
    let thread = worker_thread(theirs, wide.clone(), |worker, received| {
        if let Received::Request(..) = received {
            for _ in 0..5 {
                notify(worker, "lookup", &vec![7; 16 << 20]);
            }
        }
    });
    let host = host_of(ours, &wide);
    let slot = request(&host, "echo", b"1");
    let outcome = host.wait_for(slot);
    assert!(matches!(outcome, RequestOutcome::Refused { code: "ERR_SYNC_OVERFLOW", .. }), "{outcome:?}");
    host.on_readable();
    run_until(&[&host], || host.user().received.borrow().len() == 5);
    let is_whole = |received: &Received| matches!(received, Received::Notification(bytes) if bytes.len() == 16 << 20);
    assert!(host.user().take().iter().all(is_whole), "the messages themselves are delivered");
    host.close();
    thread.join().unwrap();
}

#[test]
fn a_process_that_exits_writes_all_its_output_first() {
    let (ours, theirs) = streams();
    let small = Config { limit: 16 << 20, window: Amount { messages: 2, bytes: 1 << 20 }, ..config(None) };
    let (begin, begun) = channel();
    let thread = worker_thread(theirs, small.clone(), move |_, received| {
        if let Received::Notification(_) = received {
            begin.send(()).unwrap();
        }
    });
    let host = host_of(ours, &small);
    for _ in 0..6 {
        notify(&host, "load", &vec![1; 4 << 20]);
    }
    host.flush_blocking(WATCHDOG);
    assert_eq!(host.channel().connection.borrow().pending_bytes(), 0, "also what had no grant");
    host.close();
    assert_eq!(thread.join().unwrap().len(), 8, "ready, six messages, the end");
    assert_eq!(begun.try_iter().count(), 6);
}

#[test]
fn a_peer_that_reads_nothing_does_not_hold_up_an_exit_for_longer_than_the_timeout() {
    let (ours, _theirs) = streams();
    let host = host_without_peer(ours);
    for _ in 0..8 {
        notify(&host, "load", &vec![1; 1 << 20]);
    }
    let start = Instant::now();
    host.flush_blocking(MILLI * 20);
    assert!(start.elapsed() >= MILLI * 20);
    assert!(host.channel().connection.borrow().pending_bytes() > 0);
}

fn host_without_peer(stream: Stream) -> std::rc::Rc<Driver> {
    let host = host(&drivers(), stream, &Config { limit: 16 << 20, ..config(None) });
    host.user().real_since.set(Some(Instant::now()));
    host
}

fn wide() -> Config {
    Config { limit: 16 << 20, ..config(None) }
}

fn starting(stream: Stream) -> std::rc::Rc<Driver> {
    let worker = new_driver(&drivers(), stream, Connection::worker());
    worker.user().real_since.set(Some(Instant::now()));
    worker
}

#[test]
fn a_worker_reads_its_start_up_data_before_it_serves_and_messages_after() {
    let (ours, theirs) = streams();
    let data = format!("\"{}\"", "x".repeat(2 << 20));
    let thread = {
        let data = data.clone();
        thread::spawn(move || {
            let connection = Connection::host(&wide(), Some(data.as_bytes()), ["lookup"], Duration::ZERO).unwrap();
            let host = new_driver(&drivers(), ours, connection);
            user::attach(&host, RefMode::InFlight);
            notify(&host, "echo", b"early");
            run_until(&[&host], || host.user().received.borrow().contains(&Received::Ready));
        })
    };
    let worker = starting(theirs);
    assert_eq!(worker.read_startup_data(Some(WATCHDOG)).unwrap(), Some(data.into_bytes()));
    assert_eq!(worker.read_startup_data(None).unwrap(), None, "it is given once");
    worker.with_events(|connection, events| {
        connection.serve(&wide(), ["echo"], Duration::ZERO, events).unwrap();
    });
    user::attach(&worker, RefMode::Always);
    worker.on_readable();
    run_until(&[&worker], || worker.user().received.borrow().len() >= 2);
    assert_eq!(worker.user().take()[..2], [Received::Ready, Received::Notification(b"early".to_vec())]);
    thread.join().unwrap();
}

#[test]
fn a_worker_without_a_host_stops_waiting_for_start_up_data() {
    let (ours, theirs) = streams();
    let worker = starting(theirs);
    let start = Instant::now();
    let error = worker.read_startup_data(Some(MILLI * 20)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(start.elapsed() >= MILLI * 20);
    drop(ours);
    assert_eq!(worker.read_startup_data(None).unwrap(), None, "its host has left");
}
