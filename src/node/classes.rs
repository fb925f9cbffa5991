//! The classes and functions that the facade uses.

pub(in crate::node) mod attach;
pub(in crate::node) mod connection;
pub(in crate::node) mod debugger;
pub(in crate::node) mod environment;
pub(in crate::node) mod lifeline;
pub(in crate::node) mod messages;
pub(in crate::node) mod options;
pub(in crate::node) mod own_messages;
pub(in crate::node) mod pair;
pub(in crate::node) mod process;
pub(in crate::node) mod requests;
pub(in crate::node) mod shared_buffers;
pub(in crate::node) mod shared_waiting;
pub(in crate::node) mod streams;
pub(in crate::node) mod terminal;
pub(in crate::node) mod waiting;
