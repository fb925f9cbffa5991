//! Who is told whether a debugger may stop this worker, as the facade sees it.

use napi_derive::napi;

use crate::lifeline::debugger::Debugger;

/// Tells the hosts of this worker. What happens at a breakpoint, no JavaScript could tell.
#[napi]
#[derive(Default)]
pub struct NativeDebugger {
    pub(super) inner: Debugger,
}

#[napi]
impl NativeDebugger {
    #[napi(constructor, catch_unwind)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A debugger may stop this worker from now on, or may no longer.
    #[napi(catch_unwind)]
    pub fn set(&self, is_there: bool) {
        self.inner.set(is_there);
    }
}
