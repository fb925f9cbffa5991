//! The `tokio` engine in Node: its wakes cross to the JavaScript thread, many in one call.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use napi::sys;

use super::environment::Environment;
use super::failure::{Failure, system};
use crate::engine::tokio::{IoThread, Watch};
use crate::transport::{Stream, WatchedStream};

/// The I/O thread of one environment and its way back to it.
#[derive(Debug)]
pub(super) struct TokioIo {
    env: sys::napi_env,
    thread: RefCell<IoThread>,
    wakes: Arc<Wakes>,
    /// How many watches keep the event loop alive.
    referenced: Cell<usize>,
}

/// Links that have something to do. Shared with the I/O thread.
#[derive(Debug)]
struct Wakes {
    links: Mutex<Vec<usize>>,
    scheduled: AtomicBool,
    function: Function,
}

#[derive(Debug)]
struct Function(sys::napi_threadsafe_function);

// SAFETY: a threadsafe function may be called from any thread; it lives until `TokioIo` is dropped, which joins the I/O
// thread, the only other one that calls it, before it gives the function back.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

impl TokioIo {
    /// Starts the thread. `environment` is told of wakes as long as it lives.
    pub(super) fn start(env: sys::napi_env, environment: Weak<Environment>) -> Result<Rc<Self>, Failure> {
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
            return Err(Failure::new("ERR_SYSTEM".to_owned(), format!("no threadsafe function: status {status}")));
        }
        // SAFETY: the function was just made.
        unsafe { sys::napi_unref_threadsafe_function(env, function) };
        let wakes = Arc::new(Wakes {
            links: Mutex::default(),
            scheduled: AtomicBool::new(false),
            function: Function(function),
        });
        let thread = IoThread::start().map_err(|error| {
            // SAFETY: the function was just made and nobody else has it.
            unsafe { sys::napi_release_threadsafe_function(function, sys::ThreadsafeFunctionReleaseMode::abort) };
            system("cannot start the I/O thread", &error)
        })?;
        Ok(Rc::new(Self { env, thread: RefCell::new(thread), wakes, referenced: Cell::new(0) }))
    }

    /// Watches a stream for the link with this number.
    pub(super) fn watch(self: &Rc<Self>, stream: Stream, link: usize) -> Result<TokioWatch, Failure> {
        let wakes = Arc::clone(&self.wakes);
        let watch = self
            .thread
            .borrow()
            .watch(stream, move || wakes.wake(link))
            .map_err(|error| system("cannot watch the connection", &error))?;
        Ok(TokioWatch { watch, io: Rc::clone(self), referenced: Cell::new(false) })
    }

    /// The numbers of links that were woken since the last call.
    pub(super) fn take_woken(&self) -> Vec<usize> {
        self.wakes.scheduled.store(false, Ordering::Release);
        std::mem::take(&mut *self.wakes.links.lock().expect("nobody panics while holding it"))
    }

    fn count_reference(&self, more: bool) {
        let before = self.referenced.get();
        let after = if more { before + 1 } else { before - 1 };
        self.referenced.set(after);
        // SAFETY: the function lives as long as `self`.
        unsafe {
            match (before, after) {
                (0, _) => sys::napi_ref_threadsafe_function(self.env, self.wakes.function.0),
                (_, 0) => sys::napi_unref_threadsafe_function(self.env, self.wakes.function.0),
                _ => sys::Status::napi_ok,
            };
        }
    }

    /// Joins the thread. To be called before the environment takes the threadsafe function back.
    pub(super) fn stop(&self) {
        self.thread.borrow_mut().stop();
    }
}

impl Drop for TokioIo {
    fn drop(&mut self) {
        self.stop();
        // SAFETY: the I/O thread is gone, so nobody calls the function any more.
        unsafe {
            sys::napi_release_threadsafe_function(self.wakes.function.0, sys::ThreadsafeFunctionReleaseMode::abort)
        };
    }
}

impl Wakes {
    fn wake(&self, link: usize) {
        self.links.lock().expect("nobody panics while holding it").push(link);
        if !self.scheduled.swap(true, Ordering::AcqRel) {
            // SAFETY: see `Function`. A refusal means that the environment ends, and with it the links.
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
        // A panic must not unwind into Node; what it interrupted is found again at the next wake.
        let _ = catch_unwind(AssertUnwindSafe(|| environment.on_wake()));
    }
}

unsafe extern "C" fn finalize(_: sys::napi_env, _: *mut c_void, context: *mut c_void) {
    // SAFETY: made by `start`, and this is called once, last of all.
    drop(unsafe { Box::from_raw(context.cast::<Weak<Environment>>()) });
}

/// A stream watched by the I/O thread.
#[derive(Debug)]
pub(super) struct TokioWatch {
    watch: Watch,
    io: Rc<TokioIo>,
    referenced: Cell<bool>,
}

impl TokioWatch {
    pub(super) fn stream(&self) -> &WatchedStream {
        self.watch.stream()
    }

    /// What has come since the last call.
    pub(super) fn take(&self) -> crate::engine::tokio::Readiness {
        self.watch.take()
    }

    pub(super) fn want_write(&self, wanted: bool) {
        if wanted {
            self.watch.want_write();
        }
    }

    pub(super) fn read_again(&self) {
        self.watch.read_again();
    }

    pub(super) fn set_timer(&self, delay: Duration) {
        self.watch.set_deadline(Instant::now().checked_add(delay));
    }

    pub(super) fn stop_timer(&self) {
        self.watch.set_deadline(None);
    }

    pub(super) fn set_ref(&self, referenced: bool) {
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
