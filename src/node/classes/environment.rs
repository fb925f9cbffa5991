//! The environment of a JavaScript thread, for the facade.

use std::rc::Rc;
use std::sync::atomic::{AtomicI32, Ordering};

use napi::JsValue;
use napi::bindgen_prelude::{BufferSlice, Env, Function, Unknown};
use napi_derive::napi;

use crate::node::event_loop::environment::{Engine, Environment};
use crate::node::values::failure::Failure;
use crate::node::values::functions::{self, Outcome};
use crate::node::values::reference::Reference;

/// Whether the `uv` engine can run in this program.
#[cfg(unix)]
fn has_uv() -> bool {
    crate::node::event_loop::uv::is_available()
}

/// On this system libuv polls sockets alone, and connections are pipes.
#[cfg(not(unix))]
fn has_uv() -> bool {
    false
}

/// The addon for one JavaScript thread.
#[napi]
pub struct NativeEnvironment {
    pub(in crate::node) inner: Rc<Environment>,
}

#[napi]
impl NativeEnvironment {
    /// `memory` is backed by a `SharedArrayBuffer`, aligned to 4 bytes: it carries events as integers. `engine` is `uv`
    /// or `tokio`; `uv` becomes `tokio` where it cannot run. With `busy_poll` the thread spins before it blocks, if
    /// that has been profitable.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, memory: BufferSlice, engine: String, busy_poll: bool) -> Result<Self, Failure> {
        let uv = engine == "uv" && has_uv();
        let engine = if uv { Engine::Uv } else { Engine::Tokio };
        Ok(Self { inner: Environment::create(env, &memory, engine, busy_poll)? })
    }

    /// The engine in use.
    #[napi(getter, catch_unwind)]
    pub fn engine(&self) -> &'static str {
        match self.inner.engine {
            Engine::Uv => "uv",
            Engine::Tokio => "tokio",
        }
    }

    /// From now on the thread may also spin for messages that Node delivers, after JavaScript has set the fifth integer
    /// of the shared memory.
    #[napi(catch_unwind)]
    pub fn watch_turns(&self) {
        #[cfg(unix)]
        self.inner.watch_turns();
    }

    /// Call it before the thread blocks until an integer of shared memory changes: spins for a moment, if that has been
    /// profitable. Call `endWait` when it has changed.
    #[napi(catch_unwind)]
    pub fn spin_wait(&self, memory: BufferSlice, index: u32, value: i32) {
        let integers = memory.len() / size_of::<i32>();
        let first = memory.as_ptr().cast_mut().cast::<i32>();
        let index = index as usize;
        if index >= integers || !first.is_aligned() {
            return;
        }
        // SAFETY: the place is inside the memory, which an argument keeps alive during the call, and aligned. Other threads
        // write it with atomic operations only.
        let integer = unsafe { AtomicI32::from_ptr(first.add(index)) };
        self.inner.drivers.spin().before_sleep(|| integer.load(Ordering::SeqCst) != value);
    }

    /// The thread is ready: ends the measurement of the wait.
    #[napi(catch_unwind)]
    pub fn end_wait(&self) {
        self.inner.drivers.spin().end_wait();
    }

    /// How often this thread has polled instead of sleeping.
    #[napi(getter, catch_unwind)]
    pub fn busy_polls(&self) -> u32 {
        self.inner.drivers.spin().count()
    }

    /// From now on connections leave work that takes longer than a part of a turn of the event loop to the next one:
    /// `schedule` calls `goOn` in it.
    #[napi(catch_unwind, ts_args_type = "schedule: OnTurnWanted")]
    pub fn share_loop(&self, env: Env, schedule: Function<'_, (), ()>) {
        self.inner.share_loop(Reference::new(env.raw(), schedule.raw()));
    }

    /// The next turn of the loop has begun.
    #[napi(catch_unwind)]
    pub fn go_on(&self) {
        if !self.inner.ended.get() {
            self.inner.drivers.go_on();
        }
    }

    /// For a thread that is blocked: writes all output, and reads what has arrived, which is delivered later.
    #[napi(catch_unwind)]
    pub fn keep_moving(&self) {
        for driver in self.inner.drivers.all() {
            driver.guarded("keepMoving", || driver.keep_moving());
        }
    }

    /// A function that writes all output of this tick.
    #[napi(getter, catch_unwind, ts_return_type = "() => void")]
    pub fn flush_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        let inner = Rc::clone(&self.inner);
        functions::create(env, move |_| {
            inner.flush();
            Ok(Outcome::Nothing)
        })
    }
}
