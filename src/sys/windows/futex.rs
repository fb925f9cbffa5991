//! Waiting for a word of memory: this system wakes only threads of one process by an address.

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Whether a process of this system can wake another by an address.
pub const HAS_FUTEX: bool = false;

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Somebody has called [`notify`].
    Notified,
    /// The word had another value.
    NotEqual,
    /// The timeout is over.
    TimedOut,
}

/// This system has none between processes.
///
/// # Errors
/// Always.
pub fn wait(_: &AtomicU32, _: u32, _: Duration) -> io::Result<Woken> {
    Err(io::ErrorKind::Unsupported.into())
}

/// This system has none between processes.
///
/// # Errors
/// Always.
pub fn notify(_: &AtomicU32, _: u32) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
