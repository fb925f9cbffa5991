//! Moves the messages of a connection between its stream and its user: reading, writing, deadlines, back-pressure, and
//! waiting with the thread blocked.
//!
//! An [`IoDriver`] owns one connection and runs on one thread. An engine ([`Watch`]) calls it when the stream is ready
//! or a deadline has passed; it hands what has arrived to its user ([`Deliver`]). Both are type parameters, so no call
//! on the way of a message is dynamic. The drivers of a thread share the time of its event loop ([`Drivers`]).
//!
//! The layer reads no clock: [`Deliver::now`] is the time. Only [`spin`] reads the wall clock, by which two processes
//! align their trials.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod channel;
mod deliver;
mod driver;
mod drivers;
mod early;
mod event_queue;
mod fault;
mod loop_time;
mod pace;
pub mod pausable_clock;
pub mod spin;
mod watch;

pub use channel::Channel;
pub use deliver::{Deliver, Report};
pub use driver::{Bypass, IoDriver, RequestOutcome, SegmentSizes};
pub use drivers::Drivers;
pub use watch::Watch;
