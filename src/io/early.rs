//! Messages that a driver writes before the end of their tick: the code that sends them may go on computing.

use std::cell::Cell;
use std::time::Duration;

/// The most early writes in a row.
const MOST: u32 = 16;
/// The time after which a driver may make one more of them: a busy connection makes one more write in this time.
const REFILL: Duration = Duration::from_millis(1);
/// The driver reads the clock for this many messages of a tick: a program that sends more computes nothing between them.
const MOST_CLOCKED: u32 = 8;

/// A token bucket of writes.
#[derive(Debug)]
pub(super) struct EarlyWrites {
    tokens: Cell<u32>,
    refilled_at: Cell<Duration>,
    /// How many messages of this tick have found no token.
    refused: Cell<u32>,
}

impl Default for EarlyWrites {
    fn default() -> Self {
        Self { tokens: Cell::new(MOST), refilled_at: Cell::default(), refused: Cell::default() }
    }
}

impl EarlyWrites {
    /// Whether the driver writes the latest message at once.
    pub(super) fn take(&self, has_output: bool, now: impl FnOnce() -> Duration) -> bool {
        if !has_output {
            return false;
        }
        if self.tokens.get() == 0 && !self.refill(now) {
            return false;
        }
        self.tokens.set(self.tokens.get() - 1);
        true
    }

    /// The driver has written all messages of the tick.
    pub(super) fn end_tick(&self) {
        self.refused.set(0);
    }

    fn refill(&self, now: impl FnOnce() -> Duration) -> bool {
        let refused = self.refused.get();
        if refused >= MOST_CLOCKED {
            return false;
        }
        self.refused.set(refused + 1);
        let now = now();
        let earned = now.saturating_sub(self.refilled_at.get()).as_millis() / REFILL.as_millis();
        if earned == 0 {
            return false;
        }
        self.refilled_at.set(now);
        self.tokens.set(u32::try_from(earned).unwrap_or(MOST).min(MOST));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_messages_are_written_at_once_and_many_wait_for_the_end_of_their_tick() {
        let early = EarlyWrites::default();
        let now = || Duration::ZERO;
        assert!(!early.take(false, now));
        assert_eq!((0..MOST).filter(|_| early.take(true, now)).count(), MOST as usize);
        assert!(!early.take(true, now));
        assert_eq!((0..3).filter(|_| early.take(true, || REFILL * 3)).count(), 3);
        assert!(!early.take(true, || REFILL * 3));
    }

    #[test]
    fn the_clock_is_read_for_few_messages_of_a_tick() {
        let early = EarlyWrites { tokens: Cell::new(0), ..EarlyWrites::default() };
        for _ in 0..MOST_CLOCKED {
            assert!(!early.take(true, || Duration::ZERO));
        }
        assert!(!early.take(true, || unreachable!("the clock was read once more")));
        early.end_tick();
        assert!(early.take(true, || REFILL));
    }
}
