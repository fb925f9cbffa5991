//! Which ranges of a shared memory wait to be read by the peer.
//!
//! What is large goes beside the stream: the sender copies it into a range of a memory that both sides have, and the frame
//! tells where it is. The reader says how far into the stream it has read; every range whose frame ends before that is free
//! again. So a frame that is dropped on the way to its reader frees its ranges like any other.

use std::collections::VecDeque;
use std::ops::Range;

/// Where ranges may begin; what is before belongs to both sides otherwise.
pub const BASE: u64 = 4096;
/// Ranges begin at multiples of it, so that whatever is in there can be read in place.
const ALIGN: u64 = 64;

/// The ranges of one direction of one connection: a ring, so that the same memory is used again and again.
#[derive(Debug)]
pub struct Lane {
    capacity: u64,
    /// Oldest first, each with the place in the stream where its frame ends.
    used: VecDeque<(u64, Range<u64>)>,
    /// Those at the end of `used` whose frame is not written yet.
    open: usize,
    /// The memory behind it was not used since the last `trim`.
    high: u64,
}

impl Lane {
    /// Ranges in `capacity` bytes. A single one may be larger.
    pub fn new(capacity: u64) -> Self {
        Self { capacity, used: VecDeque::new(), open: 0, high: BASE }
    }

    /// A range for `length` bytes of the frame that is being written. `None`: the reader has to free some first.
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
            // Free is what is between the newest and the oldest.
            return fits(first.start).then_some(next);
        }
        if fits(BASE + self.capacity) {
            return Some(next);
        }
        (length <= first.start - BASE).then_some(BASE)
    }

    /// The frame is written; it ends at this place in the stream.
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

    /// The reader has taken all frames up to this place in the stream.
    pub fn free(&mut self, processed: u64) {
        while self.used.front().is_some_and(|(end, _)| *end <= processed) {
            self.used.pop_front();
        }
    }

    /// Whether nothing waits to be read.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Up to where memory was used since the last [`Lane::trim`].
    pub fn high(&self) -> u64 {
        self.high
    }

    /// The memory from `keep` on is given back.
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
        let mut lane = Lane::new(1 << 20);
        for end in 1..100 {
            assert_eq!(lane.take(100_000), Some(BASE));
            lane.commit(end);
            lane.free(end);
        }
        assert!(lane.is_empty());
        assert!(lane.high() < BASE + 101_000);
    }

    #[test]
    fn what_waits_to_be_read_is_not_used_again() {
        let mut lane = Lane::new(192);
        assert_eq!(lane.take(64), Some(BASE));
        lane.commit(10);
        assert_eq!(lane.take(128), Some(BASE + 64));
        lane.commit(20);
        assert_eq!(lane.take(1), None);
        lane.free(9);
        assert_eq!(lane.take(1), None, "the first frame was not read to its end");
        lane.free(10);
        assert_eq!(lane.take(64), Some(BASE));
        assert_eq!(lane.take(1), None);
    }

    #[test]
    fn one_that_is_larger_than_all_goes_alone() {
        let mut lane = Lane::new(128);
        assert_eq!(lane.take(1 << 30), Some(BASE));
        lane.commit(1);
        assert_eq!(lane.take(1), None);
        lane.free(1);
        assert_eq!(lane.take(1), Some(BASE));
        assert_eq!(lane.take(u64::MAX), None);
    }

    #[test]
    fn a_frame_that_is_not_written_takes_nothing() {
        let mut lane = Lane::new(128);
        assert_eq!(lane.take(64), Some(BASE));
        lane.commit(5);
        assert_eq!(lane.take(64), Some(BASE + 64));
        lane.undo();
        assert_eq!(lane.take(64), Some(BASE + 64));
    }

    proptest! {
        #[test]
        fn ranges_in_use_never_overlap(steps in prop::collection::vec((1_u64..5000, 0_u64..4), 1..200)) {
            let mut lane = Lane::new(16_384);
            let mut live: VecDeque<(u64, Range<u64>)> = VecDeque::new();
            let (mut written, mut read) = (0, 0);
            for (length, behind) in steps {
                if let Some(start) = lane.take(length) {
                    let range = start..start + length;
                    prop_assert!(start >= BASE && range.end <= BASE + 16_384);
                    for (_, other) in &live {
                        prop_assert!(range.end <= other.start || other.end <= range.start, "{range:?} {other:?}");
                    }
                    written += 1;
                    lane.commit(written);
                    live.push_back((written, range));
                }
                read = read.max(written.saturating_sub(behind));
                lane.free(read);
                live.retain(|(end, _)| *end > read);
            }
        }
    }
}
