//! Closing of handles that share one allocation.

use std::ffi::c_void;

use crate::node::event_loop::symbols::{Handle, Symbols};

/// The target of the data pointers of such handles.
pub(super) trait Closing {
    /// How many of the handles libuv has not closed yet.
    fn open(&mut self) -> &mut u32;
}

/// The callback of each handle's `uv_close`: the last one frees the shared allocation.
///
/// # Safety
/// The data pointer of the handle is that of a `Box<T>` that no other code frees, and this closes all its handles.
pub(super) unsafe extern "C" fn on_closed<T: Closing>(handle: Handle) {
    let Some(uv) = Symbols::get() else { return };
    // SAFETY: as the caller says; libuv calls this once for each handle and does not touch the handle afterwards.
    unsafe {
        let shared: *mut c_void = (uv.uv_handle_get_data)(handle);
        let shared = shared.cast::<T>();
        let open = (*shared).open();
        *open -= 1;
        if *open == 0 {
            drop(Box::from_raw(shared));
        }
    }
}
