//! Large segments and shared buffers of two drivers, in real memory beside a real socket.
#![cfg(target_os = "linux")]

mod pair;
mod user;

use std::mem::MaybeUninit;
use std::rc::Rc;
use std::sync::Arc;

use isolated_workers::error::Error;
use isolated_workers::io::{Bypass, SegmentSizes, Watch};
use isolated_workers::protocol::exchange::Config;
use isolated_workers::protocol::multipart::{Content, Segment, ShmRange, Writer, cut};
use isolated_workers::shm::LARGE;
use isolated_workers::sys::fd_passing::MOST_DESCRIPTORS;
use isolated_workers::sys::mapping::Mapping;
use pair::config;
use user::{Driver, Received, connected, run};

const LIMIT: usize = 1 << 20;

/// A host and a worker that share memory.
fn sharing(config: &Config) -> (Rc<Driver>, Rc<Driver>) {
    let (host, worker) = connected(config);
    for driver in [&host, &worker] {
        driver.set_bound(4 << 20);
        driver.share_memory();
    }
    (host, worker)
}

fn binary() -> Config {
    Config { limit: LIMIT, ..config(None) }
}

fn sizes(length: usize, shared: usize) -> SegmentSizes {
    SegmentSizes { length, has_large: length >= LARGE, shared }
}

/// Sends a notification with one segment; returns whether it bypassed the stream.
fn send(driver: &Driver, segment: &[u8], bypass: Bypass) -> Result<bool, Error> {
    let mut has_bypassed = false;
    driver.with_segments(sizes(segment.len(), 0), true, bypass, |mut sender, _| {
        let append = |out: &mut Vec<u8>| {
            let mut writer = Writer::new(out, 1);
            if let Some(range) = sender.as_mut().and_then(|sender| sender.put(segment)) {
                has_bypassed = true;
                return writer.in_ring(Content::Bytes, range);
            }
            writer.here(|out| {
                out.extend_from_slice(segment);
                Content::Bytes
            });
        };
        driver.channel().connection.borrow_mut().exchange.notify("load", Some(append))
    })?;
    driver.schedule_write();
    Ok(has_bypassed)
}

fn send_shared(driver: &Driver, buffers: &[Arc<Mapping>]) -> Result<(), Error> {
    let length = buffers.iter().map(|buffer| buffer.length()).sum();
    driver.with_segments(sizes(length, buffers.len()), true, Bypass::Large, |mut sender, passes| {
        assert!(passes);
        let append = |out: &mut Vec<u8>| {
            let mut writer = Writer::new(out, buffers.len());
            for buffer in buffers {
                assert!(sender.as_mut().expect("both sides share memory").pass(buffer));
                let length = buffer.length() as u64;
                writer.shared(ShmRange { memory: buffer.memory().id(), offset: 0, length });
            }
        };
        driver.channel().connection.borrow_mut().exchange.notify("load", Some(append))
    })?;
    driver.schedule_write();
    Ok(())
}

/// Has the worker copy the segments of its messages while it handles them.
fn copy_segments(worker: &Driver) -> Rc<std::cell::RefCell<Vec<Vec<u8>>>> {
    let copies = Rc::new(std::cell::RefCell::new(Vec::new()));
    let kept = Rc::clone(&copies);
    worker.user().handle(move |worker, received| {
        let Received::Notification(payload) = received else { return };
        for segment in cut(payload).expect("a payload with segments") {
            kept.borrow_mut().push(match segment {
                Segment::Here(_, bytes) => bytes.to_vec(),
                Segment::Ring(_, range) => copy_from_ring(worker, range),
                Segment::Shared(range) => copy_shared(worker, range),
            });
        }
    });
    copies
}

fn initialised(bytes: Vec<MaybeUninit<u8>>) -> Vec<u8> {
    // SAFETY: the caller has written all of them.
    bytes.into_iter().map(|byte| unsafe { byte.assume_init() }).collect()
}

fn copy_from_ring(worker: &Driver, range: ShmRange) -> Vec<u8> {
    let mut receiver = worker.channel().receiver.borrow_mut();
    let receiver = receiver.as_mut().expect("it shares memory");
    let (length, _) = receiver.find(range, LIMIT, LIMIT).expect("the segment");
    let mut bytes = vec![MaybeUninit::new(0); length];
    assert!(receiver.copy(range, &mut bytes));
    initialised(bytes)
}

fn copy_shared(worker: &Driver, range: ShmRange) -> Vec<u8> {
    let mut receiver = worker.channel().receiver.borrow_mut();
    let buffer = receiver.as_mut().expect("it shares memory").take(range.memory, range.length).expect("the buffer");
    let mut bytes = vec![MaybeUninit::new(0); buffer.length()];
    assert!(buffer.read(0, &mut bytes));
    initialised(bytes)
}

fn shared(length: usize, fill: u8) -> Arc<Mapping> {
    let mapping = Mapping::create(length).expect("memory");
    assert!(mapping.write(0, &vec![fill; length]));
    Arc::new(mapping)
}

#[test]
fn large_segments_bypass_the_socket_and_their_memory_is_used_again() {
    let (host, worker) = sharing(&binary());
    let copies = copy_segments(&worker);
    for round in 0..50_u8 {
        let segment = vec![round; 1 << 19];
        assert!(send(&host, &segment, Bypass::Large).unwrap());
        assert!(host.channel().connection.borrow().output().len() < 1000);
        run(&[&host, &worker]);
        assert_eq!(copies.take(), [segment]);
    }
    let sender = host.channel().sender.borrow();
    let memory = sender.as_ref().unwrap().memory().expect("a memory");
    assert!(memory.length() < 128 << 20);
}

#[test]
fn only_large_segments_that_may_bypass_the_socket_do() {
    let (host, worker) = sharing(&binary());
    let copies = copy_segments(&worker);
    assert!(!send(&host, &[1; LARGE - 1], Bypass::Large).unwrap());
    assert!(!send(&host, &[2; LARGE], Bypass::Nothing).unwrap());
    assert!(send(&host, &[3; LARGE], Bypass::LargeIfGranted).unwrap());
    run(&[&host, &worker]);
    assert_eq!(
        copies.take().iter().map(|bytes| (bytes[0], bytes.len())).collect::<Vec<_>>(),
        [(1, LARGE - 1), (2, LARGE), (3, LARGE)]
    );
    let error = send(&host, &vec![4; LIMIT + 1], Bypass::Large).unwrap_err();
    assert_eq!(error.code(), "ERR_MESSAGE_TOO_LARGE");
    assert!(host.channel().connection.borrow().output().is_empty());
}

#[test]
fn segments_and_their_descriptors_keep_their_order_in_a_full_socket() {
    let (host, worker) = sharing(&binary());
    let copies = copy_segments(&worker);
    let mut expected = Vec::new();
    for round in 0..60_u8 {
        // Every third one has a descriptor; the others fill the socket.
        let segment = vec![round; LARGE - 1];
        send(&host, &segment, Bypass::Large).unwrap();
        expected.push(segment);
        if round % 3 == 0 {
            send_shared(&host, &[shared(4096, round)]).unwrap();
            expected.push(vec![round; 4096]);
        }
    }
    host.drivers().flush();
    assert!(!host.channel().connection.borrow().output().is_empty(), "the socket is full");
    run(&[&host, &worker]);
    assert_eq!(copies.take(), expected);
}

#[test]
fn shared_buffers_go_to_peers_that_accept_them() {
    let (host, worker) = sharing(&binary());
    let copies = copy_segments(&worker);
    send_shared(&host, &[shared(100, 1), shared(200, 2)]).unwrap();
    run(&[&host, &worker]);
    assert_eq!(copies.take(), [vec![1; 100], vec![2; 200]]);

    let too_many: Vec<_> = (0..MOST_DESCRIPTORS).map(|_| shared(1, 1)).collect();
    let error = send_shared(&host, &too_many).unwrap_err();
    assert!(matches!(error, Error::TooManySharedBuffers { .. }), "{error}");
    send_shared(&host, &too_many[1..]).unwrap();
    let error = send_shared(&host, &[shared(LIMIT + 1, 1)]).unwrap_err();
    assert_eq!((error.code(), matches!(error, Error::SharedBuffersTooLarge { .. })), ("ERR_MESSAGE_TOO_LARGE", true));

    for refusing in [Config { shared_buffers: false, ..binary() }, Config { shared_memory: false, ..binary() }] {
        let (host, worker) = sharing(&refusing);
        let errors = [&host, &worker].map(|driver| send_shared(driver, &[shared(1, 1)]).unwrap_err().to_string());
        assert!(
            errors[0].contains("the worker does not accept") && errors[0].contains("startWorkerServer"),
            "{errors:?}"
        );
        assert!(errors[1].contains("the host does not accept") && errors[1].contains("createWorker"), "{errors:?}");
    }
}

#[test]
fn a_driver_that_shares_no_memory_uses_the_socket_and_closes_descriptors_that_come() {
    let (host, worker) = connected(&binary());
    let copies = copy_segments(&worker);
    assert!(!send(&host, &[1; LARGE], Bypass::Large).unwrap());
    run(&[&host, &worker]);
    assert_eq!(copies.take(), [vec![1; LARGE]]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let sent = worker.with_watch(|watch| {
        let beside = [std::os::fd::AsFd::as_fd(&writer)];
        watch.stream().try_write_passing(b"\0", &beside)
    });
    // A newer kernel refuses it for the receiver.
    if sent.unwrap().is_ok() {
        run(&[&host]);
    }
    drop(writer);
    assert_eq!(std::io::Read::read(&mut &reader, &mut [0]).expect("the other end is closed"), 0);
}

#[test]
fn unused_memory_is_released_by_the_timer() {
    let mut config = binary();
    config.timeouts.message = None;
    let (host, worker) = sharing(&config);
    copy_segments(&worker);
    for _ in 0..6 {
        send(&host, &vec![1; LIMIT / 2], Bypass::Large).unwrap();
    }
    run(&[&host, &worker]);
    let memory = host.channel().sender.borrow().as_ref().unwrap().memory().expect("a memory");
    let pages = || rustix::fs::fstat(memory.memory()).expect("it is open").st_blocks * 512;
    assert!(pages() > 2 << 20);
    let fire = || {
        let delay = host.with_watch(|watch| watch.timer.get()).unwrap().expect("a timer");
        host.user().time.set(host.user().time.get() + delay);
        host.on_deadline();
    };
    fire();
    assert!(pages() > 2 << 20, "the process may keep it for a while");
    fire();
    assert!(pages() <= 2 << 20, "{}", pages());
    assert_eq!(host.user().take(), [], "no request was due");
}
