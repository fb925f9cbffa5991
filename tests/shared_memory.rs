//! Large segments beside the stream: real memories through real sockets, from peers that keep to the protocol and that do not.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use isolated_workers::protocol::multipart::ShmRange;
use isolated_workers::reuse::{Budget, Kept, MOST};
use isolated_workers::shm::{ShmReceiver, ShmSender};
use isolated_workers::sys::mapping::Mapping;
use isolated_workers::sys::memory::Memory;
use isolated_workers::sys::{Stream, adopt, pair};

const NOW: Duration = Duration::ZERO;
const LIMIT: usize = 1 << 20;

fn ends() -> (Stream, Stream) {
    let (ours, theirs) = pair().expect("a socket pair");
    // SAFETY: the descriptor was duplicated for this stream alone.
    let theirs = unsafe { BorrowedFd::borrow_raw(theirs.fd()) }.try_clone_to_owned().expect("a descriptor");
    (ours, adopt(theirs.into_raw_fd()).expect("the other end"))
}

/// Writes one frame of `length` bytes whose range in the stream is `start`, and what goes beside it.
fn send(stream: &Stream, outbox: &mut ShmSender, start: u64, length: usize) {
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

fn receive(stream: &Stream, intake: &mut ShmReceiver, received: &mut u64) {
    let mut passed = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = stream.try_read_passed(&mut buffer, &mut passed) {
        *received += read as u64;
        intake.add(std::mem::take(&mut passed), *received);
    }
}

fn copy(intake: &mut ShmReceiver, range: ShmRange) -> Result<Vec<u8>, String> {
    let (length, _) = intake.find(range, LIMIT, LIMIT)?;
    let mut bytes = vec![MaybeUninit::new(0); length];
    assert!(intake.copy(range, &mut bytes));
    // SAFETY: all of them are initialised.
    Ok(bytes.into_iter().map(|byte| unsafe { byte.assume_init() }).collect())
}

fn given(descriptor: impl Into<OwnedFd>) -> ShmReceiver {
    let mut intake = ShmReceiver::default();
    intake.add(vec![descriptor.into()], 1);
    intake
}

fn mapping_of(length: usize, fill: u8) -> Mapping {
    let mapping = Mapping::create(length).expect("memory");
    assert!(mapping.write(0, &vec![fill; length]));
    mapping
}

fn hold(mapping: &Mapping) -> OwnedFd {
    mapping.memory().as_fd().try_clone_to_owned().expect("a descriptor")
}

#[test]
fn parts_come_as_they_were_sent_and_their_memory_is_used_again() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (ShmSender::new(usize::MAX), ShmReceiver::default());
    let (mut start, mut received) = (0, 0);
    let mut places = Vec::new();
    for round in 0..200_u8 {
        let segment = vec![round; 100_000];
        outbox.prepare(NOW);
        let range = outbox.put(&segment).expect("memory");
        send(&here, &mut outbox, start, 100);
        start += 100;
        receive(&there, &mut intake, &mut received);
        assert_eq!(copy(&mut intake, range).expect("the segment"), segment);
        intake.settle(received);
        places.push(range);
    }
    assert!(places.iter().all(|range| *range == places[0]), "{places:?}");
}

#[test]
fn what_was_not_read_is_not_overwritten_and_a_frame_that_was_dropped_frees_its_part() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (ShmSender::new(usize::MAX), ShmReceiver::default());
    let mut received = 0;
    let mut sent = Vec::new();
    for number in 0..20_u8 {
        outbox.prepare(NOW);
        sent.push((outbox.put(&vec![number; 70_000]).expect("memory"), number));
        send(&here, &mut outbox, u64::from(number) * 10, 10);
    }
    receive(&there, &mut intake, &mut received);
    for (range, number) in &sent[10..] {
        assert_eq!(copy(&mut intake, *range).expect("the segment"), vec![*number; 70_000]);
    }
    // The first ten were never looked at.
    intake.settle(received);
    outbox.prepare(NOW);
    assert_eq!(outbox.put(&[1; 70_000]).expect("memory"), sent[0].0);
}

#[test]
fn a_memory_that_is_lost_on_the_way_comes_again_with_the_next_frame() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (ShmSender::new(usize::MAX), ShmReceiver::default());
    let mut received = 0;
    outbox.prepare(NOW);
    let first = outbox.put(&[1; 70_000]).expect("memory");
    send(&here, &mut outbox, 0, 10);
    // As by a process that has no descriptors left: what comes beside the bytes is gone.
    let mut buffer = [0; 100];
    received += there.try_read(&mut buffer).expect("a frame") as u64;
    let error = copy(&mut intake, first).expect_err("it is lost");
    assert!(error.contains("did not come with it"), "{error}");
    intake.settle(received);
    outbox.prepare(NOW);
    let second = outbox.put(&[2; 70_000]).expect("memory");
    send(&here, &mut outbox, 10, 10);
    receive(&there, &mut intake, &mut received);
    assert_eq!(copy(&mut intake, second).expect("the segment"), [2; 70_000]);
}

#[test]
fn memory_that_was_not_used_for_a_while_is_given_back() {
    let (here, there) = ends();
    static BUDGET: Budget = Budget::new(MOST);
    let (mut outbox, mut intake) = (ShmSender::with(usize::MAX, Kept::of(&BUDGET)), ShmReceiver::default());
    let mut received = 0;
    outbox.prepare(NOW);
    let range = outbox.put(&vec![1; 8 << 20]).expect("memory");
    send(&here, &mut outbox, 0, 10);
    receive(&there, &mut intake, &mut received);
    intake.find(range, 8 << 20, 8 << 20).expect("the segment");
    let memory = outbox.memory().expect("a memory");
    let pages = || rustix::fs::fstat(memory.memory()).expect("it is open").st_blocks * 512;
    assert!(pages() >= 8 << 20);
    let deadline = outbox.next_deadline().expect("something to give back");
    outbox.trim(deadline);
    assert!(pages() >= 8 << 20, "the peer has not read it yet");
    assert_eq!(BUDGET.kept(), 0, "it is in use");
    intake.settle(received);
    outbox.trim(outbox.next_deadline().expect("still something"));
    assert!(pages() >= 8 << 20, "it is kept for a while");
    assert_eq!(BUDGET.kept(), 8 << 20);
    outbox.trim(outbox.next_deadline().expect("still something"));
    assert!(pages() <= 2 << 20, "{}", pages());
    assert_eq!(outbox.next_deadline(), None);
    assert!(BUDGET.kept() <= 1 << 20);
    drop(outbox);
    assert_eq!(BUDGET.kept(), 0);
}

#[test]
fn many_connections_together_keep_no_more_than_the_process_may() {
    static BUDGET: Budget = Budget::new(4 << 20);
    let mut connections: Vec<_> = (0..8)
        .map(|_| {
            let (here, there) = ends();
            let (mut outbox, mut intake) = (ShmSender::with(usize::MAX, Kept::of(&BUDGET)), ShmReceiver::default());
            let mut received = 0;
            outbox.prepare(NOW);
            let range = outbox.put(&vec![1; 900 << 10]).expect("memory");
            send(&here, &mut outbox, 0, 10);
            receive(&there, &mut intake, &mut received);
            intake.find(range, 1 << 20, 1 << 20).expect("the segment");
            intake.settle(received);
            (outbox, intake, here, there)
        })
        .collect();
    for (outbox, ..) in &mut connections {
        outbox.trim(outbox.next_deadline().expect("it may be over the bound"));
    }
    let pages = |outbox: &ShmSender| {
        rustix::fs::fstat(outbox.memory().expect("a memory").memory()).expect("it is open").st_blocks * 512
    };
    let all: i64 = connections.iter().map(|(outbox, ..)| pages(outbox)).sum();
    // A memory keeps its header, and the page in which the kept part ends.
    assert!(all <= (4 << 20) + 8 * 2 * 4096, "{all}");
    assert_eq!(BUDGET.kept(), 4 << 20);

    // The last one got nothing. Its next segment takes new pages, and it keeps them when another one needs its own again.
    let deadline = connections[7].0.next_deadline();
    assert_eq!(deadline, None, "it has released all");
    connections[0].0.prepare(NOW);
    assert!(BUDGET.kept() < 4 << 20, "what is in use is not kept");
    let (outbox, intake, here, there) = &mut connections[7];
    outbox.prepare(NOW);
    let range = outbox.put(&vec![2; 900 << 10]).expect("memory");
    send(here, outbox, 10, 10);
    let mut received = 10;
    receive(there, intake, &mut received);
    assert_eq!(copy(intake, range).expect("the segment"), vec![2; 900 << 10]);
    intake.settle(received);
    outbox.trim(outbox.next_deadline().expect("it is to be kept"));
    assert!(pages(outbox) >= 900 << 10);
    drop(connections);
    assert_eq!(BUDGET.kept(), 0);
}

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
fn a_frame_that_is_not_written_passes_nothing() {
    let mut outbox = ShmSender::new(usize::MAX);
    outbox.prepare(NOW);
    let range = outbox.put(&[1; 70_000]).expect("memory");
    outbox.undo();
    let (length, beside) = outbox.next(0, 10);
    assert!(length == 10 && beside.is_empty());
    outbox.prepare(NOW);
    assert_eq!(outbox.put(&[1; 70_000]), Some(range));
    outbox.commit(50, 60);
    let (length, beside) = outbox.next(0, 60);
    assert!(length == 50 && beside.is_empty());
    let (length, beside) = outbox.next(50, 10);
    assert!(length == 10 && beside.len() == 1);
}

/// How often this process has mapped a memory.
fn mappings_of(id: u64) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the list of what is mapped");
    let is_it =
        |line: &&str| line.contains("isolated-workers") && line.split_whitespace().nth(4) == Some(&id.to_string());
    maps.lines().filter(is_it).count()
}

#[test]
fn a_mapping_is_seen_by_all_who_have_it_and_unmapped_by_each() {
    let ours = Mapping::create(10_000).expect("memory");
    let theirs = Mapping::of(Memory::adopt(hold(&ours)).expect("memory")).expect("a range for it");
    assert!(ours.start() != theirs.start() && theirs.length() == 10_000);
    assert!(ours.write(9_999, &[7]));
    let last = |mapping: &Mapping| {
        let mut byte = [MaybeUninit::new(0)];
        assert!(mapping.read(9_999, &mut byte));
        // SAFETY: it is initialised.
        unsafe { byte[0].assume_init() }
    };
    assert_eq!(last(&theirs), 7);
    let id = ours.memory().id();
    assert_eq!(mappings_of(id), 2);
    drop(ours);
    assert_eq!(mappings_of(id), 1);
    assert_eq!(last(&theirs), 7);
    drop(theirs);
    assert_eq!(mappings_of(id), 0);
}

#[test]
fn a_part_lies_in_a_mapping_or_does_not() {
    let mapping = Mapping::create(10_000).expect("memory");
    assert_eq!(mapping.range(9_999, 1), Some(mapping.start().wrapping_add(9_999)));
    assert!(mapping.range(10_000, 0).is_some() && mapping.range(10_000, 1).is_none());
    assert!(mapping.range(u64::MAX, 1).is_none() && mapping.range(1, usize::MAX).is_none());
    assert!(!mapping.write(9_999, &[1, 2]) && !mapping.read(9_999, &mut [MaybeUninit::new(0); 2]));
}

#[test]
fn a_part_larger_than_the_lane_gets_a_memory_of_its_own_size() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (ShmSender::new(usize::MAX), ShmReceiver::default());
    let mut received = 0;
    let mut ids = Vec::new();
    for (number, length) in [70_000, 100 << 20, 70_000].into_iter().enumerate() {
        outbox.prepare(NOW);
        let range = outbox.put(&vec![5; length]).expect("memory");
        send(&here, &mut outbox, number as u64 * 10, 10);
        receive(&there, &mut intake, &mut received);
        assert_eq!(intake.find(range, usize::MAX, usize::MAX).map(|(bytes, _)| bytes), Ok(length));
        intake.settle(received);
        ids.push(range.memory);
    }
    assert!(ids[0] != ids[1] && ids[1] == ids[2]);
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
