//! A stream under the engine of its environment.

use std::io;
use std::time::Duration;

use super::busy_poll::BusyPoll;
use super::tokio::TokioWatch;
#[cfg(unix)]
use super::uv::UvWatch;
use crate::transport::{Stream, Until};

/// A watched stream. Dropping it ends the watch and closes the stream.
#[derive(Debug)]
pub(super) enum Watch {
    /// No engine watches it yet.
    Idle(Stream),
    #[cfg(unix)]
    Uv(UvWatch),
    Tokio(TokioWatch),
}

impl Watch {
    pub(super) fn stream(&self) -> &Stream {
        match self {
            Watch::Idle(stream) => stream,
            #[cfg(unix)]
            Watch::Uv(watch) => watch.stream(),
            Watch::Tokio(watch) => watch.stream().stream(),
        }
    }

    /// Blocks until there is input, or room to write; tells whether that came in time.
    pub(super) fn wait(&self, until: Until, timeout: Option<Duration>) -> io::Result<bool> {
        self.stream().wait(until, timeout)
    }

    /// The last write said `WouldBlock`, or a later one did not any more.
    pub(super) fn want_write(&self, wanted: bool) {
        match self {
            Watch::Idle(_) => {}
            #[cfg(unix)]
            Watch::Uv(watch) => watch.want_write(wanted),
            Watch::Tokio(watch) => watch.want_write(wanted),
        }
    }

    /// Whether input is told. What came meanwhile is told when it is again.
    pub(super) fn set_reading(&self, reading: bool) {
        match self {
            Watch::Idle(_) => {}
            #[cfg(unix)]
            Watch::Uv(watch) => watch.set_reading(reading),
            Watch::Tokio(watch) if reading => watch.read_again(),
            // Edges are few, and whoever does not read lets them pass.
            Watch::Tokio(_) => {}
        }
    }

    /// Whether new input is told once: then reading must go on until nothing is left, for the end may be right behind.
    pub(super) fn is_edge(&self) -> bool {
        matches!(self, Watch::Tokio(_))
    }

    /// There may be input that was not read, though nothing new will come: call again soon.
    pub(super) fn read_again(&self) {
        match self {
            // libuv tells as long as there is something.
            Watch::Idle(_) => {}
            #[cfg(unix)]
            Watch::Uv(_) => {}
            Watch::Tokio(watch) => watch.read_again(),
        }
    }

    /// The engine has stopped by itself, before the end of input was seen.
    #[cfg(unix)]
    pub(super) fn poll_again(&self) {
        if let Watch::Uv(watch) = self {
            watch.poll_again();
        }
    }

    /// What came was handled: the thread will sleep soon.
    #[cfg(unix)]
    pub(super) fn before_sleep(&self, busy_poll: &BusyPoll) {
        if let Watch::Uv(watch) = self {
            watch.before_sleep(busy_poll);
        }
    }

    /// The end of input was seen.
    pub(super) fn stop(&self) {
        match self {
            #[cfg(unix)]
            Watch::Uv(watch) => watch.stop(),
            // An edge tells the end once.
            Watch::Idle(_) | Watch::Tokio(_) => {}
        }
    }

    /// Calls for the deadline after `delay`.
    pub(super) fn set_timer(&self, delay: Duration) {
        match self {
            Watch::Idle(_) => {}
            #[cfg(unix)]
            Watch::Uv(watch) => watch.set_timer(delay),
            Watch::Tokio(watch) => watch.set_timer(delay),
        }
    }

    /// There is no deadline any more.
    pub(super) fn stop_timer(&self) {
        match self {
            Watch::Idle(_) => {}
            #[cfg(unix)]
            Watch::Uv(watch) => watch.stop_timer(),
            Watch::Tokio(watch) => watch.stop_timer(),
        }
    }

    /// Whether the watch keeps the event loop alive.
    pub(super) fn set_ref(&self, referenced: bool) {
        match self {
            Watch::Idle(_) => {}
            #[cfg(unix)]
            Watch::Uv(watch) => watch.set_ref(referenced),
            Watch::Tokio(watch) => watch.set_ref(referenced),
        }
    }
}
