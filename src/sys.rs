//! Everything that names a descriptor, a socket, a pipe, a signal or memory of the system.
//!
//! On Unix a connection is a socket pair: this process keeps one end, and the child inherits the other. On Windows it is
//! a named pipe, to which the child connects. `unix` and `windows` have the same items.

mod admission;
mod pulse;
mod unclaimed;

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
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

#[cfg(feature = "napi")]
pub use system::program;
pub use system::{
    ChildEnd, Descriptor, DescriptorRef, Stream, WatchedStream, adopt, attach_socket, closing, exit_status, fd_passing,
    futex, hugepages, keep_from_children, lifeline, mapping, memory, open, pair, path_lock, peer_of, process, rlimits,
    tty,
};
#[cfg(unix)]
pub use unix::is_readable;

#[cfg(not(any(unix, windows)))]
compile_error!("isolated-workers has transports for Unix and Windows: this system needs a twin of `sys/unix`");
