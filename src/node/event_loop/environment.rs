//! One JavaScript thread that has loaded the addon.

use std::cell::{Cell, OnceCell, RefCell};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{BufferSlice, Env, Function, Unknown};
use napi::{JsValue, sys};
use napi_derive::napi;

use super::tokio::TokioIo;
use super::watch::Watch;
#[cfg(unix)]
use crate::boundary::READY_HINT;
use crate::boundary::{HEAD, RECORD};
use crate::io::Drivers;
use crate::node::delivery::Driver;
#[cfg(unix)]
use crate::node::event_loop::uv::hooks::LoopHooks;
use crate::node::values::buffer_pool::Transfer;
use crate::node::values::failure::{Failure, node};
use crate::node::values::functions::{self, Outcome};
use crate::node::values::reference::Reference;
use crate::node::values::scope::in_scope;
use crate::node::values::segments::Staging;
use crate::node::values::text::Scratch;
use crate::sys::Stream;
use crate::sys::lifeline::HostEnd;

/// The integers of the head with data of an event or a command.
const DATA: usize = 3;

/// The engine that moves bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node) enum Engine {
    Uv,
    Tokio,
}

#[derive(Debug)]
pub(in crate::node) struct Environment {
    pub(in crate::node) env: sys::napi_env,
    pub(in crate::node) engine: Engine,
    pub(in crate::node) scratch: RefCell<Scratch>,
    pub(in crate::node) short: RefCell<Vec<u8>>,
    pub(in crate::node) staging: RefCell<Staging>,
    /// Empty: memory of large results is not reused.
    pub(in crate::node) recycling: OnceCell<Transfer>,
    /// Integers that JavaScript reads: events cross the boundary without an object each.
    memory: *mut i32,
    memory_length: usize,
    _memory_owner: Reference,
    epoch: Instant,
    pub(in crate::node) drivers: Rc<Drivers<Driver>>,
    /// A function that calls `goOn` in the next turn of the loop.
    schedule: RefCell<Option<Rc<Reference>>>,
    lifelines: RefCell<Vec<Weak<RefCell<Option<HostEnd>>>>>,
    io: RefCell<Option<Rc<TokioIo>>>,
    pub(in crate::node) ended: Cell<bool>,
    #[cfg(unix)]
    hooks: RefCell<Option<LoopHooks>>,
}

impl Environment {
    /// Time since the environment was made: the `now` of the core.
    pub(in crate::node) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Is closed when the JavaScript thread ends: its objects are not finalized then.
    pub(in crate::node) fn add_lifeline(&self, host: &Rc<RefCell<Option<HostEnd>>>) {
        let mut lifelines = self.lifelines.borrow_mut();
        lifelines.retain(|lifeline| lifeline.strong_count() > 0);
        lifelines.push(Rc::downgrade(host));
    }

    pub(in crate::node) fn watch(self: &Rc<Self>, stream: Stream, driver: &Rc<Driver>) -> Result<Watch, Failure> {
        if self.ended.get() {
            return Err(Failure::new("ERR_SYSTEM".to_owned(), "this JavaScript thread is ending".to_owned()));
        }
        match self.engine {
            #[cfg(unix)]
            Engine::Uv => {
                super::uv::UvWatch::new(self.env, stream, Rc::downgrade(driver)).map(Watch::Uv).map_err(|reason| {
                    Failure::new("ERR_SYSTEM".to_owned(), format!("cannot watch the connection: {reason}"))
                })
            }
            #[cfg(not(unix))]
            Engine::Uv => unreachable!("chosen on Unix only"),
            Engine::Tokio => Ok(Watch::Tokio(self.io()?.watch(stream, driver.number())?)),
        }
    }

    fn io(self: &Rc<Self>) -> Result<Rc<TokioIo>, Failure> {
        if let Some(io) = &*self.io.borrow() {
            return Ok(Rc::clone(io));
        }
        let io = TokioIo::start(self.env, Rc::downgrade(self))?;
        *self.io.borrow_mut() = Some(Rc::clone(&io));
        // Hooks run last in, first out: this one joins the I/O thread before Node takes the threadsafe function back.
        self.end_with_node().map_err(node)?;
        Ok(io)
    }

    fn end_with_node(self: &Rc<Self>) -> napi::Result<()> {
        Env::from_raw(self.env).add_env_cleanup_hook(Rc::downgrade(self), |environment| {
            if let Some(environment) = environment.upgrade() {
                environment.end();
            }
        })?;
        Ok(())
    }

    /// The JavaScript thread ends: closes every handle, joins the I/O thread.
    fn end(&self) {
        if self.ended.replace(true) {
            return;
        }
        for driver in self.drivers.all() {
            driver.close();
        }
        for lifeline in self.lifelines.borrow_mut().drain(..) {
            if let Some(host) = lifeline.upgrade() {
                host.borrow_mut().take();
            }
        }
        self.drivers.clear();
        self.schedule.take();
        #[cfg(unix)]
        self.hooks.borrow_mut().take();
        if let Some(io) = self.io.borrow_mut().take() {
            io.stop();
        }
    }

    /// Serves drivers that the `tokio` engine woke.
    pub(in crate::node) fn on_wake(&self) {
        let Some(io) = self.io.borrow().clone() else { return };
        for number in io.take_woken() {
            // A failing driver leaves the others alone.
            if let Some(driver) = self.drivers.get(number) {
                driver.guarded("wake", || {
                    let readiness = driver.with_watch(|watch| match watch {
                        Watch::Tokio(watch) => Some(watch.take()),
                        #[cfg(unix)]
                        Watch::Uv(_) => None,
                    });
                    if let Some(readiness) = readiness.flatten() {
                        driver.on_ready(readiness);
                    }
                });
            }
        }
    }

    /// Writes all output of this tick; later output needs a new flush.
    pub(in crate::node) fn flush(&self) {
        self.set_flush_scheduled(false);
        self.drivers.flush();
    }

    /// Has JavaScript call `goOn` in the next turn of the loop.
    pub(in crate::node) fn schedule_turn(&self) {
        let Some(schedule) = self.schedule.borrow().clone() else { return };
        in_scope(self.env, || {
            let function = schedule.get();
            if !function.is_null() {
                self.call(function, &[]);
            }
        });
    }

    pub(in crate::node) fn set_flush_scheduled(&self, scheduled: bool) {
        self.write_memory(0, scheduled.into());
    }

    /// How many records fit.
    pub(in crate::node) fn record_capacity(&self) -> usize {
        (self.memory_length - HEAD) / RECORD
    }

    pub(in crate::node) fn write_record(&self, index: usize, record: [i32; RECORD]) {
        for (offset, value) in record.into_iter().enumerate() {
            self.write_memory(HEAD + index * RECORD + offset, value);
        }
    }

    /// Writes the integers behind the first one of the head.
    pub(in crate::node) fn write_head(&self, numbers: [i32; DATA]) {
        for (offset, value) in numbers.into_iter().enumerate() {
            self.write_memory(1 + offset, value);
        }
    }

    /// How many numbers go in, and how many come out.
    pub(in crate::node) fn exchange_counts(&self) -> (usize, usize) {
        // SAFETY: the head is inside the buffer; as for `write_memory`.
        let (finished, begun) = unsafe { (self.memory.add(1).read(), self.memory.add(2).read()) };
        (usize::try_from(finished).unwrap_or(0), usize::try_from(begun).unwrap_or(0))
    }

    /// The number at this index behind the head of the shared memory, read as floating-point numbers.
    pub(in crate::node) fn read_number(&self, index: usize) -> f64 {
        let at = self.number_at(index);
        // SAFETY: `number_at` has checked the place; as for `write_memory`.
        unsafe { at.read() }
    }

    pub(in crate::node) fn write_number(&self, index: usize, value: f64) {
        let at = self.number_at(index);
        // SAFETY: as above.
        unsafe { at.write(value) };
    }

    fn number_at(&self, index: usize) -> *mut f64 {
        assert!(HEAD + 2 * index + 1 < self.memory_length, "a number outside the shared memory");
        // SAFETY: the index is inside the buffer. A `SharedArrayBuffer` is aligned for floating-point numbers, and its
        // head has the size of three.
        let at = unsafe { self.memory.add(HEAD + 2 * index) }.cast::<f64>();
        assert!(at.is_aligned(), "the shared memory is aligned");
        at
    }

    fn write_memory(&self, index: usize, value: i32) {
        assert!(index < self.memory_length, "a record outside the shared memory");
        // SAFETY: the index is inside the buffer, which `_memory_owner` keeps alive. JavaScript reads it on this very
        // thread, never at the same time.
        unsafe { self.memory.add(index).write(value) };
    }

    /// Whether Node has delivered messages since the last call.
    #[cfg(unix)]
    pub(in crate::node) fn take_ready_hint(&self) -> bool {
        assert!(READY_HINT < self.memory_length, "the shared header is smaller than its layout");
        // SAFETY: the place is inside the buffer; as for `write_memory`.
        let came = unsafe { self.memory.add(READY_HINT).read() } != 0;
        if came {
            self.write_memory(READY_HINT, 0);
        }
        came
    }

    /// Calls into JavaScript, as Node calls a callback: microtasks run before this returns, unless JavaScript is
    /// already on the stack. Returns its result, if that is an integer.
    pub(in crate::node) fn call(&self, function: sys::napi_value, arguments: &[sys::napi_value]) -> Option<i32> {
        let mut receiver = ptr::null_mut();
        let mut result = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope, and all values are in it.
        unsafe {
            sys::napi_get_global(self.env, &raw mut receiver);
            let status = sys::napi_make_callback(
                self.env,
                ptr::null_mut(),
                receiver,
                function,
                arguments.len(),
                arguments.as_ptr(),
                &raw mut result,
            );
            if status == sys::Status::napi_pending_exception {
                let mut error = ptr::null_mut();
                sys::napi_get_and_clear_last_exception(self.env, &raw mut error);
                sys::napi_fatal_exception(self.env, error);
            }
            let mut integer = 0;
            if status == sys::Status::napi_ok
                && !result.is_null()
                && sys::napi_get_value_int32(self.env, result, &raw mut integer) == sys::Status::napi_ok
            {
                return Some(integer);
            }
        }
        None
    }
}

/// Whether the `uv` engine can run in this program.
#[cfg(unix)]
fn has_uv() -> bool {
    super::uv::is_available()
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
        let integers = memory.len() / size_of::<i32>();
        let data = memory.as_ptr().cast_mut();
        if !data.cast::<i32>().is_aligned() || integers < HEAD + RECORD {
            return Err(Failure::new("ERR_INVALID_OPTION".to_owned(), "the memory for records is unfit".to_owned()));
        }
        let uv = engine == "uv" && has_uv();
        let inner = Rc::new(Environment {
            env: env.raw(),
            engine: if uv { Engine::Uv } else { Engine::Tokio },
            scratch: RefCell::default(),
            short: RefCell::default(),
            staging: RefCell::default(),
            recycling: OnceCell::new(),
            memory: data.cast(),
            memory_length: integers,
            _memory_owner: Reference::new(env.raw(), memory.raw()),
            epoch: Instant::now(),
            drivers: Rc::new(Drivers::new(busy_poll, std::env::var("ISOLATED_WORKERS_FAULT").ok().as_deref())),
            schedule: RefCell::default(),
            lifelines: RefCell::default(),
            io: RefCell::default(),
            ended: Cell::new(false),
            #[cfg(unix)]
            hooks: RefCell::default(),
        });
        inner.end_with_node().map_err(node)?;
        Ok(Self { inner })
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
        if self.inner.engine == Engine::Uv && !self.inner.ended.get() {
            let mut hooks = self.inner.hooks.borrow_mut();
            if hooks.is_none() {
                *hooks = LoopHooks::start(&self.inner);
            }
        }
    }

    /// Call it before the thread blocks until an integer of shared memory changes: spins for a moment, if that has been
    /// profitable. Call `awake` when it has changed.
    #[napi(catch_unwind)]
    pub fn look_for_change(&self, memory: BufferSlice, index: u32, value: i32) {
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
    pub fn awake(&self) {
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
        *self.inner.schedule.borrow_mut() = Some(Rc::new(Reference::new(env.raw(), schedule.raw())));
        self.inner.drivers.share_loop();
    }

    /// The next turn of the loop has begun.
    #[napi(catch_unwind)]
    pub fn go_on(&self) {
        if !self.inner.ended.get() {
            self.inner.drivers.go_on();
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
