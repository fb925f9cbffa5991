//! The named socket of a worker that is about to start.

use std::path::Path;

use napi_derive::napi;

use crate::error::code;
use crate::node::values::failure::{Failure, closed, system};
use crate::sys::attach_socket::Listener;
use crate::sys::path_lock::{Claim, Unclaimed, claim, release, token_file};

/// A named socket for a worker that is about to start.
#[napi]
pub struct NativeSocket {
    claim: Option<Claim>,
}

#[napi]
impl NativeSocket {
    /// Listens at `path` for this user alone, and writes the token beside it. Removes the files of a dead worker there;
    /// `sweep`: in the whole directory. Throws `ERR_WORKER_OCCUPIED` if a live worker listens, `ERR_INVALID_OPTION` if
    /// the path has another file, `ERR_SYSTEM`.
    #[napi(constructor, catch_unwind)]
    pub fn new(path: String, token: String, sweep: bool) -> Result<Self, Failure> {
        let claim = claim(Path::new(&path), &token, sweep).map_err(|error| match error {
            Unclaimed::Live => Failure::new(
                code::WORKER_OCCUPIED.to_owned(),
                format!(
                    "a live worker listens at {path} already. Attach to it with attachWorker(), or choose another name."
                ),
            ),
            Unclaimed::Foreign(file) => Failure::new(
                code::INVALID_OPTION.to_owned(),
                format!(
                    "socketPath must be free, or left by a worker: {} is there, which no worker has made",
                    file.display()
                ),
            ),
            Unclaimed::Unlocked(directory, error) => Failure::new(
                code::SYSTEM.to_owned(),
                format!(
                    "cannot listen at {path}: the directory {} cannot be locked: {error}. Another process may hold its lock; \
                     choose a `socketPath` in a directory of your own.",
                    directory.display()
                ),
            ),
            Unclaimed::Io(error) => system(&format!("cannot listen at {path}"), &error),
        })?;
        Ok(Self { claim: Some(claim) })
    }

    /// Removes the files of an ended worker at `path`, unless the token belongs to another. Throws `ERR_SYSTEM`.
    #[napi(catch_unwind)]
    pub fn remove(path: String, token: String) -> Result<bool, Failure> {
        release(Path::new(&path), &token)
            .map_err(|error| Failure::new(code::SYSTEM.to_owned(), format!("cannot remove {path}: {error}")))
    }

    /// The descriptor for the child's `stdio`. Throws `ERR_SYSTEM` after it was closed.
    #[napi(getter, catch_unwind)]
    pub fn fd(&self) -> Result<i32, Failure> {
        self.claim.as_ref().map(Claim::fd).ok_or_else(closed)
    }

    /// Where the child finds it; `null`: it inherits the descriptor.
    #[napi(getter, catch_unwind)]
    pub fn child_address(&self) -> Option<String> {
        self.claim.as_ref().and_then(Claim::address)
    }

    /// In a worker: listens at an address, with the worker's token. Returns the number for `NativeAttachListener`. Throws
    /// `ERR_SYSTEM`.
    #[napi(catch_unwind)]
    pub fn open(address: String, token: String) -> Result<i32, Failure> {
        Listener::open(&address, &token).map_err(|error| system(&format!("cannot listen at {address}"), &error))
    }

    /// The file with the token of the worker at `path`.
    #[napi(catch_unwind)]
    pub fn token_file(path: String) -> String {
        token_file(Path::new(&path)).to_string_lossy().into_owned()
    }

    /// The child has started: closes this process's copy of what the child has inherited. Otherwise this process would
    /// not notice the end of the worker.
    #[napi(catch_unwind)]
    pub fn child_started(&mut self) {
        self.claim = self.claim.take().and_then(Claim::started);
    }

    /// Closes the rest.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.claim = None;
    }
}
