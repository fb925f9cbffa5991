//! Bytes to frames and back: one frame holds exactly one message.
//!
//! [`Framing`] defines the end of a frame and writes frames. [`FrameDecoder`] receives bytes in any chunks, and returns
//! the frame bodies. It enforces a size limit: an oversized frame costs neither its memory nor the frames around it.

mod buffer;
mod decoder;
mod delimited;
mod framing;
mod length_prefixed;

pub use decoder::{Frame, FrameDecoder, HEAD_LIMIT};
pub use framing::{FrameError, Framing};

/// The largest limit of messages, 2 GiB: JavaScript receives the lengths of payloads in 31 bits, and a payload is
/// shorter than its frame.
pub const LARGEST_FRAME: usize = 1 << 31;
