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
mod tests {
    use super::*;

    const LIMIT: usize = 4096;

    fn lines(limit: usize) -> FrameDecoder {
        FrameDecoder::new(Framing::Delimited((*b"\n").into()), limit)
    }

    fn prefixed(limit: usize) -> FrameDecoder {
        FrameDecoder::new(Framing::LengthPrefixed, limit)
    }

    fn prefix(size: usize) -> [u8; 4] {
        u32::try_from(size).unwrap().to_le_bytes()
    }

    fn receive(decoder: &mut FrameDecoder, bytes: &[u8]) {
        decoder.spare()[..bytes.len()].copy_from_slice(bytes);
        decoder.filled(bytes.len());
    }

    /// The next frame must be complete; returns its body.
    fn body(decoder: &mut FrameDecoder) -> Vec<u8> {
        match decoder.next_frame() {
            Some(Frame::Complete(range)) => decoder.bytes(range).to_vec(),
            other => panic!("expected a complete frame, not {other:?}"),
        }
    }

    /// The next frame must be oversized; returns its head and size.
    fn oversized(decoder: &mut FrameDecoder) -> (Vec<u8>, Option<u64>) {
        match decoder.next_frame() {
            Some(Frame::Oversized { head, size }) => (decoder.bytes(head).to_vec(), size),
            other => panic!("expected an oversized frame, not {other:?}"),
        }
    }

    #[test]
    fn frames_of_one_read_come_out_in_order() {
        let mut decoder = lines(LIMIT);
        receive(&mut decoder, b"one\n\ntwo\nthr");
        let ranges: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
        assert_eq!(ranges, [Frame::Complete(0..3), Frame::Complete(4..4), Frame::Complete(5..8)]);
        assert_eq!(decoder.bytes(5..8), b"two", "earlier frames stay readable while later ones are taken");
        receive(&mut decoder, b"ee\n");
        assert_eq!(body(&mut decoder), b"three");
    }

    #[test]
    fn a_terminator_split_across_reads_is_found() {
        let mut decoder = FrameDecoder::new(Framing::Delimited((*b"\r\n\r\n").into()), LIMIT);
        for part in [&b"a\r"[..], b"\n\r", b"\nb\r\n\r"] {
            assert_eq!(decoder.next_frame(), None);
            receive(&mut decoder, part);
        }
        assert_eq!(body(&mut decoder), b"a");
        assert_eq!(decoder.next_frame(), None);
        receive(&mut decoder, b"\n");
        assert_eq!(body(&mut decoder), b"b");
    }

    #[test]
    fn a_prefix_split_across_reads_is_understood() {
        let mut decoder = prefixed(LIMIT);
        for part in [&[2][..], &[0, 0], &[0], b"h"] {
            receive(&mut decoder, part);
            assert_eq!(decoder.next_frame(), None);
        }
        receive(&mut decoder, b"i\0\0\0\0");
        assert_eq!(body(&mut decoder), b"hi");
        assert_eq!(body(&mut decoder), b"");
        assert!(!decoder.is_mid_frame());
    }

    #[test]
    fn a_body_of_exactly_the_limit_is_legal() {
        let mut decoder = lines(3);
        receive(&mut decoder, b"abc\nabcd\nabc\n");
        assert_eq!(body(&mut decoder), b"abc");
        assert_eq!(oversized(&mut decoder), (b"abc".to_vec(), None));
        assert_eq!(body(&mut decoder), b"abc");
    }

    #[test]
    fn an_unterminated_frame_is_oversized_as_soon_as_the_limit_is_passed() {
        let mut decoder = lines(LIMIT);
        receive(&mut decoder, &[b'x'; LIMIT]);
        assert_eq!(decoder.next_frame(), None, "the terminator may still follow");
        receive(&mut decoder, b"x");
        assert_eq!(oversized(&mut decoder), (vec![b'x'; HEAD_LIMIT], None));
        for _ in 0..100 {
            receive(&mut decoder, &[b'x'; LIMIT]);
            assert_eq!(decoder.next_frame(), None, "it is reported once");
            assert!(decoder.is_mid_frame());
        }
        receive(&mut decoder, b"x\nnext\n");
        assert_eq!(body(&mut decoder), b"next");
    }

    #[test]
    fn the_head_of_a_skipped_frame_stays_readable_until_the_next_read() {
        let mut decoder = lines(4);
        receive(&mut decoder, b"{\"tx\":\"1\"}");
        let Some(Frame::Oversized { head, .. }) = decoder.next_frame() else { panic!("not oversized") };
        assert_eq!(decoder.next_frame(), None);
        assert_eq!(decoder.bytes(head), b"{\"tx");
    }

    #[test]
    fn a_declared_length_over_the_limit_is_reported_with_the_head_and_skipped() {
        let mut decoder = prefixed(LIMIT);
        receive(&mut decoder, &prefix(LIMIT * 10));
        receive(&mut decoder, &[b'h'; HEAD_LIMIT - 1]);
        assert_eq!(decoder.next_frame(), None, "the head is not complete");
        receive(&mut decoder, b"h");
        assert_eq!(oversized(&mut decoder), (vec![b'h'; HEAD_LIMIT], Some(LIMIT as u64 * 10)));
        assert!(decoder.is_mid_frame());
        for _ in 0..9 {
            receive(&mut decoder, &[b'x'; LIMIT]);
            assert_eq!(decoder.next_frame(), None);
        }
        receive(&mut decoder, &[b'x'; LIMIT - HEAD_LIMIT]);
        assert_eq!(decoder.next_frame(), None);
        assert!(!decoder.is_mid_frame());
        receive(&mut decoder, b"\x01\0\0\0y");
        assert_eq!(body(&mut decoder), b"y");
    }

    #[test]
    fn a_declared_length_reserves_no_memory() {
        let mut decoder = prefixed(usize::MAX);
        receive(&mut decoder, &prefix(u32::MAX as usize));
        assert_eq!(decoder.next_frame(), None);
        decoder.spare();
        assert!(decoder.capacity() <= 64 << 10);
    }

    #[test]
    fn a_large_frame_takes_few_reads_and_its_memory_is_given_back() {
        const SIZE: usize = 32 << 20;
        let mut decoder = prefixed(SIZE);
        receive(&mut decoder, &prefix(SIZE));
        let mut left = SIZE;
        let mut reads = 0;
        while left > 0 {
            assert_eq!(decoder.next_frame(), None);
            let count = decoder.spare().len().min(left);
            decoder.filled(count);
            left -= count;
            reads += 1;
        }
        assert!(reads < 60, "{reads} reads");
        assert!(decoder.capacity() <= SIZE + (2 << 20), "{} bytes", decoder.capacity());
        assert_eq!(decoder.next_frame(), Some(Frame::Complete(4..4 + SIZE)));
        decoder.release();
        assert!(decoder.capacity() <= 64 << 10);
    }

    #[test]
    fn bytes_behind_the_handshake_are_decoded_under_the_new_framing() {
        let mut decoder = lines(LIMIT);
        receive(&mut decoder, b"hello\n\x03\0\0\0a\nb\x01\0");
        assert_eq!(body(&mut decoder), b"hello");
        decoder.switch(Framing::LengthPrefixed, LIMIT);
        assert_eq!(body(&mut decoder), b"a\nb");
        assert!(decoder.is_mid_frame());
        receive(&mut decoder, b"\0\0!");
        assert_eq!(body(&mut decoder), b"!");
    }

    #[test]
    fn a_switch_forgets_how_far_the_old_terminator_was_searched() {
        let mut decoder = lines(LIMIT);
        receive(&mut decoder, b"a;b");
        assert_eq!(decoder.next_frame(), None);
        decoder.switch(Framing::Delimited((*b";").into()), LIMIT);
        assert_eq!(body(&mut decoder), b"a");
    }

    #[test]
    #[should_panic(expected = "at least one byte")]
    fn an_empty_terminator_panics() {
        FrameDecoder::new(Framing::Delimited(Box::default()), LIMIT);
    }
}
