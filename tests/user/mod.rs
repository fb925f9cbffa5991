//! A user of drivers that keeps what it receives.

#![allow(dead_code, unused_imports, reason = "each test program uses some of it")]

mod running;
mod sending;
mod watched;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use isolated_workers::io::{Channel, Deliver, IoDriver, Report};
use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::CallId;
use isolated_workers::protocol::transactions::Slot;

pub use running::{attach, connected, drivers, host, new_driver, run, run_until, streams, turn, worker};
pub use sending::{append, echo, notify, request, request_within, respond};
pub use watched::{Source, Watched};

/// The longest that a test waits for anything.
pub const WATCHDOG: Duration = Duration::from_secs(30);
pub const SECOND: Duration = Duration::from_secs(1);

pub type Driver = IoDriver<User>;

/// What a user has received, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    Ready,
    Request(CallId, Vec<u8>),
    Notification(Vec<u8>),
    Result(Slot, Vec<u8>),
    RemoteError(Slot, String),
    TimedOut(Slot),
    End { mid_frame: bool },
    Capacity,
    Writable,
    Due,
    Failed(String),
    Other(String),
}

type Handler = Box<dyn Fn(&Driver, &Received)>;

#[derive(Debug, Default)]
pub struct User {
    me: Weak<Driver>,
    /// The time, unless it is real.
    pub time: Cell<Duration>,
    pub real_since: Cell<Option<Instant>>,
    collected: RefCell<Vec<Received>>,
    pub received: RefCell<Vec<Received>>,
    handler: RefCell<Option<Wrapped>>,
    /// The most records of one call that the user handles; 0: all.
    pub most: Cell<usize>,
    /// How many records each call had.
    pub calls: RefCell<Vec<usize>>,
    pub postpones: Cell<bool>,
    pub turns_wanted: Cell<u32>,
    pub is_flush_scheduled: Cell<bool>,
    pub is_closed: Cell<bool>,
}

struct Wrapped(Rc<Handler>);

impl std::fmt::Debug for Wrapped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a handler")
    }
}

impl User {
    pub fn new(me: Weak<Driver>) -> Self {
        Self { me, ..Self::default() }
    }

    /// Calls `handler` with everything that the user receives from now on.
    pub fn handle(&self, handler: impl Fn(&Driver, &Received) + 'static) {
        *self.handler.borrow_mut() = Some(Wrapped(Rc::new(Box::new(handler))));
    }

    /// What was received since the last call.
    pub fn take(&self) -> Vec<Received> {
        self.received.take()
    }

    fn receive(&self, received: Received) {
        self.received.borrow_mut().push(received.clone());
        let handler = self.handler.borrow().as_ref().map(|handler| Rc::clone(&handler.0));
        if let (Some(handler), Some(driver)) = (handler, self.me.upgrade()) {
            handler(&driver, &received);
        }
    }
}

/// `None`: the event has no batch.
fn record_of(connection: &Connection, event: &Event) -> Option<Received> {
    let bytes = event.payload().map(|payload| connection.bytes(payload.range.clone()).to_vec()).unwrap_or_default();
    match event {
        Event::Request { call, handler: Ok(_), .. } => Some(Received::Request(*call, bytes)),
        Event::Notification { handler: Ok(_), .. } => Some(Received::Notification(bytes)),
        Event::Result { slot, .. } => Some(Received::Result(*slot, bytes)),
        Event::RemoteError { slot, .. } => {
            Some(Received::RemoteError(*slot, String::from_utf8(bytes).expect("JSON is UTF-8")))
        }
        Event::TimedOut { slot, .. } => Some(Received::TimedOut(*slot)),
        _ => None,
    }
}

impl Deliver for User {
    type Watch = Watched;

    fn now(&self) -> Duration {
        self.real_since.get().map_or(self.time.get(), |since| since.elapsed())
    }

    fn collect<'a>(&self, connection: &Connection, events: impl Iterator<Item = &'a Event>) -> usize {
        let records: Vec<_> = events.map_while(|event| record_of(connection, event)).collect();
        let count = records.len();
        *self.collected.borrow_mut() = records;
        count
    }

    fn deliver(&self, channel: &Channel) -> usize {
        assert!(channel.connection.try_borrow_mut().is_ok(), "the driver holds no borrow while its user runs");
        let records = self.collected.take();
        self.calls.borrow_mut().push(records.len());
        let most = if self.most.get() == 0 { records.len() } else { self.most.get() };
        records.into_iter().take(most).map(|record| self.receive(record)).count()
    }

    fn discard(&self) {
        self.collected.borrow_mut().clear();
    }

    fn report(&self, _: &Channel, report: Report) {
        let received = match report {
            Report::Event(Event::Ready) => Received::Ready,
            Report::Event(Event::End { mid_frame }) => Received::End { mid_frame },
            Report::Event(event) => Received::Other(format!("{event:?}")),
            Report::Capacity => Received::Capacity,
            Report::Writable => Received::Writable,
            Report::Due => Received::Due,
            Report::Failed(reason) => Received::Failed(reason),
        };
        if received == Received::Due
            && self.postpones.get()
            && let Some(driver) = self.me.upgrade()
        {
            driver.postpone_expiry();
        }
        self.receive(received);
    }

    fn set_slow(&self, _: bool) {}

    fn set_flush_scheduled(&self, is_scheduled: bool) {
        self.is_flush_scheduled.set(is_scheduled);
    }

    fn schedule_turn(&self) {
        self.turns_wanted.set(self.turns_wanted.get() + 1);
    }

    fn trim_deadline(&self) -> Option<Duration> {
        None
    }

    fn trim(&self, _: Duration) {}

    fn close(&self) {
        self.is_closed.set(true);
    }
}
