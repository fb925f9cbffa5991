//! Frames that begin with their length.

use super::buffer::ReadBuffer;
use super::decoder::{Frame, HEAD_LIMIT};
use super::framing::PREFIX;

/// Decodes bodies that follow their length.
#[derive(Debug)]
pub(super) struct LengthPrefixed {
    limit: usize,
    /// Missing bytes of an oversized frame that was reported.
    skip: usize,
}

impl LengthPrefixed {
    pub fn new(limit: usize) -> Self {
        Self { limit, skip: 0 }
    }

    pub fn next_frame(&mut self, buffer: &mut ReadBuffer) -> Option<Frame> {
        self.skip_pending(buffer);
        let size = declared(buffer)?;
        let body = buffer.start() + PREFIX;
        let at_hand = buffer.pending().len() - PREFIX;
        if size <= self.limit {
            if at_hand < size {
                return None;
            }
            buffer.consume(PREFIX + size);
            return Some(Frame::Complete(body..body + size));
        }
        let head = size.min(HEAD_LIMIT);
        if at_hand < head {
            return None;
        }
        buffer.consume(PREFIX);
        self.skip = size;
        self.skip_pending(buffer);
        Some(Frame::Oversized { head: body..body + head, size: Some(size as u64) })
    }

    /// The most bytes that can be pending without a frame.
    pub fn expected(&self, buffer: &ReadBuffer) -> usize {
        match declared(buffer) {
            Some(size) if size <= self.limit => PREFIX.saturating_add(size),
            _ => PREFIX + HEAD_LIMIT,
        }
    }

    pub fn is_skipping(&self) -> bool {
        self.skip > 0
    }

    fn skip_pending(&mut self, buffer: &mut ReadBuffer) {
        let gone = self.skip.min(buffer.pending().len());
        buffer.consume(gone);
        self.skip -= gone;
    }
}

/// The length the pending frame declares, as soon as its prefix is complete.
fn declared(buffer: &ReadBuffer) -> Option<usize> {
    let prefix = buffer.pending().first_chunk::<PREFIX>()?;
    Some(u32::from_le_bytes(*prefix) as usize)
}
