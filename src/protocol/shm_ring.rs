//! The ranges of a shared memory that wait for the peer to read them.
//!
//! Large segments bypass the stream: the sender copies each into a range of a memory that both sides map, and the frame
//! names the range. The reader reports how far it has read the stream; every range whose frame ends before that is free
//! again. So a frame that is dropped in transit frees its ranges like any other.

use std::collections::VecDeque;
use std::ops::Range;

/// The start of ranges; the header before it belongs to both sides.
pub const BASE: u64 = 4096;
/// Ranges begin at multiples of it, so the reader can read aligned values in place.
const ALIGN: u64 = 64;

/// The ranges of one direction of one connection: a ring, so that one memory is used again and again.
#[derive(Debug)]
pub struct ShmRing {
    capacity: u64,
    /// Oldest first, each with the position in the stream where its frame ends.
    used: VecDeque<(u64, Range<u64>)>,
    /// Ranges at the end of `used` whose frame is not written yet.
    open: usize,
    /// The memory behind it was unused since the last `trim`.
    high: u64,
}

impl ShmRing {
    /// Ranges in `capacity` bytes. A single one may be larger.
    pub fn new(capacity: u64) -> Self {
        Self { capacity, used: VecDeque::new(), open: 0, high: BASE }
    }

    /// A range for `length` bytes of the frame that is being written. `None`: the reader must free some first.
    pub fn take(&mut self, length: u64) -> Option<u64> {
        let length = length.max(1).checked_next_multiple_of(ALIGN)?;
        let start = self.find(length)?;
        let range = start..start.checked_add(length)?;
        self.high = self.high.max(range.end);
        self.used.push_back((u64::MAX, range));
        self.open += 1;
        Some(start)
    }

    fn find(&self, length: u64) -> Option<u64> {
        let (Some((_, first)), Some((_, last))) = (self.used.front(), self.used.back()) else { return Some(BASE) };
        let next = last.end;
        let fits = |end: u64| next.checked_add(length).is_some_and(|behind| behind <= end);
        if next <= first.start {
            // Free space is between the newest and the oldest.
            return fits(first.start).then_some(next);
        }
        if fits(BASE + self.capacity) {
            return Some(next);
        }
        (length <= first.start - BASE).then_some(BASE)
    }

    /// The frame is written; it ends at this position in the stream.
    pub fn commit(&mut self, end: u64) {
        let count = self.used.len();
        for (place, _) in self.used.range_mut(count - self.open..) {
            *place = end;
        }
        self.open = 0;
    }

    /// The frame will not be written.
    pub fn undo(&mut self) {
        self.used.truncate(self.used.len() - self.open);
        self.open = 0;
    }

    /// The reader has taken all frames up to this position in the stream.
    pub fn free(&mut self, processed: u64) {
        while self.used.front().is_some_and(|(end, _)| *end <= processed) {
            self.used.pop_front();
        }
    }

    /// Whether no range waits for the reader.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// The end of the memory that was used since the last `trim`.
    pub fn high(&self) -> u64 {
        self.high
    }

    /// The owner has released the memory from `keep` on.
    pub fn trim(&mut self, keep: u64) {
        self.high = keep;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn memory_is_used_again_from_the_start_when_all_was_read() {
        let mut ring = ShmRing::new(1 << 20);
        for end in 1..100 {
            assert_eq!(ring.take(100_000), Some(BASE));
            ring.commit(end);
            ring.free(end);
        }
        assert!(ring.is_empty());
        assert!(ring.high() < BASE + 101_000);
    }

    #[test]
    fn what_waits_to_be_read_is_not_used_again() {
        let mut ring = ShmRing::new(192);
        assert_eq!(ring.take(64), Some(BASE));
        ring.commit(10);
        assert_eq!(ring.take(128), Some(BASE + 64));
        ring.commit(20);
        assert_eq!(ring.take(1), None);
        ring.free(9);
        assert_eq!(ring.take(1), None, "the first frame was not read to its end");
        ring.free(10);
        assert_eq!(ring.take(64), Some(BASE));
        assert_eq!(ring.take(1), None);
    }

    #[test]
    fn one_that_is_larger_than_all_goes_alone() {
        let mut ring = ShmRing::new(128);
        assert_eq!(ring.take(1 << 30), Some(BASE));
        ring.commit(1);
        assert_eq!(ring.take(1), None);
        ring.free(1);
        assert_eq!(ring.take(1), Some(BASE));
        assert_eq!(ring.take(u64::MAX), None);
    }

    #[test]
    fn a_frame_that_is_not_written_takes_nothing() {
        let mut ring = ShmRing::new(128);
        assert_eq!(ring.take(64), Some(BASE));
        ring.commit(5);
        assert_eq!(ring.take(64), Some(BASE + 64));
        ring.undo();
        assert_eq!(ring.take(64), Some(BASE + 64));
    }

    proptest! {
        #[test]
        fn ranges_in_use_never_overlap(steps in prop::collection::vec((1_u64..5000, 0_u64..4), 1..200)) {
            let mut ring = ShmRing::new(16_384);
            let mut live: VecDeque<(u64, Range<u64>)> = VecDeque::new();
            let (mut written, mut read) = (0, 0);
            for (length, behind) in steps {
                if let Some(start) = ring.take(length) {
                    let range = start..start + length;
                    prop_assert!(start >= BASE && range.end <= BASE + 16_384);
                    for (_, other) in &live {
                        prop_assert!(range.end <= other.start || other.end <= range.start, "{range:?} {other:?}");
                    }
                    written += 1;
                    ring.commit(written);
                    live.push_back((written, range));
                }
                read = read.max(written.saturating_sub(behind));
                ring.free(read);
                live.retain(|(end, _)| *end > read);
            }
        }
    }
}
