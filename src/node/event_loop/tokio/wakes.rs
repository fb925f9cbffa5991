//! The drivers that the I/O thread has woken and the JavaScript thread has not served.
//!
//! `models/` also compiles this file, with the locks of `loom` for `crate::sync`, and runs every interleaving.

use crate::sync::{AtomicBool, Mutex, Ordering, lock};

/// The numbers of the drivers, and whether the JavaScript thread has been called for them.
#[derive(Debug)]
pub(crate) struct Wakes {
    drivers: Mutex<Vec<usize>>,
    scheduled: AtomicBool,
}

impl Wakes {
    pub(crate) fn new() -> Self {
        Self { drivers: Mutex::new(Vec::new()), scheduled: AtomicBool::new(false) }
    }

    /// Adds a driver; `true`: the caller must call the JavaScript thread, because no call is under way.
    pub(crate) fn add(&self, driver: usize) -> bool {
        lock(&self.drivers).push(driver);
        !self.scheduled.swap(true, Ordering::AcqRel)
    }

    /// Every driver that was added since the last time. Later additions call the JavaScript thread again.
    pub(crate) fn take(&self) -> Vec<usize> {
        self.scheduled.store(false, Ordering::Release);
        std::mem::take(&mut *lock(&self.drivers))
    }
}
