//! A private socket pair, while its child starts.

use napi_derive::napi;

use crate::node::values::failure::{Failure, closed, system};
use crate::sys::{self, ChildEnd, Stream};

/// Both ends of a new connection. The facade passes the child's end to the process that it starts, then closes it here,
/// and makes a connection of the host's end.
#[napi]
pub struct NativePair {
    pub(in crate::node) ours: Option<Stream>,
    theirs: Option<ChildEnd>,
}

impl NativePair {
    /// Only one end exists.
    pub(in crate::node) fn of(stream: Stream) -> Self {
        Self { ours: Some(stream), theirs: None }
    }

    pub(in crate::node) fn take_child_end(&mut self) -> Option<ChildEnd> {
        self.theirs.take()
    }
}

#[napi]
impl NativePair {
    /// Throws `ERR_SYSTEM` if no file descriptors are left.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Result<Self, Failure> {
        let (ours, theirs) = sys::pair().map_err(|error| system("cannot make a connected pair", &error))?;
        Ok(Self { ours: Some(ours), theirs: Some(theirs) })
    }

    /// The descriptor for the child's `stdio`. Throws `ERR_SYSTEM` after it was closed.
    #[napi(getter, catch_unwind)]
    pub fn child_fd(&self) -> Result<i32, Failure> {
        self.theirs.as_ref().map(ChildEnd::fd).ok_or_else(closed)
    }

    /// In a worker: child processes do not inherit the descriptor, which is the worker's end.
    #[napi(catch_unwind)]
    pub fn keep_from_children(fd: i32) {
        sys::keep_from_children(fd);
    }

    /// Where the child finds its end; `null`: it inherits the descriptor.
    #[napi(getter, catch_unwind)]
    pub fn child_address(&self) -> Option<String> {
        self.theirs.as_ref().and_then(ChildEnd::address)
    }

    /// In a worker: the process id of the host at the other end of the descriptor, if the kernel tells it.
    #[napi(catch_unwind)]
    pub fn peer(fd: i32) -> Option<i32> {
        sys::peer_of(fd)
    }

    /// The child has started: closes this process's copy of what the child has inherited. Otherwise this process would
    /// not notice the end of the child.
    #[napi(catch_unwind)]
    pub fn child_started(&mut self) {
        self.theirs = self.theirs.take().and_then(ChildEnd::started);
    }

    /// In a worker: opens the worker's end by its address. Returns the number for everything that takes a descriptor.
    /// Throws `ERR_SYSTEM`.
    #[napi(catch_unwind)]
    pub fn open(address: String) -> Result<i32, Failure> {
        sys::open(&address).map_err(|error| system("cannot connect to the host", &error))
    }

    /// Closes the rest of both ends.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.theirs = None;
        self.ours = None;
    }
}
