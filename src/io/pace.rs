//! How many events a driver delivers in one call.

use std::cell::Cell;
use std::time::Duration;

/// As many events as the user handles in a part of a turn of the event loop, estimated from the previous ones.
#[derive(Debug)]
pub(super) struct Pace(Cell<usize>);

const FIRST: usize = 16;
/// How long the user may take for the events of one call.
const SLICE: Duration = Duration::from_millis(4);
const MOST: usize = 1024;
/// The largest factor by which one call raises the estimate.
const FASTER: usize = 4;

impl Default for Pace {
    fn default() -> Self {
        Self(Cell::new(FIRST))
    }
}

impl Pace {
    pub(super) fn get(&self) -> usize {
        self.0.get()
    }

    /// The user took this long for this many events.
    pub(super) fn adapt(&self, count: usize, took: Duration) {
        let fits = SLICE.as_nanos() * count as u128 / took.as_nanos().max(1);
        let fits = usize::try_from(fits).unwrap_or(MOST);
        self.0.set(fits.clamp(1, (self.get() * FASTER).min(MOST)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_grows_step_by_step_and_falls_at_once() {
        let pace = Pace::default();
        for expected in [64, 256, 1024, 1024] {
            pace.adapt(pace.get(), Duration::from_micros(10));
            assert_eq!(pace.get(), expected);
        }
        pace.adapt(1024, Duration::from_secs(1));
        assert_eq!(pace.get(), 4);
        pace.adapt(1, Duration::from_secs(1));
        assert_eq!(pace.get(), 1);
        pace.adapt(1, Duration::ZERO);
        assert_eq!(pace.get(), 4);
    }
}
