//! The pipes of Windows: private pairs, the tokio engine, lifelines, and the pipes of detached workers.
#![cfg(windows)]

use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use isolated_workers::engine::tokio::IoThread;
use isolated_workers::sys::attach_socket::{Admitted, Listener, Purpose, Refusal, connect_worker};
use isolated_workers::sys::lifeline::{Pulse, Signal, WorkerEnd, lifeline};
use isolated_workers::sys::path_lock::{TOKEN, Unclaimed, claim, release, token_file};
use isolated_workers::sys::{ChildEnd, Stream, Until, adopt, open, pair};

const WATCHDOG: Duration = Duration::from_secs(20);

fn address(end: &ChildEnd) -> String {
    end.address().expect("an address")
}

fn child(end: &ChildEnd) -> Stream {
    adopt(open(&address(end)).expect("it waits")).expect("it was opened")
}

fn read(stream: &Stream, wanted: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < wanted {
        let mut buffer = [0; 4096];
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(stream.wait(Until::Readable, Some(WATCHDOG)).expect("it is open"), "nothing came");
            }
            Err(error) => panic!("{error}"),
        }
    }
    all
}

/// Writes until the bytes are written; another thread reads.
fn write(stream: &Stream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(stream.wait(Until::Writable, Some(WATCHDOG)).expect("it is open"), "nobody reads");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn both_ends_of_a_pair_read_what_the_other_writes_and_then_its_end() {
    let (ours, theirs) = pair().expect("a pair");
    assert_eq!(ours.try_read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(ours.try_write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock, "nobody is there yet");
    let peer = child(&theirs);
    write(&ours, b"to the child");
    assert_eq!(read(&peer, 12), b"to the child");
    write(&peer, b"to the host");
    assert_eq!(read(&ours, 11), b"to the host");
    write(&peer, b"last");
    drop(peer);
    assert_eq!(read(&ours, 5), b"last", "and then the end");
    assert_eq!(ours.try_read(&mut [0; 8]).expect("the end"), 0);
}

#[test]
fn many_bytes_pass_in_both_directions_at_once() {
    const LENGTH: usize = 3 << 20;
    let (ours, theirs) = pair().expect("a pair");
    let peer = child(&theirs);
    let bytes: Vec<u8> = (0..LENGTH).map(|at| (at * 7 % 251) as u8).collect();
    let pump = |stream: &Stream| {
        let (mut written, mut got) = (0, Vec::new());
        let mut buffer = vec![0; 1 << 16];
        while written < LENGTH || got.len() < LENGTH {
            let mut moved = false;
            if let Ok(count) = stream.try_write(&bytes[written..]) {
                written += count;
                moved = count > 0;
            }
            if let Ok(count) = stream.try_read(&mut buffer) {
                got.extend_from_slice(&buffer[..count]);
                moved = true;
            }
            if !moved {
                let until = if written < LENGTH { Until::Either } else { Until::Readable };
                assert!(stream.wait(until, Some(WATCHDOG)).expect("it is open"), "{written} and {}", got.len());
            }
        }
        assert!(got == bytes);
    };
    thread::scope(|scope| {
        scope.spawn(|| pump(&peer));
        pump(&ours);
    });
}

#[test]
fn a_pair_admits_one_client_and_only_with_the_secret() {
    let (ours, theirs) = pair().expect("a pair");
    let right = address(&theirs);
    let wrong = format!("{}:{}", right.rsplit_once(':').expect("a secret").0, "0".repeat(64));
    // It connects, shows another secret and is disconnected.
    let stranger = adopt(open(&wrong).expect("it waits")).expect("it was opened");
    assert_eq!(read(&stranger, 1), b"", "it is turned away");
    let peer = child(&theirs);
    write(&ours, b"x");
    assert_eq!(read(&peer, 1), b"x");
    assert!(open(&right).is_err(), "there is one client");
}

#[test]
fn the_hosts_end_ends_if_no_child_will_come() {
    let (ours, theirs) = pair().expect("a pair");
    let theirs = theirs.started().expect("it is kept until the child has ended");
    assert!(!ours.wait(Until::Readable, Some(Duration::ZERO)).expect("it waits"));
    drop(theirs);
    assert!(ours.wait(Until::Readable, Some(WATCHDOG)).expect("it ends"));
    assert_eq!(ours.try_read(&mut [0; 8]).expect("the end"), 0);
    assert_eq!(ours.try_write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn the_engine_wakes_its_owner_for_input_and_for_room() {
    let (ours, theirs) = pair().expect("a pair");
    let mut engine = IoThread::start().expect("a thread");
    let (sender, woken) = channel();
    let watch = engine.watch(ours, move || sender.send(()).expect("it is waited for")).expect("it is watched");
    let wait_for = |what: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !what() {
            woken.recv_timeout(WATCHDOG.saturating_sub(start.elapsed())).expect("a wake");
        }
    };
    let peer = child(&theirs);
    write(&peer, b"hello");
    let mut buffer = [0; 8];
    wait_for(&|| watch.take().readable() && watch.stream().wait(Until::Readable, Some(Duration::ZERO)).unwrap());
    assert_eq!(watch.stream().try_read(&mut buffer).expect("input"), 5);
    assert_eq!(watch.stream().try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    let full = vec![1; 1 << 16];
    let mut written = 0;
    while let Ok(count) = watch.stream().try_write(&full) {
        written += count;
    }
    watch.want_write();
    let reader = thread::spawn(move || read(&peer, written + full.len()));
    // The write that was under way; the engine may wake its owner too often, but not too rarely.
    wait_for(&|| {
        let is_told = watch.take().writable();
        let written = is_told && watch.stream().try_write(&[1; 1 << 16]).is_ok_and(|count| count == 1 << 16);
        if is_told && !written {
            watch.want_write();
        }
        written
    });
    drop(watch);
    assert_eq!(reader.join().expect("it reads").len(), written + (1 << 16));
    engine.stop();
}

#[test]
fn a_lifeline_carries_pings_connections_and_the_end() {
    let (mut host, theirs) = lifeline().expect("a lifeline");
    host.give_token("abcd").expect("it fits");
    assert_eq!(host.ping().unwrap_err().kind(), ErrorKind::WouldBlock, "the worker is not there yet");
    let worker = WorkerEnd::adopt(open(&address(&theirs)).expect("it waits")).expect("it was opened");
    assert_eq!(worker.take_token().expect("it came first"), "abcd");
    while host.ping().is_err() {
        thread::yield_now();
    }
    let Signal::Ping(number) = worker.next() else { panic!("a ping was sent") };
    worker.answer(number, Some(Duration::from_millis(7)));
    worker.report_debugged(true);
    let start = Instant::now();
    let pulse = loop {
        match host.pulse() {
            Ok(pulse) => break pulse,
            Err(_) => assert!(start.elapsed() < WATCHDOG, "no answer"),
        }
    };
    assert_eq!(pulse, Pulse::Busy(Duration::from_millis(7)));
    while !host.is_debugged() {
        assert!(start.elapsed() < WATCHDOG, "no report");
    }
    let (ours, end) = pair().expect("a pair");
    host.pass(&end).expect("there is room");
    drop(end);
    let Signal::Stream(stream) = worker.next() else { panic!("a connection was sent") };
    write(&stream, b"over the new one");
    assert_eq!(read(&ours, 16), b"over the new one");
    drop(host);
    assert!(matches!(worker.next(), Signal::End));
}

#[test]
fn a_named_pipe_is_claimed_once_and_admits_hosts_with_its_token() {
    let path = format!(r"\\.\pipe\isolated-workers-test-{}-A.b", std::process::id());
    let path = Path::new(&path);
    let token = "ab".repeat(TOKEN / 2);
    let claimed = claim(path, &token, false).expect("it is free");
    let second = claim(path, &"cd".repeat(TOKEN / 2), false);
    assert!(matches!(second, Err(Unclaimed::Live)), "{second:?}");
    assert_eq!(std::fs::read_to_string(token_file(path)).expect("a token"), token);
    let address = claimed.address().expect("an address");
    assert!(Listener::open(&address, &"cd".repeat(TOKEN / 2)).is_err(), "another token is there");
    let listener = Listener::adopt(Listener::open(&address, &token).expect("it is claimed")).expect("it was opened");
    let tokens = [token.clone(), "0".repeat(TOKEN), token.clone()];
    let own = token.clone();
    let server = thread::spawn(move || {
        let mut admitted = Vec::new();
        for (index, _) in tokens.iter().enumerate() {
            let enter = |take_over| if take_over || index == 0 { Ok(()) } else { Err(Refusal::Occupied) };
            admitted.push(listener.accept().admit(&own, enter));
        }
        admitted
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let connect = |token: &str| {
        let purpose = Purpose::Messages { take_over: false };
        runtime.block_on(connect_worker(path, token, purpose)).expect("it listens")
    };
    // The worker is this very process, which counts as none.
    assert!(matches!(connect(&token), Err(Refusal::NoWorker)));
    assert!(matches!(connect(&"0".repeat(TOKEN)), Err(Refusal::WrongToken)));
    assert!(matches!(connect(&token), Err(Refusal::Occupied)));
    let admitted = server.join().expect("it accepts");
    assert!(matches!(admitted[0], Ok(Admitted::Messages(_))));
    assert!(matches!(admitted[1..], [Err(Refusal::WrongToken), Err(Refusal::Occupied)]));
    drop((claimed, admitted));
    assert!(matches!(release(path, &"cd".repeat(TOKEN / 2)), Ok(false)));
    assert!(matches!(release(path, &token), Ok(true)));
    assert!(!token_file(path).exists());
    let none = runtime.block_on(connect_worker(path, &token, Purpose::Lifeline));
    assert!(none.is_err_and(|error| error.kind() == ErrorKind::NotFound));
}
