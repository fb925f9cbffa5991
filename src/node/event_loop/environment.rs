//! One JavaScript thread that has loaded the addon.

mod records;

use std::cell::{Cell, OnceCell, RefCell};
use std::ptr;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{BufferSlice, Env};
use napi::sys;

use super::tokio::TokioIo;
use super::watch::Watch;
use crate::error::code;
use crate::io::Drivers;
use crate::node::delivery::Driver;
#[cfg(unix)]
use crate::node::event_loop::uv::hooks::LoopHooks;
use crate::node::values::buffer_pool::Transfer;
use crate::node::values::failure::{Failure, node};
use crate::node::values::reference::Reference;
use crate::node::values::scope::in_scope;
use crate::node::values::segments::Staging;
use crate::node::values::text::Scratch;
use crate::sys::Stream;
use crate::sys::lifeline::HostEnd;
pub(in crate::node) use records::Records;

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
    pub(in crate::node) records: Records,
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
    /// The environment of this thread. `memory` carries events as integers. With `may_spin` the thread spins before it
    /// blocks, if that has been profitable.
    pub(in crate::node) fn create(
        env: Env,
        memory: &BufferSlice<'_>,
        engine: Engine,
        may_spin: bool,
    ) -> Result<Rc<Self>, Failure> {
        let environment = Rc::new(Self {
            env: env.raw(),
            engine,
            scratch: RefCell::default(),
            short: RefCell::default(),
            staging: RefCell::default(),
            recycling: OnceCell::new(),
            records: Records::new(env, memory)?,
            epoch: Instant::now(),
            drivers: Rc::new(Drivers::new(may_spin, std::env::var("ISOLATED_WORKERS_FAULT").ok().as_deref())),
            schedule: RefCell::default(),
            lifelines: RefCell::default(),
            io: RefCell::default(),
            ended: Cell::new(false),
            #[cfg(unix)]
            hooks: RefCell::default(),
        });
        environment.end_with_node().map_err(node)?;
        Ok(environment)
    }

    /// From now on a driver leaves long work to the next turn of the loop: `schedule` calls `goOn` in it.
    pub(in crate::node) fn share_loop(&self, schedule: Reference) {
        *self.schedule.borrow_mut() = Some(Rc::new(schedule));
        self.drivers.share_loop();
    }

    /// From now on the thread may also spin for messages that Node delivers.
    #[cfg(unix)]
    pub(in crate::node) fn watch_turns(self: &Rc<Self>) {
        if self.engine == Engine::Uv && !self.ended.get() {
            let mut hooks = self.hooks.borrow_mut();
            if hooks.is_none() {
                *hooks = LoopHooks::start(self);
            }
        }
    }

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
            return Err(Failure::new(code::SYSTEM.to_owned(), "this JavaScript thread is ending".to_owned()));
        }
        match self.engine {
            #[cfg(unix)]
            Engine::Uv => {
                super::uv::UvWatch::new(self.env, stream, Rc::downgrade(driver)).map(Watch::Uv).map_err(|reason| {
                    Failure::new(code::SYSTEM.to_owned(), format!("cannot watch the connection: {reason}"))
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
        self.records.set_flush_scheduled(false);
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
