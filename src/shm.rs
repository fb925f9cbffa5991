//! Shared-memory side channel: payload segments from 64 KiB on bypass the socket through a ring buffer that both
//! processes map.
//!
//! The sender's [`ShmSender`] copies a segment into the memory and passes its descriptor once, with the first frame
//! that needs it; the receiver's [`ShmReceiver`] copies it out. The header of the memory has the receiver's position in
//! the stream, from which the sender knows which ranges are free ([`crate::protocol::shm_ring`]). No reference to the
//! contents exists: a peer that writes during a read changes the bytes, and cannot truncate the memory.

#![deny(clippy::disallowed_types)]

mod receiver;
mod sender;

pub use receiver::ShmReceiver;
pub use sender::{IDLE, LARGE, ShmSender};
