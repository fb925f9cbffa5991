//! The engines of the drivers of tests.

use std::cell::Cell;
use std::time::{Duration, Instant};

use isolated_workers::engine::tokio;
use isolated_workers::io::Watch;
use isolated_workers::sys::Stream;

/// A stream that [`super::running::turn`] polls, which reports like the `uv` engine: as long as there is input. Or one that the
/// `tokio` engine watches.
#[derive(Debug)]
pub struct Watched {
    source: Source,
    pub wants_write: Cell<bool>,
    /// How often the driver wanted to be told that the stream accepts bytes.
    pub write_requests: Cell<u32>,
    pub timer: Cell<Option<Duration>>,
    pub is_referenced: Cell<bool>,
    pub is_stopped: Cell<bool>,
}

#[derive(Debug)]
pub enum Source {
    Polled(Stream),
    Woken(tokio::Watch),
}

impl Watched {
    pub fn new(source: Source) -> Self {
        Self {
            source,
            wants_write: Cell::default(),
            write_requests: Cell::default(),
            timer: Cell::default(),
            is_referenced: Cell::default(),
            is_stopped: Cell::default(),
        }
    }

    /// The watch of the `tokio` engine.
    pub fn woken(&self) -> Option<&tokio::Watch> {
        match &self.source {
            Source::Polled(_) => None,
            Source::Woken(watch) => Some(watch),
        }
    }
}

impl Watch for Watched {
    fn stream(&self) -> &Stream {
        match &self.source {
            Source::Polled(stream) => stream,
            Source::Woken(watch) => watch.stream().stream(),
        }
    }

    fn is_edge(&self) -> bool {
        self.woken().is_some()
    }

    fn defers_follow_up(&self) -> bool {
        self.woken().is_some()
    }

    fn want_write(&self, is_wanted: bool) {
        if is_wanted && !self.wants_write.get() {
            self.write_requests.set(self.write_requests.get() + 1);
        }
        self.wants_write.set(is_wanted);
        if let Some(watch) = self.woken().filter(|_| is_wanted) {
            watch.want_write();
        }
    }

    fn read_again(&self) {
        if let Some(watch) = self.woken() {
            watch.read_again();
        }
    }

    fn stop(&self) {
        self.is_stopped.set(true);
    }

    fn set_timer(&self, delay: Duration) {
        self.timer.set(Some(delay));
        if let Some(watch) = self.woken() {
            watch.set_deadline(Instant::now().checked_add(delay));
        }
    }

    fn stop_timer(&self) {
        self.timer.set(None);
        if let Some(watch) = self.woken() {
            watch.set_deadline(None);
        }
    }

    fn set_ref(&self, is_referenced: bool) {
        self.is_referenced.set(is_referenced);
    }
}
