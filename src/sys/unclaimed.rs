//! Why a path cannot be taken for a detached worker.

use std::io;
use std::path::PathBuf;

/// How many hexadecimal digits a token has.
pub const TOKEN: usize = 64;

/// Why no worker can listen there.
#[derive(Debug, thiserror::Error)]
pub enum Unclaimed {
    /// A worker listens there.
    #[error("a live worker listens there already")]
    Live,
    /// The file is not one of this library.
    #[error("{0} is there, which no worker has made")]
    Foreign(PathBuf),
    /// Another process holds the lock of the directory, or there is no lock.
    #[error("the directory {0} cannot be locked: {1}")]
    Unlocked(PathBuf, io::Error),
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}
