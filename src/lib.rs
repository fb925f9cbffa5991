//! Isolated workers for Node.js: typed messages between a host and its worker processes and threads.
//!
//! The modules, in reading order. Those up to [`connection`] are the core: they do no I/O and read no clock, time is a
//! parameter (`now`, a [`std::time::Duration`] since an epoch the caller picks). [`transport`], [`beside`] and [`engine`] move bytes.
//! `bindings` is the only module that knows Node, and is compiled with the `napi` feature alone.

pub mod error;

pub mod frame;

pub mod message;

pub mod message_types;

pub mod transaction_id;

pub mod transactions;

pub mod timeouts;

pub mod remote_error;

pub mod handshake;

pub mod flow;

mod terminator;

pub mod output;

pub mod parts;

pub mod lane;

pub mod event;

pub mod exchange;

pub mod connection;

pub mod transport;

pub mod beside;

pub mod engine;

pub mod lifeline;

pub mod doorman;

#[cfg(feature = "napi")]
mod bindings;
