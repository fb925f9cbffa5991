//! Memories beside the stream of two connected sockets.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::time::Duration;

use isolated_workers::protocol::multipart::ShmRange;
use isolated_workers::shm::{ShmReceiver, ShmSender};
use isolated_workers::sys::mapping::Mapping;
use isolated_workers::sys::{Stream, adopt, pair};

pub const NOW: Duration = Duration::ZERO;
pub const LIMIT: usize = 1 << 20;

pub fn ends() -> (Stream, Stream) {
    let (ours, theirs) = pair().expect("a socket pair");
    // SAFETY: the descriptor was duplicated for this stream alone.
    let theirs = unsafe { BorrowedFd::borrow_raw(theirs.fd()) }.try_clone_to_owned().expect("a descriptor");
    (ours, adopt(theirs.into_raw_fd()).expect("the other end"))
}

/// Writes one frame of `length` bytes whose range in the stream is `start`, and what goes beside it.
pub fn send(stream: &Stream, outbox: &mut ShmSender, start: u64, length: usize) {
    outbox.commit(start, start + length as u64);
    let frame = vec![b'f'; length];
    let mut sent = 0;
    while sent < length {
        let (count, beside) = outbox.next(start + sent as u64, length - sent);
        if beside.is_empty() {
            sent += stream.try_write(&frame[sent..sent + count]).expect("room");
        } else {
            sent += stream.try_write_passing(&frame[sent..sent + count], &beside).expect("room");
            outbox.passed();
        }
    }
}

pub fn receive(stream: &Stream, intake: &mut ShmReceiver, received: &mut u64) {
    let mut passed = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = stream.try_read_passed(&mut buffer, &mut passed) {
        *received += read as u64;
        intake.add(std::mem::take(&mut passed), *received);
    }
}

pub fn copy(intake: &mut ShmReceiver, range: ShmRange) -> Result<Vec<u8>, String> {
    let (length, _) = intake.find(range, LIMIT, LIMIT)?;
    let mut bytes = vec![MaybeUninit::new(0); length];
    assert!(intake.copy(range, &mut bytes));
    // SAFETY: all of them are initialised.
    Ok(bytes.into_iter().map(|byte| unsafe { byte.assume_init() }).collect())
}

pub fn given(descriptor: impl Into<OwnedFd>) -> ShmReceiver {
    let mut intake = ShmReceiver::default();
    intake.add(vec![descriptor.into()], 1);
    intake
}

pub fn mapping_of(length: usize, fill: u8) -> Mapping {
    let mapping = Mapping::create(length).expect("memory");
    assert!(mapping.write(0, &vec![fill; length]));
    mapping
}

pub fn hold(mapping: &Mapping) -> OwnedFd {
    mapping.memory().as_fd().try_clone_to_owned().expect("a descriptor")
}

/// How often this process has mapped a memory.
pub fn mappings_of(id: u64) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the list of what is mapped");
    let is_it =
        |line: &&str| line.contains("isolated-workers") && line.split_whitespace().nth(4) == Some(&id.to_string());
    maps.lines().filter(is_it).count()
}
