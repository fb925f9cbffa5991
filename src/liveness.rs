//! Liveness of the other side: the lifeline between a host and its worker, and debuggers that may stop them.

#![deny(clippy::disallowed_types)]

pub mod debugger;
pub mod lifeline;
