//! A stream under an I/O engine.

use std::fmt::Debug;
use std::time::Duration;

use crate::sys::Stream;

/// A stream that an engine watches for its driver. Dropping it ends the watch and closes the stream.
pub trait Watch: Debug {
    /// The stream.
    fn stream(&self) -> &Stream;

    /// Whether the engine reports new input once: the driver must read until nothing is left, because the end of the
    /// input may follow.
    fn is_edge(&self) -> bool;

    /// Whether follow-up work of a call (the microtasks of JavaScript) runs only after the engine's call of the driver
    /// has returned.
    fn defers_follow_up(&self) -> bool;

    /// Whether the engine should report that the stream accepts bytes.
    fn want_write(&self, is_wanted: bool);

    /// Unread input may remain although no new input arrives. An engine whose reports are edges reports it once more.
    fn read_again(&self);

    /// The driver has seen the end of the input.
    fn stop(&self);

    /// Calls [`super::IoDriver::on_deadline`] after `delay`. Replaces the earlier timer.
    fn set_timer(&self, delay: Duration);

    /// There is no deadline any more.
    fn stop_timer(&self);

    /// Whether the watch keeps the event loop alive.
    fn set_ref(&self, is_referenced: bool);
}

/// The stream of a driver.
#[derive(Debug)]
pub(super) enum Watched<W> {
    /// No engine watches it yet.
    Idle(Stream),
    Engine(W),
}

impl<W: Watch> Watched<W> {
    pub(super) fn stream(&self) -> &Stream {
        match self {
            Watched::Idle(stream) => stream,
            Watched::Engine(watch) => watch.stream(),
        }
    }

    pub(super) fn engine(&self) -> Option<&W> {
        match self {
            Watched::Idle(_) => None,
            Watched::Engine(watch) => Some(watch),
        }
    }
}
