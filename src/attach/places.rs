//! A counter of places that threads take and free.
//!
//! `models/` also compiles this file, with the locks of `loom` for `crate::sync`, and runs every interleaving.

use std::time::{Duration, Instant};

use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError, lock};

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
            let Some(rest) = patience.checked_sub(started.elapsed()).filter(|rest| !rest.is_zero()) else {
                return false;
            };
            (taken, _) = self.freed.wait_timeout(taken, rest).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += 1;
        true
    }

    /// Takes a place, even if none is free.
    pub(crate) fn take_beyond(&self) {
        *self.taken() += 1;
    }

    pub(crate) fn free(&self) {
        let mut taken = self.taken();
        *taken = taken.saturating_sub(1);
        drop(taken);
        self.freed.notify_all();
    }
}
