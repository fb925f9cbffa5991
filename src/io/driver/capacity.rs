//! How much may wait in a driver, and the reports that less does.
//!
//! Answers and chunks wait only for the socket. Requests and notifications also wait for grants of the peer. The two
//! must stay separate: the peer grants when its handlers begin, and these may wait for answers and chunks of this side.

use std::cell::Cell;

use super::IoDriver;
use crate::io::deliver::{Deliver, Report};
use crate::io::watch::Watch;

/// The reports that the user waits for.
#[derive(Debug)]
pub(super) struct Capacity {
    /// The most bytes that may wait.
    bound: Cell<usize>,
    /// The user waits for [`Report::Writable`].
    is_write_requested: Cell<bool>,
    /// The user waits for [`Report::Capacity`].
    is_send_requested: Cell<bool>,
    /// One of the messages that the user wants to send cannot wait for a grant.
    is_grant_needed: Cell<bool>,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            bound: Cell::new(usize::MAX),
            is_write_requested: Cell::default(),
            is_send_requested: Cell::default(),
            is_grant_needed: Cell::default(),
        }
    }
}

impl Capacity {
    pub(super) fn is_requested(&self) -> bool {
        self.is_write_requested.get() || self.is_send_requested.get()
    }

    /// The peer does not read any more.
    fn forget(&self) {
        self.is_write_requested.set(false);
        self.is_send_requested.set(false);
        self.is_grant_needed.set(false);
    }
}

impl<D: Deliver> IoDriver<D> {
    /// Sets the most bytes that may wait. Without a call nothing is bounded.
    pub fn set_bound(&self, bytes: usize) {
        self.capacity.bound.set(bytes);
    }

    /// The most bytes that may wait.
    pub(super) fn bound(&self) -> usize {
        self.capacity.bound.get()
    }

    /// Whether the user may send a request or a notification of this size. A message over the bound may be sent alone.
    pub fn has_capacity(&self, bytes: usize) -> bool {
        self.is_below(|| {
            let pending = self.channel.connection.borrow().pending_bytes();
            pending == 0 || pending.saturating_add(bytes) <= self.bound()
        })
    }

    /// Requests [`Report::Capacity`] as soon as no more than half of the bound waits. The driver never reports within
    /// this call: the engine calls it later.
    pub fn request_capacity(&self) {
        self.capacity.is_send_requested.set(true);
        self.update_write_interest(false);
        self.update();
    }

    /// The capacity that the user requests is for a message that cannot wait for a grant.
    pub fn request_grant(&self) {
        self.capacity.is_grant_needed.set(true);
    }

    /// Whether the user should send more answers and chunks; if not, [`Report::Writable`] follows later.
    pub fn is_writable(&self) -> bool {
        if self.is_below(|| self.channel.connection.borrow().output().len() <= self.bound()) {
            return true;
        }
        self.capacity.is_write_requested.set(true);
        self.update_write_interest(false);
        self.update();
        false
    }

    /// Whether there is capacity now, or after the system has accepted what it can.
    fn is_below(&self, has_capacity: impl Fn() -> bool) -> bool {
        has_capacity() || {
            self.flush();
            has_capacity()
        }
    }

    /// Reports requested capacity, if there is some.
    pub(super) fn check_capacity(&self) {
        if self.is_write_closed.get() || !self.channel.connection.borrow().is_open() {
            // The driver reports the end after all input, and the user then waits for nothing.
            self.capacity.forget();
            return self.update();
        }
        if self.capacity.is_write_requested.get() && self.is_output_low() {
            self.capacity.is_write_requested.set(false);
            self.update();
            self.report(Report::Writable);
        }
        if self.capacity.is_send_requested.get() && self.is_pending_low() {
            self.capacity.is_send_requested.set(false);
            self.capacity.is_grant_needed.set(false);
            self.update();
            self.report(Report::Capacity);
        }
    }

    fn is_output_low(&self) -> bool {
        self.channel.connection.borrow().output().len() <= self.bound() / 2
    }

    fn is_pending_low(&self) -> bool {
        let connection = self.channel.connection.borrow();
        connection.pending_bytes() <= self.bound() / 2
            && (!self.capacity.is_grant_needed.get() || connection.exchange.has_grant())
    }

    /// Tells the engine whether to report that the stream accepts bytes. If only grants were missing, it would report
    /// without end.
    pub(super) fn update_write_interest(&self, is_full: bool) {
        let is_wanted = is_full
            || self.capacity.is_requested() && !self.channel.connection.borrow().output().is_empty()
            || self.capacity.is_write_requested.get() && self.is_output_low()
            || self.capacity.is_send_requested.get() && self.is_pending_low();
        self.with_watch(|watch| watch.want_write(is_wanted));
    }
}
