//! A JavaScript value that is kept alive.

use std::ptr;

use napi::sys;

/// A strong reference; released when dropped, which must happen on the thread of its environment.
#[derive(Debug)]
pub(in crate::node) struct Reference {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Reference {
    /// Keeps `value`, which must be of this environment and in scope.
    pub(in crate::node) fn new(env: sys::napi_env, value: sys::napi_value) -> Self {
        let mut reference = ptr::null_mut();
        // SAFETY: the caller vouches for `value`. On failure the reference stays null, and `get` gives null.
        unsafe { sys::napi_create_reference(env, value, 1, &raw mut reference) };
        Self { env, reference }
    }

    /// The value, in the current handle scope; null if it could not be kept.
    pub(in crate::node) fn get(&self) -> sys::napi_value {
        let mut value = ptr::null_mut();
        if !self.reference.is_null() {
            // SAFETY: the reference is ours and alive.
            unsafe { sys::napi_get_reference_value(self.env, self.reference, &raw mut value) };
        }
        value
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        if !self.reference.is_null() {
            // SAFETY: the reference is ours, and this is its only deletion.
            unsafe { sys::napi_delete_reference(self.env, self.reference) };
        }
    }
}
