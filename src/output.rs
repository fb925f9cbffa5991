//! Bytes on their way out: frames are appended, the transport takes them from the front.

use std::ops::Range;

/// Above this capacity an emptied buffer gives its memory back.
const KEEP: usize = 2 << 20;
const SMALL: usize = 64 << 10;

/// The output of one connection.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    sent: usize,
    /// All that was taken from the front since the beginning.
    taken: u64,
}

impl Output {
    /// What is still to be sent.
    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Where in all output since the beginning that is.
    pub fn range(&self) -> Range<u64> {
        self.taken..self.taken + self.pending().len() as u64
    }

    /// Whether everything has been sent.
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
            if self.bytes.capacity() > KEEP {
                self.bytes.shrink_to(SMALL);
            }
        }
    }

    /// Where frames are appended. What is before its present end must not be touched.
    ///
    /// The bytes already sent are moved out when they are more than those that remain, so a reader that is slow but
    /// steady costs no more than twice what is pending.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        if self.sent > SMALL && self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        &mut self.bytes
    }

    /// Drops what is pending: nobody will read it.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_large_burst_gives_its_memory_back() {
        let mut output = Output::default();
        output.tail().resize(8 << 20, 0);
        output.consume(8 << 20);
        assert!(output.bytes.capacity() <= KEEP);
    }
}
