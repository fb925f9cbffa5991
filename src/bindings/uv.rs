//! The `uv` engine: the socket is polled on the JavaScript thread's own loop, no other thread is in the path.

mod closing;
pub(super) mod pulse;
mod symbols;
pub(super) mod turns;

use std::cell::Cell;
use std::ffi::c_int;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::time::Duration;

use napi::sys;

use super::busy_poll::BusyPoll;
use super::link::Link;
use super::scope::in_scope;
use crate::transport::{Stream, is_readable};
use closing::{Closing, on_closed};
use symbols::{Handle, Loop, POLL, PRIORITIZED, READABLE, Symbols, TIMER, WRITABLE};

/// Whether the program has what this engine calls.
pub(super) fn is_available() -> bool {
    Symbols::get().is_some()
}

/// A stream watched by Node's loop. Dropping it stops the watch at once; libuv gives the memory back in its own time.
#[derive(Debug)]
pub(super) struct UvWatch {
    uv: &'static Symbols,
    uv_loop: Loop,
    handles: *mut Handles,
    stream: Stream,
    events: Cell<c_int>,
    reading: Cell<bool>,
    writing: Cell<bool>,
}

/// What the callbacks find behind a handle's data pointer. Freed when libuv has closed both handles.
struct Handles {
    poll: Box<[u64]>,
    timer: Box<[u64]>,
    link: Weak<Link>,
    open: u32,
}

impl Closing for Handles {
    fn open(&mut self) -> &mut u32 {
        &mut self.open
    }
}

impl UvWatch {
    /// Watches for input from now on, without keeping the loop alive.
    pub(super) fn new(env: sys::napi_env, stream: Stream, link: Weak<Link>) -> Result<Self, String> {
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
        let mut handles = Box::new(Handles { poll: memory(POLL), timer: memory(TIMER), link, open: 2 });
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
            let watch = Self {
                uv,
                uv_loop,
                handles,
                stream,
                events: Cell::new(0),
                reading: Cell::new(true),
                writing: Cell::new(false),
            };
            watch.set_events(READABLE);
            Ok(watch)
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Also tells when there is room to write, or no longer.
    pub(super) fn want_write(&self, wanted: bool) {
        self.writing.set(wanted);
        self.update_events();
    }

    /// Whether input is told.
    pub(super) fn set_reading(&self, reading: bool) {
        self.reading.set(reading);
        self.update_events();
    }

    fn update_events(&self) {
        if self.events.get() == 0 {
            return;
        }
        let events = if self.reading.get() { READABLE } else { 0 } | if self.writing.get() { WRITABLE } else { 0 };
        // A handle that is polled for nothing would not keep the loop alive. Nothing has priority here, but the peer's
        // end is told.
        self.set_events(if events == 0 { PRIORITIZED } else { events });
    }

    /// Goes on where libuv has stopped by itself, as it does when the socket has an error.
    pub(super) fn poll_again(&self) {
        let events = self.events.replace(0);
        self.set_events(events);
    }

    /// The end of input was seen: polling would only say so again.
    pub(super) fn stop(&self) {
        if self.events.replace(0) != 0 {
            // SAFETY: the handle is open until `drop`.
            unsafe { (self.uv.uv_poll_stop)(self.poll()) };
        }
    }

    /// What came was handled: the loop will sleep soon, unless it has something else to do.
    pub(super) fn before_sleep(&self, busy_poll: &BusyPoll) {
        // SAFETY: the loop is that of this thread, and runs. Its descriptor stays open as long as it does.
        let events = unsafe {
            if (self.uv.uv_backend_timeout)(self.uv_loop) == 0 {
                return;
            }
            BorrowedFd::borrow_raw((self.uv.uv_backend_fd)(self.uv_loop))
        };
        // That of all its handles, not of this one.
        busy_poll.before_sleep(|| is_readable(events));
    }

    pub(super) fn set_timer(&self, delay: Duration) {
        // Rounded up: a timer that is early would only have to be set again.
        let millis = u64::try_from(delay.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        // SAFETY: the handle is open until `drop`. libuv counts from the time of the last loop turn unless told.
        unsafe {
            (self.uv.uv_update_time)(self.uv_loop);
            (self.uv.uv_timer_start)(self.timer(), on_timer, millis, 0);
        }
    }

    pub(super) fn stop_timer(&self) {
        // SAFETY: the handle is open until `drop`.
        unsafe { (self.uv.uv_timer_stop)(self.timer()) };
    }

    /// Whether the watch keeps the loop alive.
    pub(super) fn set_ref(&self, referenced: bool) {
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
            (*self.handles).link = Weak::new();
            (self.uv.uv_timer_stop)(self.timer());
            (self.uv.uv_close)(self.poll(), Some(on_closed::<Handles>));
            (self.uv.uv_close)(self.timer(), Some(on_closed::<Handles>));
        }
    }
}

fn link_of(handle: Handle) -> Option<Rc<Link>> {
    let uv = Symbols::get()?;
    // SAFETY: the data pointer was set right after the handle was made, and is freed only after it was closed.
    unsafe { (*(uv.uv_handle_get_data)(handle).cast::<Handles>()).link.upgrade() }
}

unsafe extern "C" fn on_poll(handle: Handle, status: c_int, events: c_int) {
    guarded(handle, |link| {
        link.environment().busy_poll.awake();
        if events & WRITABLE != 0 {
            link.on_writable();
        }
        if events & PRIORITIZED != 0 || status < 0 {
            link.on_hangup();
        }
        // A socket has an error when its peer has left and not read everything. What that wrote comes first: reading finds
        // the error behind it.
        if status < 0 {
            link.poll_again();
        }
        if events & READABLE != 0 || status < 0 {
            link.on_readable();
        }
        link.before_sleep();
    });
}

unsafe extern "C" fn on_timer(handle: Handle) {
    guarded(handle, |link| link.on_deadline());
}

/// A panic must not unwind into libuv: it ends this one connection.
fn guarded(handle: Handle, act: impl FnOnce(&Rc<Link>)) {
    let Some(link) = link_of(handle) else { return };
    if catch_unwind(AssertUnwindSafe(|| in_scope(link.environment().env, || act(&link)))).is_err() {
        link.close();
    }
}
