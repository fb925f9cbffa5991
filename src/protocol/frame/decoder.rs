//! The incremental decoder.

use std::ops::Range;

use super::buffer::ReadBuffer;
use super::delimited::Delimited;
use super::framing::Framing;
use super::length_prefixed::LengthPrefixed;

/// How many bytes of an oversized frame's body the decoder keeps to identify the message.
pub const HEAD_LIMIT: usize = 1024;

/// A finding of the decoder. The ranges are for [`FrameDecoder::bytes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The body of a frame, without prefix or terminator.
    Complete(Range<usize>),
    /// A frame whose body exceeds the limit. The decoder reports it once, and skips the rest as it arrives.
    Oversized {
        /// The first bytes of the body: [`HEAD_LIMIT`] of them, or the whole body or the limit if that is less.
        head: Range<usize>,
        /// The size of the body, if the frame declares it.
        size: Option<u64>,
    },
}

/// Turns bytes that arrive in any chunks into frames.
///
/// Read into [`spare`](Self::spare), report the count with [`filled`](Self::filled), then call
/// [`next_frame`](Self::next_frame) until it returns `None`; `None` means that more bytes are needed. After handling
/// the frames, call [`release`](Self::release).
///
/// An oversized frame is never an error of the stream: the decoder continues with later frames. Memory grows with the
/// bytes that have arrived, never with a length that a peer declares; see [`capacity`](Self::capacity).
#[derive(Debug)]
pub struct FrameDecoder {
    buffer: ReadBuffer,
    frames: Frames,
}

/// The decoding state under either framing.
#[derive(Debug)]
enum Frames {
    Delimited(Delimited),
    LengthPrefixed(LengthPrefixed),
}

impl FrameDecoder {
    /// A decoder for bodies of at most `limit` bytes. Allocates nothing yet.
    ///
    /// # Panics
    /// The framing's terminator is empty.
    pub fn new(framing: Framing, limit: usize) -> Self {
        Self { buffer: ReadBuffer::default(), frames: Frames::new(&framing, limit) }
    }

    /// Initialised memory for the next read, never empty: usually 64 KiB, up to 1 MiB while a large frame is
    /// incomplete. Compacts and grows the buffer as needed, which invalidates all ranges.
    pub fn spare(&mut self) -> &mut [u8] {
        let expected = self.frames.expected(&self.buffer);
        self.buffer.spare(expected)
    }

    /// The reader has written the first `count` bytes of the last [`spare`](Self::spare).
    ///
    /// # Panics
    /// `count` is more than the decoder has capacity for.
    pub fn filled(&mut self, count: usize) {
        self.buffer.filled(count);
    }

    /// Takes the next frame, or returns `None` if it has not arrived in full. Moves no bytes: ranges stay valid until
    /// [`spare`](Self::spare) or [`release`](Self::release).
    pub fn next_frame(&mut self) -> Option<Frame> {
        match &mut self.frames {
            Frames::Delimited(frames) => frames.next_frame(&mut self.buffer),
            Frames::LengthPrefixed(frames) => frames.next_frame(&mut self.buffer),
        }
    }

    /// The bytes of a range that [`next_frame`](Self::next_frame) returned since the last [`spare`](Self::spare) or
    /// [`release`](Self::release).
    ///
    /// # Panics
    /// The range is not one of those and lies outside the buffer. A range that has become invalid and lies inside gives
    /// other bytes.
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.bytes(range)
    }

    /// Decodes the remaining and all later bytes under another framing and limit. Call it between frames: the decoder
    /// would take the rest of a skipped frame for a frame.
    ///
    /// # Panics
    /// The framing's terminator is empty.
    pub fn switch(&mut self, framing: Framing, limit: usize) {
        self.frames = Frames::new(&framing, limit);
    }

    /// Whether the end of input now would truncate a frame. Call it after [`next_frame`](Self::next_frame) has returned
    /// `None`: frames that were not taken count too.
    pub fn is_mid_frame(&self) -> bool {
        !self.buffer.pending().is_empty() || self.frames.is_skipping()
    }

    /// How many bytes have arrived that do not form a frame yet.
    pub fn pending(&self) -> usize {
        self.buffer.pending().len()
    }

    /// How many bytes of frames that were taken the buffer still holds.
    pub fn retained(&self) -> usize {
        self.buffer.start()
    }

    /// Releases memory that only a large frame needed, if it has been taken. Invalidates all ranges.
    /// [`spare`](Self::spare) does this too, but a quiet peer may not need one for a long time.
    pub fn release(&mut self) {
        self.buffer.release();
    }

    /// While pinned, ranges stay valid during reads, and memory grows with the input.
    pub fn pin(&mut self, pinned: bool) {
        self.buffer.pin(pinned);
    }

    /// While pinned: moves the bytes of these ranges, which are in order and do not overlap, together, and the pending
    /// bytes behind them. Invalidates all other ranges.
    pub fn compact<'a>(&mut self, ranges: impl Iterator<Item = &'a mut Range<usize>>) {
        self.buffer.compact(ranges);
    }

    /// Bytes of memory held at present. While all frames are taken before each [`spare`](Self::spare) this is at most
    /// the limit, the framing's own bytes and one read: as much again as the limit, but 64 KiB at least and 1 MiB at
    /// most. A frame that is skipped never takes more than [`HEAD_LIMIT`] bytes of it if it is length-prefixed.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}

impl Frames {
    fn new(framing: &Framing, limit: usize) -> Self {
        match framing {
            Framing::Delimited(terminator) => Self::Delimited(Delimited::new(terminator, limit)),
            Framing::LengthPrefixed => Self::LengthPrefixed(LengthPrefixed::new(limit)),
        }
    }

    fn expected(&self, buffer: &ReadBuffer) -> usize {
        match self {
            Self::Delimited(frames) => frames.expected(),
            Self::LengthPrefixed(frames) => frames.expected(buffer),
        }
    }

    fn is_skipping(&self) -> bool {
        match self {
            Self::Delimited(frames) => frames.is_skipping(),
            Self::LengthPrefixed(frames) => frames.is_skipping(),
        }
    }
}

#[cfg(test)]
mod tests;
