//! Bytes on their way out: frames are appended, the transport takes them from the front.

use std::ops::Range;

use crate::reuse::Kept;

/// Above this capacity an emptied buffer releases its memory; below it only if the process keeps too much.
const KEEP: usize = 2 << 20;
const SMALL: usize = 64 << 10;

/// The output of one connection.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    sent: usize,
    /// All bytes that were taken from the front since the beginning.
    taken: u64,
    /// For what an emptied buffer keeps beyond [`SMALL`].
    kept: Kept,
}

impl Output {
    /// The bytes to be sent.
    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Their position in all output since the beginning.
    pub fn range(&self) -> Range<u64> {
        self.taken..self.taken + self.pending().len() as u64
    }

    /// Whether all bytes have been sent.
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Takes `count` bytes from the front.
    ///
    /// # Panics
    /// `count` is more than is pending.
    pub fn consume(&mut self, count: usize) {
        assert!(count <= self.bytes.len() - self.sent, "more consumed than was pending");
        self.sent += count;
        self.taken += count as u64;
        if self.is_empty() {
            self.bytes.clear();
            self.sent = 0;
            let capacity = self.bytes.capacity();
            if capacity > KEEP || !self.kept.set(capacity.saturating_sub(SMALL)) {
                self.kept.shrink(0);
                self.bytes.shrink_to(SMALL);
            }
        }
    }

    /// The buffer to append frames to. The caller must not touch bytes before its present end.
    ///
    /// The buffer removes sent bytes when they exceed the remaining ones, so a slow but steady reader costs at most
    /// twice the pending bytes.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        if self.sent > SMALL && self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        &mut self.bytes
    }

    /// Drops the pending bytes: no peer will read them.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reuse::Budget;

    #[test]
    fn bytes_leave_in_the_order_they_came() {
        let mut output = Output::default();
        output.tail().extend_from_slice(b"abc");
        output.consume(1);
        output.tail().extend_from_slice(b"de");
        assert_eq!(output.pending(), b"bcde");
        output.consume(4);
        assert!(output.is_empty());
    }

    #[test]
    fn memory_stays_near_what_is_pending() {
        let mut output = Output::default();
        for _ in 0..1000 {
            output.tail().extend_from_slice(&[7; 64 << 10]);
            let pending = output.pending().len();
            output.consume(pending.saturating_sub(1 << 10));
        }
        assert!(output.bytes.capacity() < 1 << 20, "{}", output.bytes.capacity());
    }

    #[test]
    fn emptied_buffers_of_many_connections_keep_no_more_than_the_process_may() {
        static BUDGET: Budget = Budget::new(4 << 20);
        let mut outputs: Vec<_> = (0..10).map(|_| Output { kept: Kept::of(&BUDGET), ..Output::default() }).collect();
        for output in &mut outputs {
            output.tail().resize(1 << 20, 0);
            output.consume(1 << 20);
        }
        let kept: usize = outputs.iter().map(|output| output.bytes.capacity().saturating_sub(SMALL)).sum();
        assert!(kept > 0 && kept <= 4 << 20, "{kept}");
        assert_eq!(kept, BUDGET.kept());
        outputs.iter_mut().for_each(Output::clear);
        assert_eq!(BUDGET.kept(), 0);
    }

    #[test]
    fn a_large_burst_gives_its_memory_back() {
        let mut output = Output::default();
        output.tail().resize(8 << 20, 0);
        output.consume(8 << 20);
        assert!(output.bytes.capacity() <= KEEP);
    }
}
