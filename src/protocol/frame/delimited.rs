//! Frames that end in a terminator.

use memchr::{memchr, memmem::Finder};

use super::buffer::ReadBuffer;
use super::decoder::{Frame, HEAD_LIMIT};

/// Decodes bodies that are followed by a terminator.
#[derive(Debug)]
pub(super) struct Delimited {
    terminator: Terminator,
    limit: usize,
    /// No terminator begins in this many of the pending bytes: the search continues behind them.
    searched: usize,
    /// Whether the pending bytes belong to an oversized frame that was reported.
    skipping: bool,
}

impl Delimited {
    /// # Panics
    /// The terminator is empty.
    pub fn new(terminator: &[u8], limit: usize) -> Self {
        Self { terminator: Terminator::new(terminator), limit, searched: 0, skipping: false }
    }

    pub fn next_frame(&mut self, buffer: &mut ReadBuffer) -> Option<Frame> {
        if self.skipping && !self.skip(buffer) {
            return None;
        }
        let pending = buffer.pending();
        let body = buffer.start();
        if let Some(at) = self.terminator.find(&pending[self.searched..]) {
            let size = self.searched + at;
            self.searched = 0;
            buffer.consume(size + self.terminator.len());
            return Some(if size <= self.limit { Frame::Complete(body..body + size) } else { self.oversized(body) });
        }
        self.searched = self.terminator.no_match_begins_in(pending);
        // The whole terminator of the largest legal body would have arrived by now.
        if pending.len() < self.expected() {
            return None;
        }
        buffer.consume(self.searched);
        self.searched = 0;
        self.skipping = true;
        Some(self.oversized(body))
    }

    /// The most bytes that can be pending without a frame.
    pub fn expected(&self) -> usize {
        self.limit.saturating_add(self.terminator.len())
    }

    pub fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// Drops the rest of an oversized frame; returns whether its end was found.
    fn skip(&mut self, buffer: &mut ReadBuffer) -> bool {
        let pending = buffer.pending();
        let end = self.terminator.find(pending);
        // A read may end within a terminator, so the buffer keeps the bytes that may begin one.
        let gone = end.map_or_else(|| self.terminator.no_match_begins_in(pending), |at| at + self.terminator.len());
        buffer.consume(gone);
        self.skipping = end.is_none();
        end.is_some()
    }

    fn oversized(&self, body: usize) -> Frame {
        Frame::Oversized { head: body..body + self.limit.min(HEAD_LIMIT), size: None }
    }
}

/// A byte string to search for, prepared once.
#[derive(Debug)]
enum Terminator {
    Byte(u8),
    Bytes(Box<Finder<'static>>),
}

impl Terminator {
    fn new(bytes: &[u8]) -> Self {
        match bytes {
            [] => panic!("a terminator needs at least one byte"),
            [byte] => Self::Byte(*byte),
            _ => Self::Bytes(Box::new(Finder::new(bytes).into_owned())),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Byte(_) => 1,
            Self::Bytes(finder) => finder.needle().len(),
        }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Byte(byte) => memchr(*byte, bytes),
            Self::Bytes(finder) => finder.find(bytes),
        }
    }

    /// How many of these bytes, searched without success, need no second search with more bytes.
    fn no_match_begins_in(&self, searched: &[u8]) -> usize {
        (searched.len() + 1).saturating_sub(self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_searched_once_but_for_a_terminator_they_may_begin() {
        for terminator in [&b"\n"[..], b"\r\n", b"--end--"] {
            let mut frames = Delimited::new(terminator, usize::MAX);
            let mut buffer = ReadBuffer::default();
            for arrived in 1..1000 {
                buffer.spare(frames.expected())[0] = b'x';
                buffer.filled(1);
                assert_eq!(frames.next_frame(&mut buffer), None);
                assert_eq!(frames.searched, (arrived + 1_usize).saturating_sub(terminator.len()));
            }
        }
    }

    #[test]
    fn of_a_skipped_frame_only_the_beginning_of_a_terminator_is_kept() {
        let mut frames = Delimited::new(b"--end--", 10);
        let mut buffer = ReadBuffer::default();
        buffer.spare(frames.expected())[..100].fill(b'x');
        buffer.filled(100);
        assert!(frames.next_frame(&mut buffer).is_some());
        assert_eq!(buffer.pending().len(), 6);
    }
}
