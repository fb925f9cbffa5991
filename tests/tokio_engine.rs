//! The `tokio` engine with real sockets: it tells readiness, the owner moves the bytes.
#![cfg(unix)]

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use isolated_workers::engine::tokio::{IoThread, Watch};
use isolated_workers::sys::{self, ChildEnd};

const WATCHDOG: Duration = Duration::from_secs(20);

/// The child's end as a blocking socket of this process.
fn peer(end: &ChildEnd) -> UnixStream {
    // SAFETY: the descriptor is open; a copy of it is made before `end` closes its own.
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(end.fd()) };
    UnixStream::from(borrowed.try_clone_to_owned().unwrap())
}

fn watched(io: &IoThread) -> (Watch, Receiver<()>, UnixStream) {
    let (ours, theirs) = sys::pair().unwrap();
    let peer = peer(&theirs);
    let (woken, wakes) = channel();
    let watch = io.watch(ours, move || woken.send(()).unwrap_or_default()).unwrap();
    (watch, wakes, peer)
}

fn read_all(watch: &Watch, into: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match watch.stream().try_read(&mut buffer) {
            Ok(0) => return false,
            Ok(count) => into.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn what_comes_wakes_the_owner_until_the_end_has_come() {
    let io = IoThread::start().unwrap();
    let (watch, wakes, mut peer) = watched(&io);
    let sender = std::thread::spawn(move || {
        for round in 0..1000_u32 {
            peer.write_all(&round.to_le_bytes()).unwrap();
        }
    });
    let mut seen = Vec::new();
    let mut open = true;
    while open {
        wakes.recv_timeout(WATCHDOG).expect("the owner is woken for what comes, and for the end");
        if watch.take().readable() {
            open = read_all(&watch, &mut seen);
        }
    }
    sender.join().unwrap();
    let expected: Vec<u8> = (0..1000_u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_closed_stream_does_not_keep_the_thread_from_others() {
    let io = IoThread::start().unwrap();
    let (first, wakes, peer) = watched(&io);
    drop(peer);
    wakes.recv_timeout(WATCHDOG).unwrap();
    let (second, wakes, mut peer) = watched(&io);
    peer.write_all(b"x").unwrap();
    wakes.recv_timeout(WATCHDOG).expect("the thread still serves");
    assert!(second.take().readable());
    drop(first);
}

#[test]
fn a_full_stream_wakes_the_owner_when_there_is_room() {
    let io = IoThread::start().unwrap();
    let (watch, wakes, mut peer) = watched(&io);
    let block = [7; 4096];
    let mut sent = 0;
    let full = loop {
        match watch.stream().try_write(&block) {
            Ok(count) => sent += count,
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(full, ErrorKind::WouldBlock);
    watch.want_write();
    let mut rest = vec![0; sent];
    peer.read_exact(&mut rest).unwrap();
    loop {
        wakes.recv_timeout(WATCHDOG).expect("room is told");
        if watch.take().writable() {
            break;
        }
    }
    assert!(watch.stream().try_write(&block).is_ok());
}

#[test]
fn a_deadline_wakes_the_owner_once_and_not_early() {
    let io = IoThread::start().unwrap();
    let (watch, wakes, _peer) = watched(&io);
    let deadline = Instant::now() + Duration::from_millis(20);
    watch.set_deadline(Some(deadline));
    loop {
        wakes.recv_timeout(WATCHDOG).expect("the deadline comes");
        if watch.take().deadline() {
            break;
        }
    }
    assert!(Instant::now() >= deadline);
}

#[test]
fn dropping_the_thread_with_open_watches_joins_it() {
    let io = IoThread::start().unwrap();
    let (watch, _wakes, _peer) = watched(&io);
    drop(io);
    drop(watch);
}

#[test]
fn only_an_open_socket_is_adopted() {
    assert!(sys::adopt(1).is_err());
    assert!(sys::adopt(1_000_000).is_err());
    let file = std::fs::File::open("/dev/null").unwrap().into_raw_fd();
    assert!(sys::adopt(file).is_err());
    // SAFETY: `adopt` refused it, so it is still this test's own.
    drop(unsafe { OwnedFd::from_raw_fd(file) });
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let stream = sys::adopt(ours.into_raw_fd()).unwrap();
    assert_eq!(stream.try_read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
}
