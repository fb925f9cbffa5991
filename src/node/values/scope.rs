//! A scope for JavaScript values.

use std::ptr;

use napi::sys;

/// Runs `act` with a scope for its JavaScript values, in the environment of this thread.
pub(in crate::node) fn in_scope(env: sys::napi_env, act: impl FnOnce()) {
    let mut scope = ptr::null_mut();
    // SAFETY: `env` is the environment of this thread; the scope is closed below, also when `act` panics.
    if unsafe { sys::napi_open_handle_scope(env, &raw mut scope) } != sys::Status::napi_ok {
        return;
    }
    let _close = Close(env, scope);
    act();
}

struct Close(sys::napi_env, sys::napi_handle_scope);

impl Drop for Close {
    fn drop(&mut self) {
        // SAFETY: `in_scope` opened it, and it is closed only here.
        unsafe { sys::napi_close_handle_scope(self.0, self.1) };
    }
}
