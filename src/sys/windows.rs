//! Windows: named pipes, events, processes, Job Objects. There is no memory that the processes share.

pub mod attach_socket;
mod child_end;
pub mod closing;
mod duplex;
mod event;
pub mod exit_status;
pub mod fd_passing;
pub mod futex;
pub mod hugepages;
mod job;
pub mod lifeline;
pub mod mapping;
pub mod memory;
mod numbers;
mod opening;
mod operation;
pub mod path_lock;
mod pipe;
pub mod process;
#[cfg(feature = "napi")]
pub mod program;
pub mod rlimits;
mod stream;
pub mod tty;
mod user;
mod watched;

pub use child_end::{ChildEnd, adopt, keep_from_children, open, pair, peer_of};
pub use stream::Stream;
pub use watched::WatchedStream;

/// What passes beside the bytes of a stream: nothing.
pub type Descriptor = std::convert::Infallible;
/// A borrowed [`Descriptor`].
pub type DescriptorRef<'a> = &'a Descriptor;
