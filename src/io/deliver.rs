//! The interface between a driver and its user.

use std::fmt::Debug;
use std::time::Duration;

use super::channel::Channel;
use super::watch::Watch;
use crate::protocol::connection::Connection;
use crate::protocol::event::Event;

/// The user of a driver. The driver holds no borrow of the [`Channel`] while it calls a method that may run foreign
/// code ([`Deliver::deliver`] and [`Deliver::report`]), so that code may call the driver.
pub trait Deliver: Debug + Sized + 'static {
    /// The engine that watches the stream.
    type Watch: Watch;

    /// The time since an epoch that the user picks.
    fn now(&self) -> Duration;

    /// Collects events from the front for one call of [`Deliver::deliver`]; returns how many. 0: the first event has
    /// no batch, and the driver reports it alone.
    fn collect<'a>(&self, connection: &Connection, events: impl Iterator<Item = &'a Event>) -> usize;

    /// Delivers the collected events; returns how many of them the user has handled, at least 1. The driver delivers
    /// the others again later.
    fn deliver(&self, channel: &Channel) -> usize;

    /// Drops the collected events: the driver is closed.
    fn discard(&self);

    /// Reports something rare.
    fn report(&self, channel: &Channel, report: Report);

    /// Tells the user whether the driver will write the output of the commands that follow without being asked.
    fn set_flush_scheduled(&self, is_scheduled: bool);

    /// Tells the user whether a recent delivery has taken so long that output must not wait for the end of the next one.
    fn set_slow(&self, is_slow: bool);

    /// Asks the user to call [`super::Drivers::go_on`] in the next turn of the event loop.
    fn schedule_turn(&self);

    /// When [`Deliver::trim`] has work to do; `None`: never.
    fn trim_deadline(&self) -> Option<Duration>;

    /// Releases memory that was unused for a while. Both times are those of [`super::IoDriver::now`].
    fn trim(&self, now: Duration);

    /// The driver is closed and reports nothing more: releases what only a connection needs.
    fn close(&self);
}

/// Something that a driver reports in a call of its own.
#[derive(Debug)]
pub enum Report {
    /// An event that [`Deliver::collect`] has left.
    Event(Event),
    /// At most half of the bound waits for the socket or for grants: the user may send requests again.
    Capacity,
    /// At most half of the bound waits for the socket: the user may send answers and chunks again.
    Writable,
    /// A deadline has passed. Unless the user calls [`super::IoDriver::postpone_expiry`] now, its transactions end.
    Due,
    /// The driver has panicked, and has closed the connection. The text is the reason.
    Failed(String),
}
