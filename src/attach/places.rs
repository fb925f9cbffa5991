//! A counter of places that threads take and free, until it is closed.
//!
//! `models/` also compiles this file, with the locks of `loom` for `crate::sync`, and runs every interleaving.

use std::time::{Duration, Instant};

use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError, lock};

/// In place of a count: no more places are given away.
const CLOSED: usize = usize::MAX;

/// How many places are taken.
#[derive(Debug)]
pub(crate) struct Places {
    taken: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    pub(crate) fn new(taken: usize) -> Self {
        Self { taken: Mutex::new(taken), freed: Condvar::new() }
    }

    fn taken(&self) -> MutexGuard<'_, usize> {
        lock(&self.taken)
    }

    /// Waits until fewer than `most` are taken, and takes one; returns whether that succeeded in time.
    pub(crate) fn take(&self, most: usize, patience: Duration) -> bool {
        let started = Instant::now();
        let mut taken = self.taken();
        while *taken >= most {
            if *taken == CLOSED {
                return false;
            }
            let Some(rest) = patience.checked_sub(started.elapsed()).filter(|rest| !rest.is_zero()) else {
                return false;
            };
            (taken, _) = self.freed.wait_timeout(taken, rest).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += 1;
        true
    }

    /// Takes a place, even if none is free; `false`: it was closed.
    pub(crate) fn take_beyond(&self) -> bool {
        let mut taken = self.taken();
        let is_open = *taken != CLOSED;
        if is_open {
            *taken += 1;
        }
        is_open
    }

    pub(crate) fn free(&self) {
        let mut taken = self.taken();
        if *taken != CLOSED {
            *taken = taken.saturating_sub(1);
        }
        drop(taken);
        self.freed.notify_all();
    }

    /// Closes it for ever, unless a place is taken; returns whether it is closed.
    pub(crate) fn close(&self) -> bool {
        let mut taken = self.taken();
        if *taken == 0 {
            *taken = CLOSED;
        }
        let is_closed = *taken == CLOSED;
        drop(taken);
        self.freed.notify_all();
        is_closed
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.taken() == CLOSED
    }
}
