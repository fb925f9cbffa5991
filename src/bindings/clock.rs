//! The time of one connection, which stands still while a debugger may stop the host or the worker.

use std::cell::Cell;
use std::time::Duration;

/// How often it is looked whether the debugger is still there.
pub(super) const LOOK: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Clock {
    /// How long it has stood still so far.
    behind: Cell<Duration>,
    /// What it shows while it stands still.
    stopped_at: Cell<Option<Duration>>,
}

impl Clock {
    /// What it shows when that is the time of the environment.
    pub(super) fn now(&self, time: Duration) -> Duration {
        self.stopped_at.get().unwrap_or_else(|| time.saturating_sub(self.behind.get()))
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped_at.get().is_some()
    }

    pub(super) fn stop(&self, time: Duration) {
        self.stopped_at.set(Some(self.now(time)));
    }

    pub(super) fn go_on(&self, time: Duration) {
        if let Some(stopped_at) = self.stopped_at.take() {
            self.behind.set(time.saturating_sub(stopped_at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_stands_still_while_it_is_stopped_and_then_goes_on_from_there() {
        let clock = Clock::default();
        assert_eq!(clock.now(SECOND), SECOND);
        clock.stop(SECOND * 2);
        clock.stop(SECOND * 3);
        assert_eq!(clock.now(SECOND * 9), SECOND * 2);
        clock.go_on(SECOND * 10);
        assert_eq!(clock.now(SECOND * 11), SECOND * 3);
        clock.go_on(SECOND * 12);
        clock.stop(SECOND * 12);
        clock.go_on(SECOND * 20);
        assert_eq!(clock.now(SECOND * 20), SECOND * 4);
    }
}
