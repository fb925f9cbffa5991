//! Large parts beside the stream: real memories through real sockets, from peers that keep to the protocol and that do not.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use isolated_workers::beside::{Intake, Outbox};
use isolated_workers::parts::Place;
use isolated_workers::transport::mapping::Mapping;
use isolated_workers::transport::memory::Memory;
use isolated_workers::transport::{Stream, adopt, pair};

const NOW: Duration = Duration::ZERO;
const LIMIT: usize = 1 << 20;

fn ends() -> (Stream, Stream) {
    let (ours, theirs) = pair().expect("a socket pair");
    // SAFETY: the descriptor was duplicated for this stream alone.
    let theirs = unsafe { BorrowedFd::borrow_raw(theirs.fd()) }.try_clone_to_owned().expect("a descriptor");
    (ours, adopt(theirs.into_raw_fd()).expect("the other end"))
}

/// Writes one frame of `length` bytes whose place in the stream is `start`, and what goes beside it.
fn send(stream: &Stream, outbox: &mut Outbox, start: u64, length: usize) {
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

fn receive(stream: &Stream, intake: &mut Intake, received: &mut u64) {
    let mut passed = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = stream.try_read_passed(&mut buffer, &mut passed) {
        *received += read as u64;
        intake.add(std::mem::take(&mut passed), *received);
    }
}

fn copy(intake: &mut Intake, place: Place) -> Result<Vec<u8>, String> {
    let length = intake.look(place, LIMIT)?;
    let mut bytes = vec![MaybeUninit::new(0); length];
    intake.copy(place, &mut bytes)?;
    // SAFETY: all of them are initialised.
    Ok(bytes.into_iter().map(|byte| unsafe { byte.assume_init() }).collect())
}

fn given(descriptor: impl Into<OwnedFd>) -> Intake {
    let mut intake = Intake::default();
    intake.add(vec![descriptor.into()], 1);
    intake
}

fn memory_of(bytes: &[u8]) -> Memory {
    let memory = Memory::create().expect("memory");
    memory.write_at(bytes, 0).expect("memory");
    memory
}

fn hold(memory: &Memory) -> OwnedFd {
    memory.as_fd().try_clone_to_owned().expect("a descriptor")
}

#[test]
fn parts_come_as_they_were_sent_and_their_memory_is_used_again() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (Outbox::new(usize::MAX), Intake::default());
    let (mut start, mut received) = (0, 0);
    let mut places = Vec::new();
    for round in 0..200_u8 {
        let part = vec![round; 100_000];
        outbox.prepare(NOW);
        let place = outbox.put(&part).expect("memory");
        send(&here, &mut outbox, start, 100);
        start += 100;
        receive(&there, &mut intake, &mut received);
        assert_eq!(copy(&mut intake, place).expect("the part"), part);
        intake.settle(received);
        places.push(place);
    }
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
}

#[test]
fn what_was_not_read_is_not_overwritten_and_a_frame_that_was_dropped_frees_its_part() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (Outbox::new(usize::MAX), Intake::default());
    let mut received = 0;
    let mut sent = Vec::new();
    for number in 0..20_u8 {
        outbox.prepare(NOW);
        sent.push((outbox.put(&vec![number; 70_000]).expect("memory"), number));
        send(&here, &mut outbox, u64::from(number) * 10, 10);
    }
    receive(&there, &mut intake, &mut received);
    for (place, number) in &sent[10..] {
        assert_eq!(copy(&mut intake, *place).expect("the part"), vec![*number; 70_000]);
    }
    // The first ten were never looked at.
    intake.settle(received);
    outbox.prepare(NOW);
    assert_eq!(outbox.put(&[1; 70_000]).expect("memory"), sent[0].0);
}

#[test]
fn a_memory_that_is_lost_on_the_way_comes_again_with_the_next_frame() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (Outbox::new(usize::MAX), Intake::default());
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
    assert_eq!(copy(&mut intake, second).expect("the part"), [2; 70_000]);
}

#[test]
fn memory_that_was_not_used_for_a_while_is_given_back() {
    let (here, there) = ends();
    let (mut outbox, mut intake) = (Outbox::new(usize::MAX), Intake::default());
    let mut received = 0;
    outbox.prepare(NOW);
    let place = outbox.put(&vec![1; 8 << 20]).expect("memory");
    send(&here, &mut outbox, 0, 10);
    receive(&there, &mut intake, &mut received);
    intake.look(place, 8 << 20).expect("the part");
    let memory = outbox.memory().expect("a memory");
    let pages = || rustix::fs::fstat(&memory).expect("it is open").st_blocks * 512;
    assert!(pages() >= 8 << 20);
    let deadline = outbox.next_deadline().expect("something to give back");
    outbox.trim(deadline);
    assert!(pages() >= 8 << 20, "the peer has not read it yet");
    intake.settle(received);
    outbox.trim(outbox.next_deadline().expect("still something"));
    assert!(pages() <= 2 << 20, "{}", pages());
    assert_eq!(outbox.next_deadline(), None);
}

#[test]
fn places_that_lie_are_refused() {
    let memory = memory_of(&[7; 10_000]);
    let id = memory.id();
    for (offset, length) in [(9_999, 2), (10_001, 0), (u64::MAX, 1), (1, u64::MAX), (0, 10_001), (1 << 40, 1)] {
        let mut intake = given(hold(&memory));
        let error = copy(&mut intake, Place { memory: id, offset, length }).expect_err("a lie");
        assert!(error.contains("does not lie in") || error.contains("limit"), "{error}");
        assert_eq!(copy(&mut intake, Place { memory: id, offset: 9_999, length: 1 }), Ok(vec![7]), "the next is read");
    }
    let error = copy(&mut given(hold(&memory)), Place { memory: id + 1, offset: 0, length: 1 }).expect_err("a lie");
    assert!(error.contains("did not come with it"), "{error}");
}

#[test]
fn what_is_no_memory_is_closed_unread() {
    let (socket, mut other) = UnixStream::pair().expect("sockets");
    let file = File::open("/proc/self/exe").expect("a file");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut intake = Intake::default();
    intake.add(vec![socket.into(), file.into(), reader.into(), writer.into()], 1);
    for memory in 0..100 {
        assert!(intake.take(memory).is_err());
    }
    assert_eq!(other.read(&mut [0]).expect("the other end is closed"), 0);
}

#[test]
fn a_memory_that_is_cut_short_or_written_while_it_is_read_gives_an_error_or_bytes() {
    let memory = memory_of(&[7; 100_000]);
    let place = Place { memory: memory.id(), offset: 0, length: 100_000 };
    let mut intake = given(hold(&memory));
    assert_eq!(intake.look(place, LIMIT), Ok(100_000));
    // After the look, before the copy: the worst moment.
    rustix::fs::ftruncate(&memory, 10).expect("it is not sealed");
    let mut bytes = vec![MaybeUninit::new(0); 100_000];
    let error = intake.copy(place, &mut bytes).expect_err("it is too short");
    assert!(error.contains("cannot be read"), "{error}");
    memory.write_at(&[8; 100_000], 0).expect("memory");
    assert_eq!(copy(&mut intake, place), Ok(vec![8; 100_000]));
}

#[test]
fn more_memories_than_are_announced_are_let_go() {
    let mut intake = Intake::default();
    let memories: Vec<_> = (0..300).map(|_| memory_of(b"x")).collect();
    for (received, memory) in (1..).zip(&memories) {
        intake.add(vec![hold(memory)], received);
    }
    assert!(intake.take(memories[299].id()).is_err(), "that was one too many");
    assert!(intake.take(memories[200].id()).is_ok());
    assert!(intake.take(memories[200].id()).is_err(), "a memory comes once");
    intake.settle(100);
    assert!(intake.take(memories[99].id()).is_err());
    assert!(intake.take(memories[100].id()).is_ok());
}

#[test]
fn a_peer_that_says_it_has_read_what_was_not_sent_harms_only_itself() {
    let mut outbox = Outbox::new(usize::MAX);
    outbox.prepare(NOW);
    let first = outbox.put(&[1; 70_000]).expect("memory");
    outbox.commit(0, 10);
    let memory = outbox.memory().expect("a memory");
    for lie in [u64::MAX, 11, 1 << 63] {
        memory.write_at(&lie.to_le_bytes(), 0).expect("memory");
        outbox.prepare(NOW);
        assert_eq!(outbox.put(&[2; 70_000]).expect("memory"), first);
        outbox.commit(0, 10);
    }
    rustix::fs::ftruncate(&memory, 0).expect("it is not sealed");
    outbox.prepare(NOW);
    assert!(outbox.put(&[3; 70_000]).is_some());
}

#[test]
fn a_frame_that_is_not_written_passes_nothing() {
    let mut outbox = Outbox::new(usize::MAX);
    outbox.prepare(NOW);
    let place = outbox.put(&[1; 70_000]).expect("memory");
    outbox.undo();
    let (length, beside) = outbox.next(0, 10);
    assert!(length == 10 && beside.is_empty());
    outbox.prepare(NOW);
    assert_eq!(outbox.put(&[1; 70_000]), Some(place));
    outbox.commit(50, 60);
    let (length, beside) = outbox.next(0, 60);
    assert!(length == 50 && beside.is_empty());
    let (length, beside) = outbox.next(50, 10);
    assert!(length == 10 && beside.len() == 1);
}

fn is_mapped(mapping: *mut u8) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the list of what is mapped");
    maps.lines().any(|line| line.starts_with(&format!("{:08x}-", mapping.addr())) && line.contains("isolated-workers"))
}

#[test]
fn a_mapping_is_seen_by_all_who_have_it_and_unmapped_by_each() {
    let ours = Mapping::create(10_000).expect("memory");
    let theirs = Mapping::adopt(Rc::new(Memory::adopt(hold(ours.memory())).expect("memory"))).expect("the same");
    assert!(ours.start() != theirs.start() && theirs.length() == 10_000);
    // SAFETY: both are there, and nobody else has them.
    unsafe {
        ours.start().add(9_999).write_volatile(7);
        assert_eq!(theirs.start().add(9_999).read_volatile(), 7);
    }
    let (first, second) = (ours.start(), theirs.start());
    drop(ours);
    assert!(!is_mapped(first) && is_mapped(second));
    // SAFETY: this one is still there.
    assert_eq!(unsafe { theirs.start().add(9_999).read_volatile() }, 7);
    drop(theirs);
    assert!(!is_mapped(second));
}

#[test]
fn memory_that_could_be_cut_short_is_not_mapped_and_what_is_mapped_cannot_be() {
    let memory = Rc::new(memory_of(&[1; 100]));
    assert!(Mapping::adopt(Rc::clone(&memory)).is_err());
    let mapping = Mapping::create(10_000).expect("memory");
    for size in [0, 9_999, 10_001] {
        assert!(rustix::fs::ftruncate(&**mapping.memory(), size).is_err(), "{size}");
    }
    assert!(Mapping::create(0).is_err());
}

#[test]
fn a_part_lies_in_a_mapping_or_does_not() {
    let mapping = Mapping::create(10_000).expect("memory");
    let at = |offset: usize| mapping.start().wrapping_add(offset).cast_const();
    assert_eq!(mapping.offset_of(at(0), 10_000), Some(0));
    assert_eq!(mapping.offset_of(at(9_999), 1), Some(9_999));
    assert_eq!(mapping.offset_of(at(1), 10_000), None);
    assert_eq!(mapping.offset_of(at(1), usize::MAX), None);
    assert_eq!(mapping.offset_of(mapping.start().wrapping_sub(1), 1), None);
}
