//! The memory that a decoder reads into: unconsumed bytes, and space behind them that grows with the input.

use std::ops::Range;

use crate::reuse::Kept;

/// The space for one read while little is pending.
pub(super) const DEFAULT_SPARE: usize = 64 << 10;
/// The space for one read while much is pending, so a large frame takes few reads.
pub(super) const LARGE_SPARE: usize = 1 << 20;
/// The buffer keeps memory up to this size for the next large frame, as far as the process may, and releases more.
pub(super) const KEPT: usize = 2 << 20;

/// Bytes that have arrived (`start..end`) inside initialised memory.
#[derive(Debug, Default)]
pub(super) struct ReadBuffer {
    /// All of it is initialised: its length is its capacity.
    memory: Vec<u8>,
    start: usize,
    end: usize,
    /// Ranges that were handed out must stay valid.
    is_pinned: bool,
    /// For what it keeps beyond the space for one read.
    kept: Kept,
}

impl ReadBuffer {
    /// The bytes that have arrived and were not consumed.
    pub fn pending(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    /// The position of the pending bytes; the base of ranges for [`ReadBuffer::bytes`].
    pub fn start(&self) -> usize {
        self.start
    }

    /// Takes `count` pending bytes off the front. They stay readable until the next call of `spare` or `release`.
    pub fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start, "more consumed than was pending");
        self.start += count;
    }

    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.memory[range]
    }

    pub fn capacity(&self) -> usize {
        self.memory.capacity()
    }

    /// Memory for the next read. `expected` is the most the pending bytes can become before some are consumed; while the
    /// caller keeps that promise, the capacity stays within `expected` and one large read.
    pub fn spare(&mut self, expected: usize) -> &mut [u8] {
        self.release();
        let wanted = spare_for(self.end - self.start);
        if self.is_pinned {
            if self.memory.len() - self.end < wanted {
                self.memory.resize(self.end + wanted.max(self.end), 0);
            }
        } else if self.memory.len() - self.end < wanted / 2 {
            self.extend_spare(wanted, expected);
        }
        let end = self.memory.len().min(self.end + wanted);
        &mut self.memory[self.end..end]
    }

    /// The reader has written `count` bytes of the last `spare`.
    pub fn filled(&mut self, count: usize) {
        assert!(count <= self.memory.len() - self.end, "more filled than was spare");
        self.end += count;
    }

    /// From now on the buffer moves nothing until it is unpinned: memory grows with the input.
    pub fn pin(&mut self, pinned: bool) {
        self.is_pinned = pinned;
    }

    /// Moves the bytes of these ranges, in their order, to the front, and the pending bytes behind them.
    pub fn compact<'a>(&mut self, ranges: impl Iterator<Item = &'a mut Range<usize>>) {
        let mut end = 0;
        for range in ranges {
            debug_assert!(range.start >= end, "the ranges are in their order");
            self.memory.copy_within(range.clone(), end);
            *range = end..end + range.len();
            end = range.end;
        }
        let pending = self.end - self.start;
        self.memory.copy_within(self.start..self.end, end);
        (self.start, self.end) = (end, end + pending);
        // It leaves as much space for input.
        let wanted = (2 * self.end).max(DEFAULT_SPARE);
        if self.memory.len() > 2 * wanted {
            self.memory.truncate(wanted);
            self.memory.shrink_to_fit();
        }
    }

    /// Releases memory that only a large frame needed, after that frame was consumed.
    pub fn release(&mut self) {
        if self.is_pinned {
            return;
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let size = self.memory.len();
        if size <= DEFAULT_SPARE || self.end - self.start > DEFAULT_SPARE / 2 {
            return;
        }
        if size > KEPT || !self.kept.set(size - DEFAULT_SPARE) {
            self.kept.shrink(0);
            self.move_to_front();
            self.memory.truncate(DEFAULT_SPARE);
            self.memory.shrink_to_fit();
        }
    }

    fn extend_spare(&mut self, wanted: usize, expected: usize) {
        let pending = self.end - self.start;
        // A move costs as much as is pending, so it must free proportional space; otherwise the buffer would move bytes
        // again and again. Proportional growth has this effect too.
        let is_enough = self.start >= wanted / 2;
        self.move_to_front();
        if is_enough {
            return;
        }
        let least = pending + wanted;
        let most = expected.saturating_add(spare_for(expected));
        let capacity = (2 * pending).min(most).max(least);
        // In place if the allocator can: it remaps the pages of a large block instead of copying them.
        self.memory.reserve_exact(capacity - self.memory.len());
        self.memory.resize(capacity, 0);
    }

    fn move_to_front(&mut self) {
        if self.start > 0 {
            self.memory.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }
}

fn spare_for(pending: usize) -> usize {
    pending.clamp(DEFAULT_SPARE, LARGE_SPARE)
}

#[cfg(test)]
mod tests;
