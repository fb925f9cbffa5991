//! Isolated workers for Node.js: typed messages between a host and its worker processes and threads.
//!
//! The layers, bottom first. Each uses only layers above it in this list.
//!
//! - [`error`]: the errors of all layers, each with a stable code.
//! - [`reuse`]: the budget of the process for memory that is kept for re-use.
//! - [`boundary`]: the numbers that the addon and its TypeScript facade exchange.
//! - [`protocol`]: frames, messages, transactions. It does no I/O and reads no clock: time is a parameter (`now`, a
//!   [`std::time::Duration`] since an epoch the caller picks).
//! - [`sys`]: all code that names a descriptor, a socket, a signal or memory of the system.
//! - [`shm`]: large segments of payloads, in memory that both sides of a connection map.
//! - [`liveness`]: the native thread by which a worker notices its host's death and answers pings.
//! - [`attach`]: hosts that connect to detached workers.
//! - [`engine`]: signals to the owner of a connection that its stream is ready.
//! - [`io`]: moves the messages of a connection between its stream and its user: reading, writing, deadlines, waiting.
//! - `node`: Node-API, compiled only with the feature `napi`. The layers above do not name it.

pub mod error;

pub mod reuse;

pub mod boundary;

pub mod protocol;

pub mod sys;

pub mod shm;

pub mod liveness;

pub mod attach;

pub mod engine;

pub mod io;

mod sync;

#[cfg(feature = "napi")]
mod node;
