//! The `tokio` engine in Node: its wakes cross to the JavaScript thread, many in one call.

mod wakes;

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use napi::sys;

use super::environment::Environment;
use crate::engine::tokio::{IoThread, Watch};
use crate::error::code;
use crate::node::values::failure::{Failure, system};
use crate::sys::{Stream, WatchedStream};
use wakes::Wakes;

/// The I/O thread of one environment and its way back to it. napi-rs deprecates `refer`, `unref` and `abort` of its
/// `ThreadsafeFunction`, which this needs at run time; so it uses the raw one.
#[derive(Debug)]
pub(in crate::node) struct TokioIo {
    env: sys::napi_env,
    thread: RefCell<IoThread>,
    waker: Arc<Waker>,
    /// How many watches keep the event loop alive.
    referenced: Cell<usize>,
}

/// Woken drivers, and the function that calls the JavaScript thread. Shared with the I/O thread.
#[derive(Debug)]
struct Waker {
    wakes: Wakes,
    function: Function,
}

#[derive(Debug)]
struct Function(sys::napi_threadsafe_function);

// SAFETY: a threadsafe function may be called from any thread; it lives until `TokioIo` is dropped, which joins the I/O
// thread, the only other one that calls it, before it gives the function back.
unsafe impl Send for Function {}
// SAFETY: N-API lets several threads call one threadsafe function at the same time; it lives as long as for `Send`.
unsafe impl Sync for Function {}

impl TokioIo {
    /// Starts the thread. It wakes `environment` as long as that lives.
    pub(in crate::node) fn start(env: sys::napi_env, environment: Weak<Environment>) -> Result<Rc<Self>, Failure> {
        let mut name = ptr::null_mut();
        let mut function = ptr::null_mut();
        let text = "isolated-workers";
        let context: *mut c_void = Box::into_raw(Box::new(environment)).cast();
        // SAFETY: `env` is the environment of the calling thread; `context` is freed by `finalize`.
        let status = unsafe {
            sys::napi_create_string_latin1(env, text.as_ptr().cast(), text.len().cast_signed(), &raw mut name);
            sys::napi_create_threadsafe_function(
                env,
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                Some(finalize),
                context,
                Some(on_wake),
                &raw mut function,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody took it over.
            drop(unsafe { Box::from_raw(context.cast::<Weak<Environment>>()) });
            return Err(Failure::new(code::SYSTEM.to_owned(), format!("no threadsafe function: status {status}")));
        }
        // SAFETY: the function was just made.
        unsafe { sys::napi_unref_threadsafe_function(env, function) };
        let waker = Arc::new(Waker { wakes: Wakes::new(), function: Function(function) });
        let thread = IoThread::start().map_err(|error| {
            // SAFETY: the function was just made and nobody else has it.
            unsafe { sys::napi_release_threadsafe_function(function, sys::ThreadsafeFunctionReleaseMode::abort) };
            system("cannot start the I/O thread", &error)
        })?;
        Ok(Rc::new(Self { env, thread: RefCell::new(thread), waker, referenced: Cell::new(0) }))
    }

    /// Watches a stream for the driver with this number.
    pub(in crate::node) fn watch(self: &Rc<Self>, stream: Stream, driver: usize) -> Result<TokioWatch, Failure> {
        let waker = Arc::clone(&self.waker);
        let watch = self
            .thread
            .borrow()
            .watch(stream, move || waker.wake(driver))
            .map_err(|error| system("cannot watch the connection", &error))?;
        Ok(TokioWatch { watch, io: Rc::clone(self), referenced: Cell::new(false) })
    }

    /// The numbers of drivers that were woken since the last call.
    pub(in crate::node) fn take_woken(&self) -> Vec<usize> {
        self.waker.wakes.take()
    }

    fn count_reference(&self, more: bool) {
        let before = self.referenced.get();
        let after = if more { before + 1 } else { before - 1 };
        self.referenced.set(after);
        // SAFETY: the function lives as long as `self`.
        unsafe {
            match (before, after) {
                (0, _) => sys::napi_ref_threadsafe_function(self.env, self.waker.function.0),
                (_, 0) => sys::napi_unref_threadsafe_function(self.env, self.waker.function.0),
                _ => sys::Status::napi_ok,
            };
        }
    }

    /// Joins the thread. Call it before the environment takes the threadsafe function back.
    pub(in crate::node) fn stop(&self) {
        self.thread.borrow_mut().stop();
    }
}

impl Drop for TokioIo {
    fn drop(&mut self) {
        self.stop();
        // SAFETY: the I/O thread is gone, so nobody calls the function any more.
        unsafe {
            sys::napi_release_threadsafe_function(self.waker.function.0, sys::ThreadsafeFunctionReleaseMode::abort)
        };
    }
}

impl Waker {
    fn wake(&self, driver: usize) {
        if self.wakes.add(driver) {
            // SAFETY: see `Function`. A refusal means that the environment ends, and with it the drivers.
            unsafe {
                sys::napi_call_threadsafe_function(
                    self.function.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }
}

unsafe extern "C" fn on_wake(env: sys::napi_env, _: sys::napi_value, context: *mut c_void, _: *mut c_void) {
    if env.is_null() {
        return;
    }
    // SAFETY: the context is ours until `finalize`.
    let environment = unsafe { (*context.cast::<Weak<Environment>>()).upgrade() };
    if let Some(environment) = environment {
        // A panic must not unwind into Node; the next wake finds the interrupted work again.
        let _ = catch_unwind(AssertUnwindSafe(|| environment.on_wake()));
    }
}

unsafe extern "C" fn finalize(_: sys::napi_env, _: *mut c_void, context: *mut c_void) {
    // SAFETY: made by `start`, and this is called once, last of all.
    drop(unsafe { Box::from_raw(context.cast::<Weak<Environment>>()) });
}

/// A stream that the I/O thread watches.
#[derive(Debug)]
pub(in crate::node) struct TokioWatch {
    watch: Watch,
    io: Rc<TokioIo>,
    referenced: Cell<bool>,
}

impl TokioWatch {
    pub(in crate::node) fn stream(&self) -> &WatchedStream {
        self.watch.stream()
    }

    /// The readiness since the last call.
    pub(in crate::node) fn take(&self) -> crate::engine::tokio::Readiness {
        self.watch.take()
    }

    pub(in crate::node) fn want_write(&self, wanted: bool) {
        if wanted {
            self.watch.want_write();
        }
    }

    pub(in crate::node) fn read_again(&self) {
        self.watch.read_again();
    }

    pub(in crate::node) fn set_timer(&self, delay: Duration) {
        self.watch.set_deadline(Instant::now().checked_add(delay));
    }

    pub(in crate::node) fn stop_timer(&self) {
        self.watch.set_deadline(None);
    }

    pub(in crate::node) fn set_ref(&self, referenced: bool) {
        if self.referenced.replace(referenced) != referenced {
            self.io.count_reference(referenced);
        }
    }
}

impl Drop for TokioWatch {
    fn drop(&mut self) {
        self.set_ref(false);
    }
}
