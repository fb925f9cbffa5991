//! Hooks before Node's loop blocks, and after it has woken: for connections whose messages Node moves.

use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

use napi::sys;

use super::closing::{Closing, on_closed};
use crate::node::event_loop::environment::Environment;
use crate::node::event_loop::symbols::{CHECK, Handle, Loop, PREPARE, Symbols};
use crate::sys::is_readable;

/// Two handles that do not keep the loop alive. Dropping it ends them; libuv frees the memory later.
#[derive(Debug)]
pub(crate) struct LoopHooks {
    uv: &'static Symbols,
    handles: *mut Handles,
}

/// The data behind a handle's data pointer. Freed when libuv has closed both handles.
struct Handles {
    prepare: Box<[u64]>,
    check: Box<[u64]>,
    uv_loop: Loop,
    environment: Weak<Environment>,
    open: u32,
}

impl Closing for Handles {
    fn open(&mut self) -> &mut u32 {
        &mut self.open
    }
}

impl LoopHooks {
    /// Watches the loop of this thread from now on; `None` if the runtime has no libuv.
    pub(crate) fn start(environment: &Rc<Environment>) -> Option<Self> {
        let uv = Symbols::get()?;
        let mut uv_loop = std::ptr::null_mut();
        // SAFETY: the environment is that of the calling thread.
        if unsafe { sys::napi_get_uv_event_loop(environment.env, &raw mut uv_loop) } != sys::Status::napi_ok {
            return None;
        }
        let uv_loop: Loop = uv_loop.cast();
        let memory = |kind| {
            // SAFETY: a pure function.
            let size = unsafe { (uv.uv_handle_size)(kind) };
            vec![0_u64; size.div_ceil(8)].into_boxed_slice()
        };
        let environment = Rc::downgrade(environment);
        let handles = Handles { prepare: memory(PREPARE), check: memory(CHECK), uv_loop, environment, open: 2 };
        let hooks = Self { uv, handles: Box::into_raw(Box::new(handles)) };
        let (prepare, check) = hooks.both();
        // SAFETY: the memory has the size libuv asks for, is aligned to 8 and stays where it is until both handles are
        // closed, which begins in `drop`. None of the functions can fail.
        unsafe {
            (uv.uv_prepare_init)(uv_loop, prepare);
            (uv.uv_check_init)(uv_loop, check);
            for handle in [prepare, check] {
                (uv.uv_handle_set_data)(handle, hooks.handles.cast());
                (uv.uv_unref)(handle);
            }
            (uv.uv_prepare_start)(prepare, on_prepare);
            (uv.uv_check_start)(check, on_check);
        }
        Some(hooks)
    }

    fn both(&self) -> (Handle, Handle) {
        // SAFETY: freed only after both handles are closed, which begins in `drop`.
        let handles = unsafe { &mut *self.handles };
        (handles.prepare.as_mut_ptr().cast(), handles.check.as_mut_ptr().cast())
    }
}

impl Drop for LoopHooks {
    fn drop(&mut self) {
        let (prepare, check) = self.both();
        // SAFETY: both handles are open, and this is the only place that closes them.
        unsafe {
            (*self.handles).environment = Weak::new();
            (self.uv.uv_close)(prepare, Some(on_closed::<Handles>));
            (self.uv.uv_close)(check, Some(on_closed::<Handles>));
        }
    }
}

unsafe extern "C" fn on_prepare(handle: Handle) {
    with_environment(handle, |uv, uv_loop, environment| {
        // SAFETY: the loop is that of this thread, and runs. Its descriptor stays open as long as it does.
        let events = unsafe {
            if !environment.records.take_ready_hint() || (uv.uv_backend_timeout)(uv_loop) == 0 {
                return;
            }
            BorrowedFd::borrow_raw((uv.uv_backend_fd)(uv_loop))
        };
        environment.drivers.spin().before_sleep(|| is_readable(events));
    });
}

unsafe extern "C" fn on_check(handle: Handle) {
    with_environment(handle, |_, _, environment| environment.drivers.spin().end_wait());
}

fn with_environment(handle: Handle, act: impl FnOnce(&Symbols, Loop, &Environment)) {
    let Some(uv) = Symbols::get() else { return };
    // SAFETY: the data pointer was set right after the handle was made, and is freed only after it was closed.
    let handles = unsafe { &*(uv.uv_handle_get_data)(handle).cast::<Handles>() };
    let Some(environment) = handles.environment.upgrade() else { return };
    let uv_loop = handles.uv_loop;
    // A panic must not unwind into libuv. It ends nothing: the thread only does not spin.
    let _ = catch_unwind(AssertUnwindSafe(|| act(uv, uv_loop, &environment)));
}
