//! What goes beside the stream of a connection: large parts of payloads, in memory that both sides have.
//!
//! The sender's [`Outbox`] copies a part into the memory and passes that once, with the first frame that needs it; the
//! receiver's [`Intake`] copies it out. At the start of the memory stands how far the receiver has read the stream, from
//! which the sender knows what it may use again ([`crate::lane`]). Nothing refers to what is in there: a peer that writes
//! while it is read gives other bytes, and cannot make it smaller.

mod intake;
mod outbox;

pub use intake::Intake;
pub use outbox::{IDLE, LARGE, Outbox};
