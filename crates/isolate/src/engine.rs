//! One QuickJS runtime with its context, and the library that runs in it.

mod bridge;
mod modules;
mod os;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Persistent, Runtime, Value, qjs};

use crate::limits::Limit;
use crate::mail::{Ending, Inbox, Outbox, Parcel};
use crate::memory::{Account, Budget, Usage};
use crate::meter::Meter;
use crate::shared::{Parking, Table};
use crate::values::Sharing;
use crate::{natives, prelude, values};

pub use modules::{Library, compile};

/// How many promise jobs run between two looks at the clocks.
const JOBS: usize = 64;
/// The engine collects cycles when its memory has grown by this much.
const GARBAGE: usize = 1 << 20;

/// What an isolate is started with.
#[derive(Clone)]
pub struct Setup {
    /// The library.
    pub library: Arc<Library>,
    /// The name of the script's module.
    pub entry: String,
    /// The text of that module; `None`: the host has to be asked.
    pub source: Option<String>,
    /// Data for the library, in V8's format.
    pub data: Vec<u8>,
    /// With whom it shares memory.
    pub sharing: Sharing,
}

/// What runs an isolate: a thread of its own, or a coroutine.
pub trait Carrier {
    /// Called while code of the isolate runs: whether it must end. Other code may run meanwhile.
    fn poll(&self) -> bool;

    /// Returns when more than `seen` commands wait, the time is over, or for no reason.
    fn sleep(&self, until: Option<Instant>, seen: usize);

    /// Lets the host see what has happened, where it shares the thread.
    fn give_turn(&self) {}

    /// Called while code of the isolate waits for memory: returns when `is_woken`, the time is over, the isolate must end, or for no
    /// reason. What passes does not count as processor time.
    fn park(&self, until: Option<Instant>, is_woken: &dyn Fn() -> bool);
}

/// What the engine and the functions of the isolate share.
pub struct Shared {
    pub(crate) meter: Rc<Meter>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) carrier: Rc<dyn Carrier>,
    pub(crate) library: Arc<Library>,
    /// The name and the text of the script's module, until it is imported.
    entry: Cell<Option<(String, String)>>,
    sharing: Sharing,
    ending: RefCell<Option<Ending>>,
    /// The library's functions for messages, for timers, and for errors that nothing has caught.
    on_message: RefCell<Option<Persistent<Function<'static>>>>,
    on_timer: RefCell<Option<Persistent<Function<'static>>>>,
    on_error: RefCell<Option<Persistent<Function<'static>>>>,
    /// Promises that nobody has handled yet, and their reasons.
    rejections: RefCell<Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>>,
    next_timer: Cell<Option<Instant>>,
    /// The library wants messages.
    is_kept: Cell<bool>,
    /// The script has run to its end.
    is_loaded: Cell<bool>,
}

impl Shared {
    /// State for a new isolate.
    pub fn new(
        setup: &Setup,
        meter: Rc<Meter>,
        inbox: Arc<Inbox>,
        outbox: Arc<Outbox>,
        carrier: Rc<dyn Carrier>,
    ) -> Rc<Self> {
        Rc::new(Self {
            meter,
            inbox,
            outbox,
            carrier,
            library: Arc::clone(&setup.library),
            entry: Cell::new(setup.source.clone().map(|source| (setup.entry.clone(), source))),
            sharing: setup.sharing,
            ending: RefCell::default(),
            on_message: RefCell::default(),
            on_timer: RefCell::default(),
            on_error: RefCell::default(),
            rejections: RefCell::default(),
            next_timer: Cell::default(),
            is_kept: Cell::default(),
            is_loaded: Cell::default(),
        })
    }

    /// Ends the isolate as soon as its code is asked. The first reason counts.
    pub(crate) fn end(&self, ending: Ending) {
        self.ending.borrow_mut().get_or_insert(ending);
        self.meter.end();
    }

    /// Too much waits for the host.
    pub(crate) fn overflow(&self) {
        self.meter.exceed(Limit::Queued);
    }

    /// How the isolate ends; `None`: it goes on.
    fn ending(&self) -> Option<Ending> {
        if let Some(limit) = self.meter.exceeded() {
            return Some(Ending::Limit(limit));
        }
        if self.meter.is_killed() {
            return Some(Ending::Killed);
        }
        self.ending.borrow_mut().take()
    }
}

/// An isolate that has started.
pub struct Engine {
    shared: Rc<Shared>,
    // The context goes before its runtime.
    context: Context,
    runtime: Runtime,
    // The engine releases memories by it to its last moment.
    _memories: Rc<Table>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Values of the runtime, which must not outlive it.
        self.shared.on_message.take();
        self.shared.on_timer.take();
        self.shared.on_error.take();
        self.shared.rejections.take();
    }
}

impl Engine {
    /// Makes the runtime, and runs the library, which imports the script.
    pub fn start(setup: &Setup, shared: Rc<Shared>, usage: Rc<Usage>) -> Result<Self, Ending> {
        let limits = *shared.meter.limits();
        let broken = |error: rquickjs::Error| Ending::Panicked(format!("the engine cannot start: {error}"));
        // Until the script runs, all code is ours.
        let exempt = usage.exempt();
        let account = Account(Rc::clone(&usage));
        let carrier = Rc::clone(&shared.carrier);
        let memories = Table::new(Rc::clone(&usage), limits.memory, move || carrier.poll());
        let carrier = Rc::clone(&shared.carrier);
        let spare = Rc::clone(&usage);
        let budget = Budget::new(usage, limits.memory, move || carrier.poll());
        let runtime = Runtime::new_with_alloc(budget).map_err(broken)?;
        runtime.set_max_stack_size(limits.stack);
        runtime.set_gc_threshold(GARBAGE);
        let carrier = Rc::clone(&shared.carrier);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            let must_end = carrier.poll();
            if must_end {
                spare.spare_for_end();
            }
            must_end
        })));
        modules::install(&runtime, &setup.library, &shared);
        let context = Context::full(&runtime).map_err(broken)?;
        let weak = Rc::downgrade(&shared);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, is_handled| {
            let Some(shared) = weak.upgrade() else { return };
            let mut rejections = shared.rejections.borrow_mut();
            if is_handled {
                rejections.retain(|(known, _)| known.clone().restore(&ctx).is_ok_and(|known| known != promise));
            } else {
                rejections.push((Persistent::save(&ctx, promise), Persistent::save(&ctx, reason)));
            }
        })));
        let engine = Self { shared, context, runtime, _memories: Rc::clone(&memories) };
        engine.within(|ctx| {
            // SAFETY: the engine keeps the table until its runtime is freed.
            unsafe { memories.install(ctx) };
            // SAFETY: the context is live, so its runtime is.
            unsafe { qjs::JS_SetCanBlock(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), false) };
            let carrier = Rc::clone(&engine.shared.carrier);
            let _ = ctx.store_userdata(account);
            let (parked, inbox) = (Rc::clone(&carrier), Arc::clone(&engine.shared.inbox));
            let weak = Rc::downgrade(&engine.shared);
            let tell = Rc::new(move |memory, offset, count| {
                let Some(shared) = weak.upgrade() else { return };
                if !shared.outbox.notify(memory, offset, count) {
                    shared.overflow();
                }
            });
            let _ = ctx.store_userdata(Parking { carrier: parked, inbox, tell });
            let _ = ctx.store_userdata(natives::Poll(Rc::new(move || carrier.poll())));
            values::install(ctx, values::Limits::default())?;
            prelude::install(ctx)?;
            natives::install(ctx)?;
            let bridge = bridge::create(ctx, &engine.shared, setup)?;
            ctx.globals().set(bridge::NAME, bridge)?;
            setup.library.start(ctx)
        })?;
        drop(exempt);
        Ok(engine)
    }

    /// Runs code of the isolate. An error that nothing catches ends it, unless the library lets it go on.
    fn within(&self, act: impl FnOnce(&Ctx<'_>) -> rquickjs::Result<()>) -> Result<(), Ending> {
        self.context.with(|ctx| act(&ctx).catch(&ctx).or_else(|error| self.report(&ctx, error)))?;
        self.ending().map_or(Ok(()), Err)
    }

    fn ending(&self) -> Option<Ending> {
        self.shared.ending()
    }

    /// Gives the library an error of the isolate's code, which ends it unless the library returns `true`.
    fn report<'js>(&self, ctx: &Ctx<'js>, error: CaughtError<'js>) -> Result<(), Ending> {
        if let Some(ending) = self.ending() {
            return Err(ending);
        }
        let value = match error {
            CaughtError::Exception(exception) => exception.into_value(),
            CaughtError::Value(value) => value,
            CaughtError::Error(error) => return Err(Ending::Panicked(error.to_string())),
        };
        let listener = self.shared.on_error.borrow().clone();
        let answer = match listener.map(|listener| listener.restore(ctx)) {
            Some(Ok(listener)) => listener.call::<_, Value<'_>>((value.clone(),)).catch(ctx).ok(),
            _ => None,
        };
        match self.ending() {
            Some(ending) => Err(ending),
            None if answer.and_then(|answer| answer.as_bool()) == Some(true) => Ok(()),
            None => Err(bridge::failed(ctx, value)),
        }
    }

    /// A message from the host.
    pub fn deliver(&self, message: &Parcel) -> Result<(), Ending> {
        self.shared.meter.begin_turn();
        self.within(|ctx| {
            let listener = self.shared.on_message.borrow().clone();
            let Some(listener) = listener else { return Ok(()) };
            let memories = values::objects_of(ctx, &message.memories)?;
            let value = values::deserialize(ctx, &message.bytes, memories)?;
            listener.restore(ctx)?.call::<_, ()>((value,))
        })
    }

    /// The timers that are due.
    pub fn fire(&self) -> Result<(), Ending> {
        if self.next_timer().is_none_or(|due| due > Instant::now()) {
            return Ok(());
        }
        self.shared.next_timer.set(None);
        self.shared.meter.begin_turn();
        self.within(|ctx| {
            let listener = self.shared.on_timer.borrow().clone();
            listener.map_or(Ok(()), |listener| listener.restore(ctx)?.call::<_, ()>(()))
        })
    }

    /// Runs promise jobs until none is left.
    pub fn settle(&self) -> Result<(), Ending> {
        for count in 1_usize.. {
            if (count.is_multiple_of(JOBS) && self.shared.carrier.poll()) || self.shared.meter.is_over() {
                return Err(self.ending().unwrap_or(Ending::Killed));
            }
            match self.runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let context = error.0;
                    context.with(|ctx| {
                        let error = CaughtError::from_error(&ctx, rquickjs::Error::Exception);
                        self.report(&ctx, error)
                    })?;
                }
            }
        }
        self.refuse_rejections()
    }

    /// Reports the rejections that nobody has handled by now. The promises of a module that fails have one reason, which is reported
    /// once.
    fn refuse_rejections(&self) -> Result<(), Ending> {
        let rejections = self.shared.rejections.take();
        let mut last: Option<Persistent<Value<'static>>> = None;
        for (_, reason) in rejections {
            // Many of them take long.
            self.shared.carrier.poll();
            self.within(|ctx| {
                let value = reason.clone().restore(ctx)?;
                match last.replace(reason).map(|last| last.restore(ctx)) {
                    Some(Ok(last)) if last == value => Ok(()),
                    _ => Err(ctx.throw(value)),
                }
            })?;
        }
        self.ending().map_or(Ok(()), Err)
    }

    /// When the next timer is due.
    pub fn next_timer(&self) -> Option<Instant> {
        self.shared.next_timer.get()
    }

    /// Whether nothing can happen in it any more, and its exit code then.
    pub fn exit_code(&self) -> Option<i32> {
        if self.shared.is_kept.get() || self.next_timer().is_some() || self.runtime.is_job_pending() {
            return None;
        }
        // As Node: a script that awaits what never settles.
        Some(if self.shared.is_loaded.get() { 0 } else { 13 })
    }
}
