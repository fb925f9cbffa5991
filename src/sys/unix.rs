//! Unix: sockets, descriptors, signals, shared memory.

pub mod attach_socket;
pub mod closing;
mod copying;
pub mod exit_status;
pub mod fd_passing;
pub mod hugepages;
pub mod lifeline;
pub mod mapping;
pub mod memory;
pub mod path_lock;
mod peer;
pub mod process;
pub mod rlimits;
mod stream;
pub mod tty;

pub use stream::{ChildEnd, Stream, WatchedStream, adopt, is_readable, keep_from_children, pair, peer_of};
use stream::{QUIETLY, adopt_socket, new_socket};
