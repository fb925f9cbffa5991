//! The protocol of a connection, as a state machine: bytes and the time go in, events and bytes come out.
//!
//! No module here does I/O, reads a clock or knows Node. The modules, in reading order:

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod frame;

pub mod message;

pub mod message_types;

pub mod transaction_id;

pub mod transactions;

pub mod timeouts;

pub mod remote_error;

pub mod handshake;

pub mod flow;

pub mod grants;

mod terminator;

pub mod output;

pub mod multipart;

pub mod shm_ring;

pub mod event;

pub mod exchange;

pub mod connection;
