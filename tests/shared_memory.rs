//! Large segments beside the stream: real memories through real sockets, between peers that keep to the protocol.
#![cfg(target_os = "linux")]

mod beside;

use std::mem::MaybeUninit;

use isolated_workers::reuse::{Budget, Kept, MOST};
use isolated_workers::shm::{ShmReceiver, ShmSender};
use isolated_workers::sys::mapping::Mapping;
use isolated_workers::sys::memory::Memory;

use beside::{NOW, copy, ends, hold, mappings_of, receive, send};

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
