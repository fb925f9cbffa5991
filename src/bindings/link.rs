//! A connection, its stream and its way into JavaScript. Everything happens on the JavaScript thread; nothing is
//! borrowed while JavaScript runs, which may call back into the same link.

mod reading;
mod writing;

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::rc::{Rc, Weak};
use std::time::Duration;

use napi::sys;

use super::batch::{Batch, Form};
use super::clock::{Clock, LOOK};
use super::delivery::Callbacks;
use super::environment::Environment;
use super::failure::Failure;
use super::parts::Sources;
use super::recycler::Recycler;
use super::watch::Watch;
use crate::beside::{Intake, Outbox};
use crate::connection::Connection;
use crate::event::Event;
use crate::transport::Stream;

/// Whether a link keeps the event loop alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// While requests are in flight.
    InFlight,
    Always,
    Never,
}

/// Why a link does not read for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Pause {
    /// The peer does not take what was answered.
    Output = 1,
    /// JavaScript has enough to do.
    Caller = 2,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) environment: Rc<Environment>,
    number: usize,
    pub(super) connection: RefCell<Connection>,
    /// `None` when the link is closed.
    watch: RefCell<Option<Watch>>,
    pub(super) callbacks: RefCell<Option<Rc<Callbacks>>>,
    pub(super) form: Cell<Form>,
    startup_data: RefCell<Option<Vec<u8>>>,
    pub(super) events: RefCell<Vec<Event>>,
    pub(super) batch: RefCell<Batch>,
    hold: Cell<Hold>,
    referenced: Cell<bool>,
    pub(super) delivering: Cell<bool>,
    dirty: Cell<bool>,
    /// What goes beside the stream, where both sides may share memory.
    pub(super) outbox: RefCell<Option<Outbox>>,
    pub(super) intake: RefCell<Option<Intake>>,
    pub(super) recycler: Recycler,
    me: Weak<Self>,
    /// The most bytes that may wait to be written.
    bound: Cell<usize>,
    /// JavaScript waits for room in the output.
    room_wanted: Cell<bool>,
    /// Nobody reads what is written.
    broken: Cell<bool>,
    /// The reasons not to read, as bits.
    paused: Cell<u8>,
    /// The deadline the engine's timer is set for.
    armed: Cell<Option<Duration>>,
    clock: Clock,
    /// JavaScript wants the clock to stand still.
    hold_wanted: Cell<bool>,
}

impl Link {
    /// A link that is not watched yet.
    pub(super) fn new(environment: &Rc<Environment>, stream: Stream, connection: Connection) -> Rc<Self> {
        Rc::new_cyclic(|me: &Weak<Self>| Self {
            environment: Rc::clone(environment),
            number: environment.add_link(me.clone()),
            connection: RefCell::new(connection),
            watch: RefCell::new(Some(Watch::Idle(stream))),
            callbacks: RefCell::default(),
            form: Cell::new(Form::Binary),
            startup_data: RefCell::default(),
            events: RefCell::default(),
            batch: RefCell::default(),
            hold: Cell::new(Hold::InFlight),
            referenced: Cell::new(false),
            delivering: Cell::new(false),
            dirty: Cell::new(false),
            outbox: RefCell::default(),
            intake: RefCell::default(),
            recycler: Recycler::default(),
            me: me.clone(),
            bound: Cell::new(usize::MAX),
            room_wanted: Cell::new(false),
            broken: Cell::new(false),
            paused: Cell::new(0),
            armed: Cell::new(None),
            clock: Clock::default(),
            hold_wanted: Cell::new(false),
        })
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The `now` of its connection.
    pub(super) fn now(&self) -> Duration {
        self.clock.now(self.environment.now())
    }

    pub(super) fn form(&self) -> Form {
        self.form.get()
    }

    /// From now on the engine watches the stream, and events go to the callbacks.
    pub(super) fn attach(self: &Rc<Self>, form: Form, callbacks: Callbacks, hold: Hold) -> Result<(), Failure> {
        self.form.set(form);
        *self.callbacks.borrow_mut() = Some(Rc::new(callbacks));
        let idle = self.watch.borrow_mut().take();
        if let Some(Watch::Idle(stream)) = idle {
            *self.watch.borrow_mut() = Some(self.environment.watch(stream, self)?);
        }
        self.set_hold(hold);
        self.touch();
        Ok(())
    }

    /// From now on memory may come, and go, beside the stream.
    pub(super) fn share_memory(&self) {
        *self.outbox.borrow_mut() = Some(Outbox::new(self.bound.get()));
        *self.intake.borrow_mut() = Some(Intake::default());
    }

    /// Where the parts of what has come may be.
    pub(super) fn sources(&self, connection: &Connection) -> Sources<'_> {
        Sources { link: self, limit: connection.exchange.limit }
    }

    /// Memory for a large result, which is to be filled.
    pub(super) fn lend<'a>(&self, length: usize) -> Option<(sys::napi_value, &'a mut [MaybeUninit<u8>])> {
        self.recycler.lend(&self.environment, &self.me, length)
    }

    /// What came beside the stream with what is delivered now is not needed any more.
    pub(super) fn settle(&self) {
        if let Some(intake) = &mut *self.intake.borrow_mut()
            && !self.delivering.get()
            && self.events.borrow().is_empty()
        {
            intake.settle(self.connection.borrow().processed());
        }
    }

    /// After a command: output is written at the end of the tick, timer and hold are brought up to date.
    pub(super) fn touch(self: &Rc<Self>) {
        if !self.dirty.get() && !self.connection.borrow().output().is_empty() {
            self.dirty.set(true);
            self.environment.add_dirty(Rc::clone(self));
        }
        self.update();
    }

    pub(super) fn set_hold(&self, hold: Hold) {
        self.hold.set(hold);
        self.update();
    }

    pub(super) fn update(&self) {
        let connection = self.connection.borrow();
        let watch = self.watch.borrow();
        let Some(watch) = &*watch else { return };
        let next = self.next_deadline(&connection);
        let referenced = match self.hold.get() {
            Hold::Always => true,
            Hold::Never => false,
            Hold::InFlight => {
                connection.exchange.in_flight() > 0
                    || self.room_wanted.get()
                    || (!connection.is_ready() && connection.is_open())
            }
        };
        if self.referenced.replace(referenced) != referenced {
            watch.set_ref(referenced);
        }
        if self.clock.is_stopped() {
            if next.is_some() && self.armed.get().is_none() {
                self.armed.set(Some(Duration::ZERO));
                watch.set_timer(LOOK);
            }
            return;
        }
        // A timer that is early finds nothing to do and is set again: cheaper than setting it for each request.
        if let Some(next) = next.filter(|next| self.armed.get().is_none_or(|armed| *next < armed)) {
            self.armed.set(Some(next));
            watch.set_timer(next.saturating_sub(self.now()));
        }
    }

    fn next_deadline(&self, connection: &Connection) -> Option<Duration> {
        let trim = self.outbox.borrow().as_ref().and_then(Outbox::next_deadline);
        [connection.next_deadline(), trim, self.recycler.next_deadline()].into_iter().flatten().min()
    }

    /// The handshake's deadline is over, and the kernel need not count for every wait any more.
    pub(super) fn stop_idle_timer(&self) {
        if self.connection.borrow().next_deadline().is_some() || self.armed.take().is_none() {
            return;
        }
        if let Some(watch) = &*self.watch.borrow() {
            watch.stop_timer();
        }
    }

    pub(super) fn on_wake(self: &Rc<Self>) {
        let readiness = match &*self.watch.borrow() {
            Some(Watch::Tokio(watch)) => watch.take(),
            _ => return,
        };
        if readiness.writable() {
            self.on_writable();
        }
        if readiness.readable() {
            self.on_readable();
        }
        if readiness.deadline() {
            self.on_deadline();
        }
    }

    /// Whether `close` was called.
    pub(super) fn is_closed(&self) -> bool {
        self.watch.borrow().is_none()
    }

    /// Ends the watch and closes the stream. Transactions stay for [`crate::exchange::Exchange::fail_all`].
    pub(super) fn close(&self) {
        let watch = self.watch.borrow_mut().take();
        drop(watch);
        if let Ok(mut callbacks) = self.callbacks.try_borrow_mut() {
            callbacks.take();
        }
        if let Ok(mut connection) = self.connection.try_borrow_mut() {
            connection.end(&mut Vec::new());
        }
        // JavaScript may hold the connection for long.
        if let (Ok(mut outbox), Ok(mut intake)) = (self.outbox.try_borrow_mut(), self.intake.try_borrow_mut()) {
            outbox.take();
            intake.take();
        }
        self.recycler.clear();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.environment.remove_link(self.number);
    }
}
