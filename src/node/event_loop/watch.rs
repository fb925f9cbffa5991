//! A stream under the engine of its environment.

use std::time::Duration;

use super::tokio::TokioWatch;
#[cfg(unix)]
use super::uv::UvWatch;
use crate::io;
use crate::sys::Stream;

/// A stream that one of the two engines watches.
#[derive(Debug)]
pub(in crate::node) enum Watch {
    #[cfg(unix)]
    Uv(UvWatch),
    Tokio(TokioWatch),
}

impl io::Watch for Watch {
    fn stream(&self) -> &Stream {
        match self {
            #[cfg(unix)]
            Watch::Uv(watch) => watch.stream(),
            Watch::Tokio(watch) => watch.stream().stream(),
        }
    }

    fn is_edge(&self) -> bool {
        matches!(self, Watch::Tokio(_))
    }

    /// The `tokio` engine calls from a callback of Node, whose end microtasks wait for; the `uv` engine calls from libuv.
    fn defers_follow_up(&self) -> bool {
        matches!(self, Watch::Tokio(_))
    }

    fn want_write(&self, is_wanted: bool) {
        match self {
            #[cfg(unix)]
            Watch::Uv(watch) => watch.want_write(is_wanted),
            Watch::Tokio(watch) => watch.want_write(is_wanted),
        }
    }

    fn read_again(&self) {
        match self {
            // libuv reports as long as there is input.
            #[cfg(unix)]
            Watch::Uv(_) => {}
            Watch::Tokio(watch) => watch.read_again(),
        }
    }

    fn stop(&self) {
        match self {
            #[cfg(unix)]
            Watch::Uv(watch) => watch.stop(),
            // An edge reports the end once.
            Watch::Tokio(_) => {}
        }
    }

    fn set_timer(&self, delay: Duration) {
        match self {
            #[cfg(unix)]
            Watch::Uv(watch) => watch.set_timer(delay),
            Watch::Tokio(watch) => watch.set_timer(delay),
        }
    }

    fn stop_timer(&self) {
        match self {
            #[cfg(unix)]
            Watch::Uv(watch) => watch.stop_timer(),
            Watch::Tokio(watch) => watch.stop_timer(),
        }
    }

    fn set_ref(&self, is_referenced: bool) {
        match self {
            #[cfg(unix)]
            Watch::Uv(watch) => watch.set_ref(is_referenced),
            Watch::Tokio(watch) => watch.set_ref(is_referenced),
        }
    }
}
