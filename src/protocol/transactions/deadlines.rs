//! The deadlines of slots, in their order.

use std::collections::BTreeMap;
use std::time::Duration;

/// A deadline, and the sequence that orders equal ones.
type Key = (Duration, u64);

#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// The slot of each deadline, and its timeout.
    ordered: BTreeMap<Key, (u32, Duration)>,
    /// The key of each slot that has a deadline.
    keys: Vec<Option<Key>>,
    /// The latest time seen.
    now: Duration,
}

impl Deadlines {
    /// Gives the slot, which has none, the deadline `now + timeout`. A `now` that went backwards counts as the latest.
    /// No two slots have the same `sequence`.
    pub fn insert(&mut self, slot: u32, sequence: u64, now: Duration, timeout: Duration) {
        self.now = self.now.max(now);
        let key = (self.now.saturating_add(timeout), sequence);
        if self.keys.len() <= slot as usize {
            self.keys.resize(slot as usize + 1, None);
        }
        self.keys[slot as usize] = Some(key);
        self.ordered.insert(key, (slot, timeout));
    }

    /// Removes the slot's deadline, if it has one.
    pub fn remove(&mut self, slot: u32) {
        if let Some(key) = self.keys.get_mut(slot as usize).and_then(Option::take) {
            self.ordered.remove(&key);
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        Some(self.ordered.first_key_value()?.0.0)
    }

    /// Removes the slot with the earliest deadline, if that is not after `now`; returns the slot and its timeout.
    pub fn pop_expired(&mut self, now: Duration) -> Option<(u32, Duration)> {
        let first = self.ordered.first_entry().filter(|entry| entry.key().0 <= now)?;
        let (slot, timeout) = first.remove();
        self.keys[slot as usize] = None;
        Some((slot, timeout))
    }

    /// Restarts the full timeout of every slot whose deadline is `now` or earlier. `sequence` returns a slot's
    /// sequence.
    pub fn renew_expired(&mut self, now: Duration, sequence: impl Fn(u32) -> u64) {
        let expired: Vec<_> = std::iter::from_fn(|| self.pop_expired(now)).collect();
        for (slot, timeout) in expired {
            self.insert(slot, sequence(slot), now, timeout);
        }
    }

    /// Releases memory. No slot has a deadline.
    pub fn reset(&mut self) {
        debug_assert!(self.ordered.is_empty());
        *self = Self { now: self.now, ..Self::default() };
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.keys.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn drain(deadlines: &mut Deadlines, now: Duration) -> Vec<u32> {
        std::iter::from_fn(|| deadlines.pop_expired(now)).map(|(slot, _)| slot).collect()
    }

    #[test]
    fn different_timeouts_expire_in_the_order_of_their_deadlines() {
        let mut deadlines = Deadlines::default();
        for (slot, timeout) in [(0, 5), (1, 3), (2, 4), (3, 3), (4, 9)] {
            deadlines.insert(slot, u64::from(slot), Duration::ZERO, SECOND * timeout);
        }
        assert_eq!(deadlines.next(), Some(SECOND * 3));
        assert_eq!(drain(&mut deadlines, SECOND * 8), [1, 3, 2, 0]);
        assert_eq!(deadlines.next(), Some(SECOND * 9));
    }

    #[test]
    fn thousands_of_distinct_timeouts_leave_nothing_behind() {
        let mut deadlines = Deadlines::default();
        for slot in 0..5000_u32 {
            deadlines.insert(
                slot,
                u64::from(slot),
                Duration::ZERO,
                Duration::from_millis(u64::from(slot * 7919 % 5000)),
            );
        }
        for slot in (0..5000).step_by(2) {
            deadlines.remove(slot);
        }
        let order: Vec<u32> = drain(&mut deadlines, SECOND * 5);
        assert_eq!(order.len(), 2500);
        assert!(order.is_sorted_by_key(|slot| slot * 7919 % 5000));
        assert_eq!(deadlines.next(), None);
        assert!(deadlines.ordered.is_empty());
        assert!(deadlines.keys.iter().all(Option::is_none));
    }

    #[test]
    fn a_clock_that_goes_backwards_keeps_the_deadlines_sorted() {
        let mut deadlines = Deadlines::default();
        deadlines.insert(0, 0, SECOND * 10, SECOND);
        deadlines.insert(1, 1, SECOND * 2, SECOND);
        assert_eq!(drain(&mut deadlines, SECOND * 11), [0, 1]);
    }

    #[test]
    fn a_deadline_beyond_the_end_of_time_is_the_end_of_time() {
        let mut deadlines = Deadlines::default();
        deadlines.insert(0, 0, SECOND, Duration::MAX);
        assert_eq!(deadlines.next(), Some(Duration::MAX));
    }
}
