//! The time of one connection, which stops while the user postpones deadlines: a debugger may stop the host or the
//! worker.

use std::cell::Cell;
use std::time::Duration;

/// How often the owner of a stopped clock asks whether the clock may go on.
pub const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// A clock that can stop.
#[derive(Debug, Default)]
pub struct PausableClock {
    /// How long the clock has stopped so far.
    behind: Cell<Duration>,
    /// The time that it shows while it is stopped.
    stopped_at: Cell<Option<Duration>>,
}

impl PausableClock {
    /// Converts the user's time to the connection's time.
    pub fn now(&self, time: Duration) -> Duration {
        self.stopped_at.get().unwrap_or_else(|| time.saturating_sub(self.behind.get()))
    }

    /// Whether the clock stands.
    pub fn is_stopped(&self) -> bool {
        self.stopped_at.get().is_some()
    }

    /// Stops the clock at the user's `time`, unless it stands.
    pub fn stop(&self, time: Duration) {
        self.stopped_at.set(Some(self.now(time)));
    }

    /// Continues at the user's `time` from what the clock shows.
    pub fn go_on(&self, time: Duration) {
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
    fn the_clock_shows_one_time_while_it_is_stopped_and_then_goes_on_from_there() {
        let clock = PausableClock::default();
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
