//! Named sockets for the facade: those of workers that are about to start, the listener of a detached worker, and the connection of a
//! host that attaches.

pub(in crate::node) mod attachment;
pub(in crate::node) mod listener;
pub(in crate::node) mod outcome;
pub(in crate::node) mod socket;
