//! A private pair, while its child is being started.

use napi_derive::napi;

use super::failure::{Failure, system};
use crate::transport::{self, ChildEnd, Stream};

/// Both ends of a new connection. The facade hands the child's end to the process it starts, then closes it here, and
/// makes a connection of the host's end.
#[napi]
pub struct NativePair {
    pub(super) ours: Option<Stream>,
    theirs: Option<ChildEnd>,
}

impl NativePair {
    /// One end is all there is.
    pub(super) fn of(stream: Stream) -> Self {
        Self { ours: Some(stream), theirs: None }
    }

    pub(super) fn take_child_end(&mut self) -> Option<ChildEnd> {
        self.theirs.take()
    }
}

#[napi]
impl NativePair {
    /// Throws `ERR_SYSTEM` when no file descriptors are left.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Result<Self, Failure> {
        let (ours, theirs) = transport::pair().map_err(|error| system("cannot make a connected pair", &error))?;
        Ok(Self { ours: Some(ours), theirs: Some(theirs) })
    }

    /// The descriptor for the child's `stdio`; -1 when it was closed.
    #[napi(getter, catch_unwind)]
    pub fn child_fd(&self) -> i32 {
        self.theirs.as_ref().map_or(-1, ChildEnd::fd)
    }

    /// Closes this process's copy of the child's end: else the end of the child would not be noticed.
    #[napi(catch_unwind)]
    pub fn close_child_end(&mut self) {
        self.theirs = None;
    }

    /// Closes what is left of both ends.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.theirs = None;
        self.ours = None;
    }
}
