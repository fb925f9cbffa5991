//! Bytes to frames and back: one frame holds exactly one message.
//!
//! [`Framing`] says how a frame ends and writes frames. [`FrameDecoder`] takes bytes as they arrive, in any chunks, and
//! gives back the same bodies. It keeps to a size limit: a frame over the limit costs neither its memory nor the
//! frames around it.

mod buffer;
mod decoder;
mod delimited;
mod framing;
mod length_prefixed;

pub use decoder::{Frame, FrameDecoder, HEAD_LIMIT};
pub use framing::{FrameError, Framing};
