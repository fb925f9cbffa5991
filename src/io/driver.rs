//! The driver of one connection. It runs on the thread of its user, and holds no borrow while the user's code runs,
//! which may call back into it.

mod blocking;
mod capacity;
mod deadlines;
mod delivery;
mod failure;
mod reading;
mod reference;
mod resting;
mod segments;
mod startup_data;
mod turns;
mod waiting;
mod writing;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::channel::Channel;
use super::deliver::Deliver;
use super::drivers::Drivers;
use super::early::EarlyWrites;
use super::event_queue::EventQueue;
use super::watch::Watched;
use crate::boundary::RefMode;
use crate::protocol::connection::Connection;
use crate::protocol::event::Event;
use crate::shm::{ShmReceiver, ShmSender};
use crate::sys::Stream;
use capacity::Capacity;
use deadlines::Deadlines;
use reference::Reference;
pub use segments::{Bypass, SegmentSizes};
use turns::Turns;
pub use waiting::RequestOutcome;

/// Moves the messages of one connection between its stream and its user.
#[derive(Debug)]
pub struct IoDriver<D: Deliver> {
    user: D,
    drivers: Rc<Drivers<Self>>,
    me: Weak<Self>,
    number: usize,
    channel: Channel,
    /// `None` after the driver was closed.
    watched: RefCell<Option<Watched<D::Watch>>>,
    /// The user receives events: [`IoDriver::attach`] was called, and [`IoDriver::close`] was not.
    is_attached: Cell<bool>,
    events: EventQueue,
    startup_data: RefCell<Option<Vec<u8>>>,
    /// The system refuses descriptors beside the bytes, as long as this side does not share memory.
    refuses_descriptors: bool,
    turns: Turns,
    deadlines: Deadlines,
    capacity: Capacity,
    early: EarlyWrites,
    reference: Reference,
    is_delivering: Cell<bool>,
    /// The driver is registered for the flush at the end of the tick.
    is_dirty: Cell<bool>,
    /// The peer does not read any more.
    is_write_closed: Cell<bool>,
    /// The thread may spin before it blocks, for this connection.
    may_spin: Cell<bool>,
}

impl<D: Deliver> IoDriver<D> {
    /// A driver of a stream that no engine watches yet. `user` makes its user, which may keep the reference.
    pub fn new(
        drivers: &Rc<Drivers<Self>>,
        stream: Stream,
        connection: Connection,
        user: impl FnOnce(Weak<Self>) -> D,
    ) -> Rc<Self> {
        // No memory arrives before it is expected.
        let refuses_descriptors = stream.allow_passing(false);
        Rc::new_cyclic(|me: &Weak<Self>| Self {
            user: user(me.clone()),
            drivers: Rc::clone(drivers),
            me: me.clone(),
            number: drivers.add(me.clone()),
            channel: Channel::new(connection),
            watched: RefCell::new(Some(Watched::Idle(stream))),
            is_attached: Cell::new(false),
            events: EventQueue::default(),
            startup_data: RefCell::default(),
            refuses_descriptors,
            turns: Turns::default(),
            deadlines: Deadlines::default(),
            capacity: Capacity::default(),
            early: EarlyWrites::default(),
            reference: Reference::default(),
            is_delivering: Cell::new(false),
            is_dirty: Cell::new(false),
            is_write_closed: Cell::new(false),
            may_spin: Cell::new(true),
        })
    }

    /// The user.
    pub fn user(&self) -> &D {
        &self.user
    }

    /// The connection and its shared memory.
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The drivers of this thread.
    pub fn drivers(&self) -> &Drivers<Self> {
        &self.drivers
    }

    /// Whether the thread may spin before it blocks, for this connection: it may by default.
    pub fn set_may_spin(&self, may_spin: bool) {
        self.may_spin.set(may_spin);
    }

    /// The thread is about to block: it spins first, if this connection wants that and it has been profitable.
    pub fn before_sleep(&self, is_ready: impl Fn() -> bool) {
        if self.may_spin.get() {
            self.drivers.spin().before_sleep(is_ready);
        }
    }

    /// Its number among the drivers of this thread: [`Drivers::get`].
    pub fn number(&self) -> usize {
        self.number
    }

    /// The `now` of the connection: the user's time without the time for which the user has postponed deadlines.
    pub fn now(&self) -> Duration {
        self.connection_time(self.user.now())
    }

    fn connection_time(&self, time: Duration) -> Duration {
        self.deadlines.clock.now(time)
    }

    /// From now on an engine watches the stream, and the user receives events.
    ///
    /// # Errors
    /// `watch` has failed; the driver is closed then.
    pub fn attach<E>(&self, mode: RefMode, watch: impl FnOnce(Stream) -> Result<D::Watch, E>) -> Result<(), E> {
        let idle = self.watched.borrow_mut().take();
        if let Some(Watched::Idle(stream)) = idle {
            *self.watched.borrow_mut() = Some(Watched::Engine(watch(stream)?));
        }
        self.is_attached.set(true);
        self.set_ref_mode(mode);
        self.schedule_write();
        Ok(())
    }

    /// From now on memory may arrive and leave beside the stream. Call it after [`IoDriver::set_bound`].
    pub fn share_memory(&self) {
        *self.channel.sender.borrow_mut() = Some(ShmSender::new(self.bound()));
        *self.channel.receiver.borrow_mut() = Some(ShmReceiver::default());
        if let Some(watched) = &*self.watched.borrow() {
            watched.stream().allow_passing(true);
        }
    }

    /// Runs `act` on the engine's watch; `None`: there is none, before [`IoDriver::attach`] and after
    /// [`IoDriver::close`].
    pub fn with_watch<T>(&self, act: impl FnOnce(&D::Watch) -> T) -> Option<T> {
        self.watched.borrow().as_ref().and_then(Watched::engine).map(act)
    }

    /// Adds events from other sources than the input.
    pub fn with_events<T>(&self, act: impl FnOnce(&mut Connection, &mut Vec<Event>) -> T) -> T {
        self.events.append_from(&self.channel.connection, act)
    }

    /// Whether events wait for their delivery.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether [`IoDriver::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.watched.borrow().is_none()
    }

    /// Ends the watch and closes the stream; the user receives nothing more. Transactions stay for
    /// [`crate::protocol::exchange::Exchange::fail_all`].
    pub fn close(&self) {
        self.is_attached.set(false);
        self.close_channel();
        self.user.close();
    }

    fn close_channel(&self) {
        let watched = self.watched.borrow_mut().take();
        drop(watched);
        if let Ok(mut connection) = self.channel.connection.try_borrow_mut() {
            connection.end(&mut Vec::new());
            connection.close();
        }
        // The user may keep the driver for long.
        if let (Ok(mut sender), Ok(mut receiver)) =
            (self.channel.sender.try_borrow_mut(), self.channel.receiver.try_borrow_mut())
        {
            sender.take();
            receiver.take();
        }
    }
}

impl<D: Deliver> Drop for IoDriver<D> {
    fn drop(&mut self) {
        self.drivers.remove(self.number);
    }
}
