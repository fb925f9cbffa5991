//! The `uv` engine: libuv polls the socket on the JavaScript thread's own loop, without another thread.

mod closing;
pub(in crate::node) mod hooks;

use std::cell::Cell;
use std::ffi::c_int;
use std::os::fd::BorrowedFd;
use std::rc::{Rc, Weak};
use std::time::Duration;

use napi::sys;

use super::symbols::{Handle, Loop, POLL, READABLE, Symbols, TIMER, WRITABLE};
use super::watch::Watch;
use crate::node::delivery::Driver;
use crate::node::values::scope::in_scope;
use crate::sys::{Stream, is_readable};
use closing::{Closing, on_closed};

/// Whether the program has the functions of this engine.
pub(in crate::node) fn is_available() -> bool {
    Symbols::get().is_some()
}

/// A stream watched by Node's loop. Dropping it stops the watch at once; libuv frees the memory later.
#[derive(Debug)]
pub(in crate::node) struct UvWatch {
    uv: &'static Symbols,
    uv_loop: Loop,
    handles: *mut Handles,
    stream: Stream,
    events: Cell<c_int>,
}

/// The data behind a handle's data pointer. Freed when libuv has closed both handles.
struct Handles {
    poll: Box<[u64]>,
    timer: Box<[u64]>,
    driver: Weak<Driver>,
    open: u32,
}

impl Closing for Handles {
    fn open(&mut self) -> &mut u32 {
        &mut self.open
    }
}

impl UvWatch {
    /// Watches for input from now on, without keeping the loop alive.
    pub(in crate::node) fn new(env: sys::napi_env, stream: Stream, driver: Weak<Driver>) -> Result<Self, String> {
        let uv = Symbols::get().ok_or("this program has no libuv")?;
        let mut uv_loop = std::ptr::null_mut();
        // SAFETY: `env` is the environment of the calling thread.
        if unsafe { sys::napi_get_uv_event_loop(env, &raw mut uv_loop) } != sys::Status::napi_ok {
            return Err("the environment has no event loop".to_owned());
        }
        let uv_loop: Loop = uv_loop.cast();
        let memory = |kind| {
            // SAFETY: a pure function.
            let size = unsafe { (uv.uv_handle_size)(kind) };
            vec![0_u64; size.div_ceil(8)].into_boxed_slice()
        };
        let mut handles = Box::new(Handles { poll: memory(POLL), timer: memory(TIMER), driver, open: 2 });
        let (poll, timer): (Handle, Handle) = (handles.poll.as_mut_ptr().cast(), handles.timer.as_mut_ptr().cast());
        // SAFETY: the memory has the size libuv asks for, is aligned to 8 and stays where it is until both handles are
        // closed. If the first init fails, no handle exists yet.
        unsafe {
            let status = (uv.uv_poll_init)(uv_loop, poll, stream.raw_fd());
            if status != 0 {
                return Err(format!("uv_poll_init failed with {status}"));
            }
            (uv.uv_timer_init)(uv_loop, timer);
            let handles = Box::into_raw(handles);
            (uv.uv_handle_set_data)(poll, handles.cast());
            (uv.uv_handle_set_data)(timer, handles.cast());
            (uv.uv_unref)(poll);
            (uv.uv_unref)(timer);
            let watch = Self { uv, uv_loop, handles, stream, events: Cell::new(0) };
            watch.set_events(READABLE);
            Ok(watch)
        }
    }

    pub(in crate::node) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Also watches for the capacity to write, or no longer.
    pub(in crate::node) fn want_write(&self, wanted: bool) {
        if self.events.get() != 0 {
            self.set_events(if wanted { READABLE | WRITABLE } else { READABLE });
        }
    }

    /// Polls again after libuv has stopped, as it does when the socket has an error.
    pub(in crate::node) fn poll_again(&self) {
        let events = self.events.replace(0);
        self.set_events(events);
    }

    /// The end of input was seen: polling would only report it again.
    pub(in crate::node) fn stop(&self) {
        if self.events.replace(0) != 0 {
            // SAFETY: the handle is open until `drop`.
            unsafe { (self.uv.uv_poll_stop)(self.poll()) };
        }
    }

    /// Arrived input is handled: the loop will block soon, unless it has other work.
    pub(in crate::node) fn before_sleep(&self, driver: &Driver) {
        // SAFETY: the loop is that of this thread, and runs. Its descriptor stays open as long as it does.
        let events = unsafe {
            if (self.uv.uv_backend_timeout)(self.uv_loop) == 0 {
                return;
            }
            BorrowedFd::borrow_raw((self.uv.uv_backend_fd)(self.uv_loop))
        };
        // The loop of all handles, not of this one.
        driver.before_sleep(|| is_readable(events));
    }

    pub(in crate::node) fn set_timer(&self, delay: Duration) {
        // Rounded up: an early timer would only have to be set again.
        let millis = u64::try_from(delay.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        // SAFETY: the handle is open until `drop`. libuv counts from the time of the last loop turn unless told.
        unsafe {
            (self.uv.uv_update_time)(self.uv_loop);
            (self.uv.uv_timer_start)(self.timer(), on_timer, millis, 0);
        }
    }

    pub(in crate::node) fn stop_timer(&self) {
        // SAFETY: the handle is open until `drop`.
        unsafe { (self.uv.uv_timer_stop)(self.timer()) };
    }

    /// Whether the watch keeps the loop alive.
    pub(in crate::node) fn set_ref(&self, referenced: bool) {
        let set = if referenced { self.uv.uv_ref } else { self.uv.uv_unref };
        // SAFETY: the handle is open until `drop`.
        unsafe { set(self.poll()) };
    }

    fn set_events(&self, events: c_int) {
        if self.events.replace(events) != events {
            // SAFETY: the handle is open until `drop`.
            unsafe { (self.uv.uv_poll_start)(self.poll(), events, on_poll) };
        }
    }

    fn poll(&self) -> Handle {
        // SAFETY: freed only after both handles are closed, which begins in `drop`.
        unsafe { (*self.handles).poll.as_mut_ptr().cast() }
    }

    fn timer(&self) -> Handle {
        // SAFETY: as for `poll`.
        unsafe { (*self.handles).timer.as_mut_ptr().cast() }
    }
}

impl Drop for UvWatch {
    fn drop(&mut self) {
        // SAFETY: both handles are open, and this is the only place that closes them. The descriptor is closed after
        // this, when `stream` is dropped: libuv stops polling it within `uv_close`.
        unsafe {
            (*self.handles).driver = Weak::new();
            (self.uv.uv_timer_stop)(self.timer());
            (self.uv.uv_close)(self.poll(), Some(on_closed::<Handles>));
            (self.uv.uv_close)(self.timer(), Some(on_closed::<Handles>));
        }
    }
}

fn driver_of(handle: Handle) -> Option<Rc<Driver>> {
    let uv = Symbols::get()?;
    // SAFETY: the data pointer was set right after the handle was made, and is freed only after it was closed.
    unsafe { (*(uv.uv_handle_get_data)(handle).cast::<Handles>()).driver.upgrade() }
}

unsafe extern "C" fn on_poll(handle: Handle, status: c_int, events: c_int) {
    guarded(handle, "readable", |driver| {
        driver.drivers().spin().end_wait();
        if events & WRITABLE != 0 {
            driver.on_writable();
        }
        // A socket has an error when its peer has left with unread data. The data of that peer come first: reading
        // finds the error behind them.
        if status < 0 {
            with_watch(driver, UvWatch::poll_again);
        }
        if events & READABLE != 0 || status < 0 {
            driver.on_readable();
        }
        with_watch(driver, |watch| watch.before_sleep(driver));
    });
}

unsafe extern "C" fn on_timer(handle: Handle) {
    guarded(handle, "timer", |driver| driver.on_deadline());
}

fn with_watch(driver: &Driver, act: impl FnOnce(&UvWatch)) {
    driver.with_watch(|watch| {
        if let Watch::Uv(watch) = watch {
            act(watch);
        }
    });
}

fn guarded(handle: Handle, entry: &'static str, act: impl FnOnce(&Driver)) {
    let Some(driver) = driver_of(handle) else { return };
    in_scope(driver.user().environment.env, || {
        driver.guarded(entry, || act(&driver));
    });
}
