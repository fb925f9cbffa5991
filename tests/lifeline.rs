//! Both ends of a lifeline with real sockets, and the thread that guards a worker.
#![cfg(unix)]

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{BorrowedFd, IntoRawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use isolated_workers::liveness::debugger::Debugger;
use isolated_workers::liveness::lifeline::{Worker, guard};
use isolated_workers::sys::Until;
use isolated_workers::sys::lifeline::{HostEnd, Pulse, Signal, WorkerEnd, lifeline};
use isolated_workers::sys::{self, ChildEnd, Stream};

const WATCHDOG: Duration = Duration::from_secs(20);

/// A copy of the child's end, as a child inherits it.
fn inherited(end: &ChildEnd) -> UnixStream {
    // SAFETY: the descriptor is open; a copy of it is made before `end` closes its own.
    let borrowed = unsafe { BorrowedFd::borrow_raw(end.fd()) };
    UnixStream::from(borrowed.try_clone_to_owned().unwrap())
}

fn ends() -> (HostEnd, WorkerEnd) {
    let (host, theirs) = lifeline().unwrap();
    let worker = WorkerEnd::adopt(inherited(&theirs).into_raw_fd()).unwrap();
    (host, worker)
}

/// The next answer, which is on its way.
fn pulse(host: &mut HostEnd) -> Pulse {
    let deadline = Instant::now() + WATCHDOG;
    loop {
        match host.pulse() {
            Ok(pulse) => return pulse,
            Err(error) if error.kind() == ErrorKind::WouldBlock => assert!(Instant::now() < deadline, "no answer"),
            Err(error) => panic!("{error}"),
        }
        thread::yield_now();
    }
}

#[test]
fn an_answer_has_what_the_worker_tells_to_the_millisecond() {
    let (mut host, worker) = ends();
    let hour = Duration::from_millis(3_600_001);
    for busy in [Some(Duration::ZERO), Some(Duration::from_micros(1_999)), Some(hour), None] {
        host.ping().unwrap();
        let Signal::Ping(number) = worker.next() else { panic!("a ping was sent") };
        worker.answer(number, busy);
        let expected = busy.map_or(Pulse::Unknown, |busy| Pulse::Busy(Duration::from_millis(busy.as_millis() as u64)));
        assert_eq!(pulse(&mut host), expected);
    }
}

#[test]
fn an_answer_to_an_earlier_ping_is_none_to_a_later_one() {
    let (mut host, worker) = ends();
    host.ping().unwrap();
    let Signal::Ping(first) = worker.next() else { panic!("a ping was sent") };
    worker.answer(first, Some(Duration::from_secs(1)));
    host.ping().unwrap();
    assert_eq!(host.pulse().unwrap_err().kind(), ErrorKind::WouldBlock);
    let Signal::Ping(second) = worker.next() else { panic!("a ping was sent") };
    worker.answer(second, Some(Duration::from_secs(2)));
    assert_eq!(pulse(&mut host), Pulse::Busy(Duration::from_secs(2)));
}

#[test]
fn an_answer_may_come_byte_by_byte() {
    let (mut host, theirs) = lifeline().unwrap();
    let mut peer = inherited(&theirs);
    host.ping().unwrap();
    let mut ping = [0; 2];
    peer.read_exact(&mut ping).unwrap();
    let mut answer = vec![ping[1]];
    answer.extend_from_slice(&7_u64.to_le_bytes());
    for byte in &answer[..8] {
        peer.write_all(&[*byte]).unwrap();
        assert_eq!(host.pulse().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    peer.write_all(&answer[8..]).unwrap();
    assert_eq!(pulse(&mut host), Pulse::Busy(Duration::from_millis(7)));
}

#[test]
fn a_worker_that_floods_its_lifeline_is_a_silent_one_and_costs_its_host_no_more() {
    let (mut host, theirs) = lifeline().unwrap();
    let peer = inherited(&theirs);
    peer.set_nonblocking(true).unwrap();
    host.ping().unwrap();
    let answer = [1, 0, 0, 0, 0, 0, 0, 0, 0].repeat(1000);
    let mut sent = 0;
    // Its buffer is full: more would come as soon as something was read.
    while let Ok(count) = (&peer).write(&answer) {
        sent += count;
    }
    assert!(sent > 100_000, "{sent} bytes");
    assert_eq!(host.pulse().unwrap(), Pulse::Busy(Duration::ZERO));
    let mut later = 0;
    while let Ok(count) = (&peer).write(&answer) {
        later += count;
    }
    for _ in 0..1000 {
        assert_eq!(host.pulse().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(host.ping().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    assert!((&peer).write(&answer).is_err(), "nothing was read after {later} bytes");
}

#[test]
fn a_debugger_is_told_unasked_between_the_answers_and_to_those_who_come_later() {
    let debugger = Debugger::default();
    let (mut early, worker) = ends();
    let worker = Arc::new(worker);
    debugger.add(&worker);
    assert!(!early.is_debugged());
    early.ping().unwrap();
    let Signal::Ping(number) = worker.next() else { panic!("a ping was sent") };
    worker.answer(number, None);
    debugger.set(true);
    assert!(early.is_debugged());
    assert_eq!(early.pulse().unwrap(), Pulse::Unknown);
    let (mut late, other) = ends();
    let other = Arc::new(other);
    debugger.add(&other);
    assert!(late.is_debugged());
    drop(worker);
    debugger.set(false);
    assert!(!late.is_debugged());
    assert!(early.is_debugged(), "it was told nothing more");
    assert_eq!(early.report(), None);
}

#[test]
fn a_host_never_waits_for_a_worker_that_reads_nothing() {
    let (mut host, _worker) = ends();
    let error = (0..1_000_000).find_map(|_| host.ping().err()).expect("the buffer is full at some time");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let (_ours, theirs) = sys::pair().unwrap();
    assert_eq!(host.pass(&theirs).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_worker_that_is_gone_is_no_silent_one() {
    let (mut host, worker) = ends();
    host.ping().unwrap();
    drop(worker);
    assert_ne!(host.pulse().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_ne!(host.ping().unwrap_err().kind(), ErrorKind::WouldBlock);
    let (_ours, theirs) = sys::pair().unwrap();
    assert_ne!(host.pass(&theirs).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn connections_and_pings_come_in_the_order_they_were_sent() {
    let (mut host, worker) = ends();
    for _ in 0..3 {
        let (ours, theirs) = sys::pair().unwrap();
        host.ping().unwrap();
        host.pass(&theirs).unwrap();
        drop(theirs);
        assert!(matches!(worker.next(), Signal::Ping(_)));
        let Signal::Stream(stream) = worker.next() else { panic!("a connection was sent") };
        stream.try_write(b"over the new one").unwrap();
        assert!(ours.wait(Until::Readable, Some(WATCHDOG)).unwrap());
        let mut buffer = [0; 32];
        let count = ours.try_read(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"over the new one");
    }
    drop(host);
    assert!(matches!(worker.next(), Signal::End));
}

#[test]
fn bytes_that_mean_nothing_are_skipped() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let worker = WorkerEnd::adopt(theirs.into_raw_fd()).unwrap();
    (&ours).write_all(b"x?s\0p\x07").unwrap();
    assert!(matches!(worker.next(), Signal::Ping(7)));
}

/// Tells what the guard tells it.
struct Told(Sender<&'static str>);

impl Worker for Told {
    fn busy(&self) -> Option<Duration> {
        Some(Duration::from_millis(5))
    }

    fn connected(&self, _: Stream) {
        self.0.send("connected").unwrap();
    }

    fn orphaned(&self) {
        self.0.send("orphaned").unwrap();
    }

    fn end(&self) {
        self.0.send("end").unwrap();
    }
}

fn guarded() -> (HostEnd, Receiver<&'static str>) {
    let (host, worker) = ends();
    let (sender, told) = channel();
    guard(worker, &Debugger::default(), Told(sender)).unwrap();
    (host, told)
}

#[test]
fn a_guarded_worker_may_end_by_itself_before_it_is_ended() {
    let (mut host, told) = guarded();
    host.ping().unwrap();
    assert_eq!(pulse(&mut host), Pulse::Busy(Duration::from_millis(5)));
    let (_ours, theirs) = sys::pair().unwrap();
    host.pass(&theirs).unwrap();
    assert_eq!(told.recv_timeout(WATCHDOG), Ok("connected"));
    drop(host);
    assert_eq!(told.recv_timeout(WATCHDOG), Ok("orphaned"));
    let orphaned = Instant::now();
    assert_eq!(told.recv_timeout(WATCHDOG), Ok("end"));
    assert!(orphaned.elapsed() >= Duration::from_millis(500));
}
