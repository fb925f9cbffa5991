//! The locks between threads. `models/` has a module of this name with the types of `loom`, so a model runs the code
//! itself.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "napi")]
pub(crate) use std::sync::atomic::{AtomicBool, Ordering};

/// Locks a mutex, also after a thread has panicked while it held the lock: each holder of this crate only reads the
/// value, or changes it in one step that does not panic, so the value is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
