//! A connection, its stream and its way into JavaScript. Everything happens on the JavaScript thread; nothing is
//! borrowed while JavaScript runs, which may call back into the same link.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use super::batch::{Batch, Form};
use super::clock::{Clock, LOOK};
use super::delivery::Callbacks;
use super::environment::Environment;
use super::failure::{Failure, system};
use super::watch::Watch;
use crate::connection::Connection;
use crate::event::Event;
use crate::transport::{Stream, Until};

/// At most this much is read before JavaScript gets a turn.
const READ_BUDGET: usize = 1 << 20;

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
        let next = connection.next_deadline();
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

    pub(super) fn on_writable(&self) {
        self.flush();
        if self.broken.get() {
            // The end, which is told once all was read, says so.
            self.room_wanted.set(false);
            self.on_hangup();
        }
        if self.room_wanted.get() && self.connection.borrow().output().len() <= self.bound.get() / 2 {
            self.room_wanted.set(false);
            self.flush();
            self.update();
            self.set_paused(Pause::Output, false);
            self.tell_room();
        }
    }

    /// The peer is gone: what is left to read is little.
    pub(super) fn on_hangup(&self) {
        self.set_paused(Pause::Output, false);
        self.set_paused(Pause::Caller, false);
    }

    pub(super) fn set_bound(&self, bound: usize) {
        self.bound.set(bound);
    }

    /// Whether a message of this size may be appended to the output. One that is larger than the bound may, alone.
    pub(super) fn has_room(&self, size: usize) -> bool {
        let is_full = || {
            let pending = self.connection.borrow().output().len();
            pending > 0 && pending.saturating_add(size) > self.bound.get()
        };
        if !is_full() {
            return true;
        }
        // The system may take some of it right now.
        self.flush();
        !is_full()
    }

    /// Tells when no more than half of the bound waits to be written. The engine calls for it, so JavaScript is not
    /// called while it calls.
    pub(super) fn want_room(&self) {
        self.room_wanted.set(true);
        if let Some(watch) = &*self.watch.borrow() {
            watch.want_write(true);
        }
        self.update();
    }

    /// Stops to read where too much waits to be written; tells whether there is still room.
    pub(super) fn pause_if_full(&self) -> bool {
        if self.has_room(0) {
            return true;
        }
        self.set_paused(Pause::Output, true);
        self.want_room();
        false
    }

    pub(super) fn set_paused(&self, why: Pause, paused: bool) {
        let before = self.paused.get();
        let now = if paused { before | why as u8 } else { before & !(why as u8) };
        self.paused.set(now);
        if (before == 0) == (now == 0) {
            return;
        }
        if let Some(watch) = &*self.watch.borrow() {
            watch.set_reading(now == 0);
        }
    }

    /// Reads what is there, up to the budget, and delivers it.
    pub(super) fn on_readable(self: &Rc<Self>) {
        self.read_and_deliver(READ_BUDGET);
    }

    /// Handles all that has arrived, then ends the transactions whose time is over, unless JavaScript holds them.
    pub(super) fn on_deadline(self: &Rc<Self>) {
        self.armed.set(None);
        if self.read_and_deliver(usize::MAX) && !self.is_held() {
            let now = self.now();
            let expire = |connection: &mut Connection, events: &mut Vec<Event>| connection.expire(now, events);
            expire(&mut self.connection.borrow_mut(), &mut self.events.borrow_mut());
            self.deliver();
        }
        self.update();
    }

    /// Something is due, or was when the clock was stopped: asks JavaScript whether that counts.
    pub(super) fn is_held(&self) -> bool {
        let is_due = || self.connection.borrow().next_deadline().is_some_and(|next| next <= self.now());
        if !self.clock.is_stopped() && !is_due() {
            return false;
        }
        self.hold_wanted.set(false);
        self.tell_due();
        let time = self.environment.now();
        if !self.hold_wanted.get() {
            self.clock.go_on(time);
            return false;
        }
        self.clock.stop(time);
        self.connection.borrow_mut().renew(self.now());
        true
    }

    /// What is due does not count: time stands still.
    pub(super) fn hold(&self) {
        self.hold_wanted.set(true);
    }

    /// Reads and delivers until nothing is left, or `budget` bytes were read; tells whether nothing is left.
    pub(super) fn read_and_deliver(self: &Rc<Self>, budget: usize) -> bool {
        // JavaScript that asks for more while it handles events would move the payloads under their feet.
        if self.delivering.get() {
            return false;
        }
        // What came while this thread waited for an answer is still to be told, and may be where input is read to.
        self.deliver();
        let mut total = 0;
        let drained = loop {
            // Reading goes on with the event that comes when it may.
            if self.paused.get() != 0 {
                break false;
            }
            match self.read_once() {
                Some((read, full)) => {
                    total += read;
                    self.deliver();
                    // Whether that was the end, only another read tells.
                    if !full && budget != usize::MAX {
                        break true;
                    }
                    if total >= budget {
                        if let Some(watch) = &*self.watch.borrow() {
                            watch.read_again();
                        }
                        break false;
                    }
                }
                None => break true,
            }
        };
        self.deliver();
        drained
    }

    /// One read. `None`: nothing was there, or the end; else how much, and whether there may be more.
    pub(super) fn read_once(&self) -> Option<(usize, bool)> {
        let mut connection = self.connection.borrow_mut();
        let mut events = self.events.borrow_mut();
        let watch = self.watch.borrow();
        let watch = watch.as_ref()?;
        loop {
            let spare = connection.spare();
            let room = spare.len();
            match watch.try_read(spare) {
                Ok(0) => break,
                Ok(read) => {
                    connection.filled(read);
                    connection.receive(self.now(), &mut events);
                    return Some((read, read == room || watch.is_edge()));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                // A peer that was killed resets the connection: an end like any other.
                Err(_) => break,
            }
        }
        watch.stop();
        connection.end(&mut events);
        None
    }

    /// Blocks until there is input or room; tells whether that came in time.
    pub(super) fn wait(&self, until: Until, timeout: Option<Duration>) -> bool {
        let watch = self.watch.borrow();
        watch.as_ref().is_some_and(|watch| matches!(watch.wait(until, timeout), Ok(true)))
    }

    /// Turns bytes that came before `attach` into events.
    pub(super) fn receive_buffered(&self) {
        self.connection.borrow_mut().receive(self.now(), &mut self.events.borrow_mut());
    }

    /// Adds events from elsewhere than the input.
    pub(super) fn with_events(&self, act: impl FnOnce(&mut Connection, &mut Vec<Event>)) {
        act(&mut self.connection.borrow_mut(), &mut self.events.borrow_mut());
    }

    /// Writes as much output as there is room for.
    pub(super) fn flush(&self) {
        self.dirty.set(false);
        let mut connection = self.connection.borrow_mut();
        let watch = self.watch.borrow();
        let Some(watch) = &*watch else { return };
        let mut full = false;
        while !connection.output().is_empty() {
            match watch.try_write(connection.output()) {
                Ok(written) => connection.written(written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    full = true;
                    break;
                }
                // Nobody reads any more. What the peer had sent before is still to be read, and then its end.
                Err(_) => {
                    self.broken.set(true);
                    let pending = connection.output().len();
                    connection.written(pending);
                }
            }
        }
        watch.want_write(full || self.room_wanted.get());
    }

    /// Writes all output, blocking this thread for at most `timeout`. For a process that is about to exit.
    pub(super) fn flush_blocking(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        loop {
            self.flush();
            let left = deadline.saturating_duration_since(Instant::now());
            if self.connection.borrow().output().is_empty() || left.is_zero() {
                return;
            }
            match &*self.watch.borrow() {
                Some(watch) if matches!(watch.wait(Until::Writable, Some(left)), Ok(true)) => {}
                _ => return,
            }
        }
    }

    /// Blocks until the start-up data have been read, and gives them. For a worker that does not serve yet.
    pub(super) fn read_startup_data(&self, timeout: Option<Duration>) -> Result<Option<Vec<u8>>, Failure> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        while !self.connection.borrow().is_preamble_read() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let ready = match &*self.watch.borrow() {
                Some(watch) => watch.wait(Until::Readable, left),
                None => break,
            };
            if !ready.map_err(|error| system("cannot read the start-up data", &error))? {
                let text = "the host has not sent its handshake and start-up data in time".to_owned();
                return Err(Failure::new("ERR_CONNECT_TIMEOUT".to_owned(), text));
            }
            self.read_once();
            self.keep_startup_data(&self.connection.borrow());
            if !self.connection.borrow().is_open() {
                break;
            }
        }
        Ok(self.startup_data.borrow_mut().take())
    }

    /// Takes the start-up data out of the events: they must outlive the input buffer.
    pub(super) fn keep_startup_data(&self, connection: &Connection) {
        self.events.borrow_mut().retain(|event| {
            let Event::StartupData { payload } = event else { return true };
            let bytes = payload.as_ref().map(|payload| connection.bytes(payload.range.clone()).to_vec());
            *self.startup_data.borrow_mut() = bytes;
            false
        });
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
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.environment.remove_link(self.number);
    }
}
