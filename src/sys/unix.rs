//! Unix: sockets, descriptors, signals, shared memory.

pub mod attach_socket;
pub mod closing;
mod copying;
pub mod exit_status;
pub mod fd_passing;
pub mod futex;
pub mod hugepages;
pub mod lifeline;
pub mod mapping;
pub mod memory;
pub mod path_lock;
mod peer;
pub mod process;
#[cfg(feature = "napi")]
pub mod program;
pub mod rlimits;
mod stream;
pub mod tty;

pub use stream::{ChildEnd, Stream, WatchedStream, adopt, is_readable, keep_from_children, open, pair, peer_of};
use stream::{QUIETLY, adopt_socket, new_socket};

/// What passes beside the bytes of a stream.
pub type Descriptor = std::os::fd::OwnedFd;
/// A borrowed [`Descriptor`].
pub type DescriptorRef<'a> = std::os::fd::BorrowedFd<'a>;
