//! One JavaScript thread that has loaded the addon.

use std::cell::{Cell, OnceCell, RefCell};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{BufferSlice, Env, Unknown};
use napi::{JsValue, sys};
use napi_derive::napi;
use slab::Slab;

use super::busy_poll::BusyPoll;
use super::command::{self, Outcome};
use super::failure::{Failure, node};
use super::link::Link;
use super::parts::Staging;
use super::recycler::Transfer;
use super::reference::Reference;
use super::shared_buffers::SharedBuffers;
use super::text::Scratch;
use super::tokio::TokioIo;
#[cfg(unix)]
use super::uv::turns::Turns;
use super::watch::Watch;
use crate::transport::Stream;
use crate::transport::lifeline::HostEnd;

/// Integers in front of the records in the shared memory: whether a flush is scheduled, what an event or a command tells, and
/// whether news have come that Node has brought.
pub(super) const HEAD: usize = 6;
const TOLD: usize = 3;
const NEWS: usize = 4;
/// Integers of one record: kind, number, second number, length of the payload.
pub(super) const RECORD: usize = 4;

/// What moves bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Uv,
    Tokio,
}

#[derive(Debug)]
pub(super) struct Environment {
    pub(super) env: sys::napi_env,
    pub(super) engine: Engine,
    pub(super) scratch: RefCell<Scratch>,
    pub(super) short: RefCell<Vec<u8>>,
    pub(super) staging: RefCell<Staging>,
    pub(super) shared_buffers: SharedBuffers,
    /// Empty: memory of large results is not used again.
    pub(super) recycling: OnceCell<Transfer>,
    /// Integers that JavaScript reads: events cross the boundary without an object each.
    memory: *mut i32,
    memory_length: usize,
    _memory_owner: Reference,
    epoch: Instant,
    dirty: RefCell<Vec<Rc<Link>>>,
    links: RefCell<Slab<Weak<Link>>>,
    lifelines: RefCell<Vec<Weak<RefCell<Option<HostEnd>>>>>,
    io: RefCell<Option<Rc<TokioIo>>>,
    ended: Cell<bool>,
    pub(super) busy_poll: BusyPoll,
    #[cfg(unix)]
    turns: RefCell<Option<Turns>>,
}

impl Environment {
    /// Time since the environment was made: the `now` of the core.
    pub(super) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Is closed when the JavaScript thread ends: its objects are not finalized then.
    pub(super) fn add_lifeline(&self, host: &Rc<RefCell<Option<HostEnd>>>) {
        let mut lifelines = self.lifelines.borrow_mut();
        lifelines.retain(|lifeline| lifeline.strong_count() > 0);
        lifelines.push(Rc::downgrade(host));
    }

    pub(super) fn add_link(&self, link: Weak<Link>) -> usize {
        self.links.borrow_mut().insert(link)
    }

    pub(super) fn remove_link(&self, number: usize) {
        self.links.borrow_mut().try_remove(number);
    }

    pub(super) fn watch(self: &Rc<Self>, stream: Stream, link: &Rc<Link>) -> Result<Watch, Failure> {
        if self.ended.get() {
            return Err(Failure::new("ERR_SYSTEM".to_owned(), "this JavaScript thread is ending".to_owned()));
        }
        match self.engine {
            #[cfg(unix)]
            Engine::Uv => {
                super::uv::UvWatch::new(self.env, stream, Rc::downgrade(link)).map(Watch::Uv).map_err(|reason| {
                    Failure::new("ERR_SYSTEM".to_owned(), format!("cannot watch the connection: {reason}"))
                })
            }
            #[cfg(not(unix))]
            Engine::Uv => unreachable!("chosen on Unix only"),
            Engine::Tokio => Ok(Watch::Tokio(self.io()?.watch(stream, link.number())?)),
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
        let links: Vec<_> = self.links.borrow().iter().filter_map(|(_, link)| link.upgrade()).collect();
        for link in links {
            link.close();
        }
        for lifeline in self.lifelines.borrow_mut().drain(..) {
            if let Some(host) = lifeline.upgrade() {
                host.borrow_mut().take();
            }
        }
        self.dirty.borrow_mut().clear();
        #[cfg(unix)]
        self.turns.borrow_mut().take();
        if let Some(io) = self.io.borrow_mut().take() {
            io.stop();
        }
    }

    /// Links that the `tokio` engine woke.
    pub(super) fn on_wake(&self) {
        let Some(io) = self.io.borrow().clone() else { return };
        for number in io.take_woken() {
            let link = self.links.borrow().get(number).and_then(Weak::upgrade);
            if let Some(link) = link {
                link.on_wake();
            }
        }
    }

    /// Has output to be written at the end of this tick.
    pub(super) fn add_dirty(&self, link: Rc<Link>) {
        self.dirty.borrow_mut().push(link);
    }

    /// Writes the output of every link that has some; later output needs a new flush.
    pub(super) fn flush(&self) {
        self.set_flush_scheduled(false);
        // A flush runs no JavaScript, so nothing is added meanwhile.
        for link in self.dirty.borrow_mut().drain(..) {
            link.flush();
        }
    }

    pub(super) fn set_flush_scheduled(&self, scheduled: bool) {
        self.write_memory(0, scheduled.into());
    }

    /// How many records fit.
    pub(super) fn record_capacity(&self) -> usize {
        (self.memory_length - HEAD) / RECORD
    }

    pub(super) fn write_record(&self, index: usize, record: [i32; RECORD]) {
        for (offset, value) in record.into_iter().enumerate() {
            self.write_memory(HEAD + index * RECORD + offset, value);
        }
    }

    /// Writes what is behind the first integer of the head.
    pub(super) fn write_head(&self, numbers: [i32; TOLD]) {
        for (offset, value) in numbers.into_iter().enumerate() {
            self.write_memory(1 + offset, value);
        }
    }

    /// How many numbers go in, and how many come out.
    pub(super) fn exchange_counts(&self) -> (usize, usize) {
        // SAFETY: the head is inside the buffer; as for `write_memory`.
        let (finished, begun) = unsafe { (self.memory.add(1).read(), self.memory.add(2).read()) };
        (usize::try_from(finished).unwrap_or(0), usize::try_from(begun).unwrap_or(0))
    }

    /// The number at this place of the shared memory behind its head, taken as floating-point numbers.
    pub(super) fn read_number(&self, index: usize) -> f64 {
        let at = self.number_at(index);
        // SAFETY: `number_at` has checked the place; as for `write_memory`.
        unsafe { at.read() }
    }

    pub(super) fn write_number(&self, index: usize, value: f64) {
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

    /// Whether news have come that Node has brought, since this was asked last.
    #[cfg(unix)]
    pub(super) fn take_news(&self) -> bool {
        assert!(NEWS < self.memory_length, "the head is shorter than it is");
        // SAFETY: the place is inside the buffer; as for `write_memory`.
        let came = unsafe { self.memory.add(NEWS).read() } != 0;
        if came {
            self.write_memory(NEWS, 0);
        }
        came
    }

    /// Calls into JavaScript, as Node calls a callback: microtasks run before this returns, unless JavaScript is already
    /// on the stack.
    pub(super) fn call(&self, function: sys::napi_value, arguments: &[sys::napi_value]) {
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
        }
    }
}

/// The addon as one JavaScript thread sees it.
#[napi]
pub struct NativeEnvironment {
    pub(super) inner: Rc<Environment>,
}

#[napi]
impl NativeEnvironment {
    /// `memory` is backed by a `SharedArrayBuffer`, aligned to 4 bytes: events are told as integers in it. `engine` is
    /// `uv` or `tokio`; `uv` becomes `tokio` where it cannot run. With `busy_poll` the thread stays awake for news where that
    /// pays.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, memory: BufferSlice, engine: String, busy_poll: bool) -> Result<Self, Failure> {
        let integers = memory.len() / size_of::<i32>();
        let data = memory.as_ptr().cast_mut();
        if !data.cast::<i32>().is_aligned() || integers < HEAD + RECORD {
            return Err(Failure::new("ERR_INVALID_OPTION".to_owned(), "the memory for records is unfit".to_owned()));
        }
        #[cfg(unix)]
        let uv = engine == "uv" && super::uv::is_available();
        #[cfg(not(unix))]
        let uv = false;
        let inner = Rc::new(Environment {
            env: env.raw(),
            engine: if uv { Engine::Uv } else { Engine::Tokio },
            scratch: RefCell::default(),
            short: RefCell::default(),
            staging: RefCell::default(),
            shared_buffers: SharedBuffers::default(),
            recycling: OnceCell::new(),
            memory: data.cast(),
            memory_length: integers,
            _memory_owner: Reference::new(env.raw(), memory.raw()),
            epoch: Instant::now(),
            dirty: RefCell::default(),
            links: RefCell::default(),
            lifelines: RefCell::default(),
            io: RefCell::default(),
            ended: Cell::new(false),
            busy_poll: BusyPoll::new(busy_poll),
            #[cfg(unix)]
            turns: RefCell::default(),
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

    /// From now on the thread may stay awake for news that Node brings, too, after JavaScript has set the fifth integer of the
    /// shared memory.
    #[napi(catch_unwind)]
    pub fn watch_turns(&self) {
        #[cfg(unix)]
        if self.inner.engine == Engine::Uv && !self.inner.ended.get() {
            let mut turns = self.inner.turns.borrow_mut();
            if turns.is_none() {
                *turns = Turns::start(&self.inner);
            }
        }
    }

    /// To be called before the thread sleeps until an integer of shared memory has changed: looks for that for a moment, where
    /// that pays. `awake` is to be called when it has.
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
        self.inner.busy_poll.before_sleep(|| integer.load(Ordering::SeqCst) != value);
    }

    /// What the thread has waited for is there.
    #[napi(catch_unwind)]
    pub fn awake(&self) {
        self.inner.busy_poll.awake();
    }

    /// How often this thread has looked for news instead of sleeping.
    #[napi(getter, catch_unwind)]
    pub fn busy_polls(&self) -> u32 {
        self.inner.busy_poll.count()
    }

    /// A function that writes what was sent in this tick.
    #[napi(getter, catch_unwind, ts_return_type = "() => void")]
    pub fn flush_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        let inner = Rc::clone(&self.inner);
        command::create(env, move |_| {
            inner.flush();
            Ok(Outcome::Nothing)
        })
    }
}
