//! Private connected pairs between a host and its worker. The one module that names sockets and pipes.
//!
//! On Unix a pair is a socket pair: one end stays here, the other is inherited by the child. On Windows it is a named
//! pipe with a random name that is made before the child starts, for this user only, and takes one client.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{ChildEnd, Stream, WatchedStream, adopt, pair};
#[cfg(windows)]
pub use windows::{ChildEnd, Stream, WatchedStream, adopt, pair};
