use super::*;
use crate::reuse::Budget;

const EXPECTED: usize = 100 << 20;

fn fill(buffer: &mut ReadBuffer, count: usize) {
    let mut left = count;
    while left > 0 {
        let spare = buffer.spare(EXPECTED).len().min(left);
        buffer.filled(spare);
        left -= spare;
    }
}

#[test]
fn an_emptied_buffer_keeps_more_than_one_read_only_from_the_budget_of_the_process() {
    static BUDGET: Budget = Budget::new(4 << 20);
    let mut buffers: Vec<_> =
        (0..10).map(|_| ReadBuffer { kept: Kept::of(&BUDGET), ..ReadBuffer::default() }).collect();
    for buffer in &mut buffers {
        fill(buffer, 1 << 20);
        buffer.consume(1 << 20);
        buffer.release();
    }
    let kept: usize = buffers.iter().map(|buffer| buffer.capacity().saturating_sub(DEFAULT_SPARE)).sum();
    assert!(kept > 0 && kept <= 4 << 20, "{kept}");
    assert_eq!(kept, BUDGET.kept());
    fill(&mut buffers[0], 5 << 20);
    buffers[0].consume(5 << 20);
    buffers[0].release();
    assert_eq!(buffers[0].kept.bytes(), 0, "it keeps nothing of a large frame");
    drop(buffers);
    assert_eq!(BUDGET.kept(), 0);
}

#[test]
fn nothing_is_allocated_before_the_first_read() {
    assert_eq!(ReadBuffer::default().capacity(), 0);
}

#[test]
fn what_is_pinned_stays_where_it_is() {
    let mut buffer = ReadBuffer::default();
    let spare = buffer.spare(EXPECTED);
    spare[..3].copy_from_slice(b"abc");
    buffer.filled(3);
    buffer.consume(3);
    buffer.pin(true);
    fill(&mut buffer, 5 << 20);
    buffer.release();
    assert_eq!(buffer.bytes(0..3), b"abc");
    buffer.consume(5 << 20);
    buffer.pin(false);
    buffer.release();
    assert!(buffer.capacity() <= KEPT);
}

#[test]
fn of_what_is_pinned_only_the_ranges_that_are_named_are_kept() {
    let mut buffer = ReadBuffer::default();
    buffer.pin(true);
    fill(&mut buffer, 5 << 20);
    buffer.memory[10..13].copy_from_slice(b"abc");
    buffer.memory[4 << 20..(4 << 20) + 2].copy_from_slice(b"de");
    buffer.memory[(5 << 20) - 1] = b'f';
    buffer.consume((5 << 20) - 1);
    let mut ranges = [10..13, 100..100, 4 << 20..(4 << 20) + 2];
    buffer.compact(ranges.iter_mut());
    assert_eq!(ranges, [0..3, 3..3, 3..5]);
    assert_eq!((buffer.bytes(0..5), buffer.pending()), (&b"abcde"[..], &b"f"[..]));
    assert!(buffer.capacity() <= KEPT);
    fill(&mut buffer, 3 << 20);
    assert_eq!(buffer.bytes(0..5), b"abcde");
}

#[test]
fn small_frames_reuse_the_same_memory() {
    let mut buffer = ReadBuffer::default();
    for _ in 0..1000 {
        assert_eq!(buffer.spare(EXPECTED).len(), DEFAULT_SPARE);
        buffer.filled(1000);
        buffer.consume(1000);
    }
    assert_eq!(buffer.capacity(), DEFAULT_SPARE);
}

#[test]
fn a_large_pending_frame_is_offered_larger_reads() {
    let mut buffer = ReadBuffer::default();
    fill(&mut buffer, 4 << 20);
    assert!(buffer.spare(EXPECTED).len() >= LARGE_SPARE / 2);
}

#[test]
fn memory_grows_with_what_arrived() {
    let mut buffer = ReadBuffer::default();
    for arrived in 0..1000 {
        buffer.spare(EXPECTED);
        buffer.filled(997);
        assert!(buffer.capacity() <= 2 * (arrived * 997) + DEFAULT_SPARE);
    }
}

#[test]
fn memory_stays_near_what_is_expected() {
    let mut buffer = ReadBuffer::default();
    while buffer.pending().len() < 5 << 20 {
        let spare = buffer.spare(5 << 20).len();
        buffer.filled(spare.min(70_001));
    }
    assert!(buffer.capacity() <= 6 << 20);
}

#[test]
fn memory_of_a_large_frame_is_given_back_once_it_is_consumed() {
    let mut buffer = ReadBuffer::default();
    fill(&mut buffer, 5 << 20);
    buffer.consume((5 << 20) - 3);
    buffer.release();
    assert_eq!(buffer.capacity(), DEFAULT_SPARE);
    assert_eq!(buffer.pending().len(), 3);
}

#[test]
fn pending_bytes_survive_moves_and_growth() {
    let mut buffer = ReadBuffer::default();
    let mut wrote = 0_u32;
    let mut read = 0_u32;
    for round in 0..2000_usize {
        let spare = buffer.spare(EXPECTED);
        let count = (round * 37 % 4000).min(spare.len() / 4);
        for cell in spare[..count * 4].chunks_exact_mut(4) {
            cell.copy_from_slice(&wrote.to_le_bytes());
            wrote += 1;
        }
        buffer.filled(count * 4);
        let taken = (buffer.pending().len() / 4).min(round * 31 % 4000);
        for cell in buffer.pending()[..taken * 4].chunks_exact(4) {
            assert_eq!(cell, read.to_le_bytes());
            read += 1;
        }
        buffer.consume(taken * 4);
    }
    assert!(read > 1_000_000);
}

#[test]
#[should_panic(expected = "more filled than was spare")]
fn filling_more_than_was_spare_panics() {
    let mut buffer = ReadBuffer::default();
    let spare = buffer.spare(EXPECTED).len();
    buffer.filled(spare + 1);
}
