//! Everything that names a descriptor, a socket, a pipe, a signal or memory of the system.
//!
//! On Unix a connection is a socket pair: this process keeps one end, and the child inherits the other. Another system
//! needs a twin of `unix` with these items.

/// The readiness to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Input, or its end.
    Readable,
    /// Capacity to write.
    Writable,
    /// Either of the two.
    Either,
}

#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub use unix::{
    ChildEnd, Stream, WatchedStream, adopt, attach_socket, closing, exit_status, fd_passing, hugepages, is_readable,
    keep_from_children, lifeline, mapping, memory, pair, path_lock, peer_of, process, rlimits, tty,
};

#[cfg(not(unix))]
compile_error!("the transport for this system is not written yet: `transport` has sockets of Unix only");
