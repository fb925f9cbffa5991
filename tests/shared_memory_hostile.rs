//! Large segments beside the stream, from peers that do not keep to the protocol.
#![cfg(target_os = "linux")]

mod beside;

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use isolated_workers::protocol::multipart::ShmRange;
use isolated_workers::shm::{ShmReceiver, ShmSender};
use isolated_workers::sys::mapping::Mapping;
use isolated_workers::sys::memory::Memory;

use beside::{LIMIT, NOW, copy, given, hold, mapping_of, mappings_of};

#[test]
fn places_that_lie_are_refused() {
    let memory = mapping_of(10_000, 7);
    let id = memory.memory().id();
    for (offset, length) in [(9_999, 2), (10_001, 0), (u64::MAX, 1), (1, u64::MAX), (0, 10_001), (1 << 40, 1)] {
        let mut intake = given(hold(&memory));
        let error = copy(&mut intake, ShmRange { memory: id, offset, length }).expect_err("a lie");
        assert!(error.contains("does not lie in") || error.contains("limit"), "{error}");
        assert_eq!(
            copy(&mut intake, ShmRange { memory: id, offset: 9_999, length: 1 }),
            Ok(vec![7]),
            "the next is read"
        );
    }
    let error = copy(&mut given(hold(&memory)), ShmRange { memory: id + 1, offset: 0, length: 1 }).expect_err("a lie");
    assert!(error.contains("did not come with it"), "{error}");
}

#[test]
fn what_is_no_memory_is_closed_unread() {
    let (socket, mut other) = UnixStream::pair().expect("sockets");
    let file = File::open("/proc/self/exe").expect("a file");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut intake = ShmReceiver::default();
    intake.add(vec![socket.into(), file.into(), reader.into(), writer.into()], 1);
    for memory in 0..100 {
        assert!(intake.take(memory, u64::MAX).is_err());
    }
    assert_eq!(other.read(&mut [0]).expect("the other end is closed"), 0);
}

#[test]
fn a_memory_cannot_be_cut_short_and_one_that_could_be_is_none() {
    let mapping = mapping_of(10_000, 7);
    for size in [0, 9_999, 10_001] {
        assert!(rustix::fs::ftruncate(mapping.memory(), size).is_err(), "{size}");
    }
    let unsealed = rustix::fs::memfd_create("x", rustix::fs::MemfdFlags::ALLOW_SEALING).expect("memory");
    rustix::fs::ftruncate(&unsealed, 10_000).expect("it is not sealed");
    let id = rustix::fs::fstat(&unsealed).expect("it is open").st_ino;
    assert!(given(unsealed).take(id, u64::MAX).is_err());
    assert!(Mapping::create(0).is_err());
}

#[test]
fn a_memory_that_is_written_while_it_is_read_or_emptied_before_gives_bytes() {
    let memory = mapping_of(100_000, 7);
    let range = ShmRange { memory: memory.memory().id(), offset: 50_000, length: 50_000 };
    let mut intake = given(hold(&memory));
    assert_eq!(copy(&mut intake, range), Ok(vec![7; 50_000]));
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let memory = hold(&memory);
        let is_done = &is_done;
        scope.spawn(move || {
            let mapping = Mapping::of(Memory::adopt(memory).expect("memory")).expect("a range for it");
            for fill in (0..2).cycle() {
                mapping.write(0, &vec![fill; 100_000]);
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..100 {
            let bytes = copy(&mut intake, range).expect("it is there");
            assert!(bytes.iter().all(|byte| [0, 1, 7].contains(byte)));
        }
        is_done.store(true, Ordering::Relaxed);
    });
    memory.memory().trim(4096);
    assert_eq!(copy(&mut intake, range), Ok(vec![0; 50_000]));
}

#[test]
fn more_memories_than_are_announced_are_let_go() {
    let mut intake = ShmReceiver::default();
    let memories: Vec<_> = (0..300).map(|_| mapping_of(1, 1)).collect();
    for (received, memory) in (1..).zip(&memories) {
        intake.add(vec![hold(memory)], received);
    }
    assert!(intake.take(memories[299].memory().id(), 1).is_err(), "that was one too many");
    assert!(intake.take(memories[200].memory().id(), 1).is_ok());
    assert!(intake.take(memories[200].memory().id(), 1).is_err(), "a memory comes once");
    intake.settle(100);
    assert!(intake.take(memories[99].memory().id(), 1).is_err());
    assert!(intake.take(memories[100].memory().id(), 1).is_ok());
}

#[test]
fn a_peer_that_says_it_has_read_what_was_not_sent_harms_only_itself() {
    let mut outbox = ShmSender::new(usize::MAX);
    outbox.prepare(NOW);
    let first = outbox.put(&[1; 70_000]).expect("memory");
    outbox.commit(0, 10);
    let memory = outbox.memory().expect("a memory");
    for lie in [u64::MAX, 11, 1 << 63] {
        memory.set_number(lie);
        outbox.prepare(NOW);
        assert_eq!(outbox.put(&[2; 70_000]).expect("memory"), first);
        outbox.commit(0, 10);
    }
}

#[test]
fn a_peer_that_names_the_same_bytes_again_and_again_is_stopped_at_what_a_lane_holds() {
    let memory = mapping_of(1 << 20, 7);
    let mut intake = given(hold(&memory));
    let range = ShmRange { memory: memory.memory().id(), offset: 0, length: 1 << 20 };
    for _ in 0..64 {
        assert!(intake.find(range, LIMIT, LIMIT).is_ok());
    }
    let error = intake.find(range, LIMIT, LIMIT).expect_err("that is more than there can be");
    assert!(error.contains("more at once than a peer may use"), "{error}");
    intake.settle(10);
    assert!(intake.find(range, LIMIT, LIMIT).is_ok());
}

#[test]
fn a_memory_that_is_larger_than_its_part_may_be_is_not_mapped() {
    let memory = Memory::create(1 << 40).expect("address space only");
    let id = memory.id();
    let hold = || memory.as_fd().try_clone_to_owned().expect("a descriptor");
    let error = given(hold()).take(id, 4096).expect_err("it is larger");
    assert!(error.contains("1099511627776 bytes") && error.contains("4096"), "{error}");
    let range = ShmRange { memory: id, offset: 4096, length: 10 };
    let error = given(hold()).find(range, LIMIT, LIMIT).expect_err("no sender makes such a lane");
    assert!(error.contains("1099511627776 bytes"), "{error}");
    assert_eq!(mappings_of(id), 0);
}
