//! Private connected pairs between a host and its worker. The one module that names sockets and pipes.
//!
//! On Unix a pair is a socket pair: one end stays here, the other is inherited by the child. A twin of `unix` with the
//! same items is what another system needs.

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Input, or its end.
    Readable,
    /// Room to write.
    Writable,
    /// One of the two.
    Either,
}

#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub use unix::{
    ChildEnd, Stream, WatchedStream, adopt, claim, is_readable, large_pages, lifeline, mapping, memory, named, pair,
    passing,
};

#[cfg(not(unix))]
compile_error!("the transport for this system is not written yet: `transport` has sockets of Unix only");
