//! Reports to the hosts whether a debugger may stop this worker.

use napi_derive::napi;

use crate::liveness::debugger::Debugger;

/// Reports to the hosts of this worker. At a breakpoint no JavaScript could.
#[napi]
#[derive(Default)]
pub struct NativeDebugger {
    pub(in crate::node) inner: Debugger,
}

#[napi]
impl NativeDebugger {
    #[napi(constructor, catch_unwind)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A debugger may stop this worker from now on, or no longer.
    #[napi(catch_unwind)]
    pub fn set(&self, is_there: bool) {
        self.inner.set(is_there);
    }
}
