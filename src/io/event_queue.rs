//! The events of a connection that its user has not handled.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::protocol::connection::Connection;
use crate::protocol::event::Event;

/// The capacity that the queue keeps while it is empty.
const KEPT_CAPACITY: usize = 16_384;

#[derive(Debug, Default)]
pub(super) struct EventQueue {
    /// In the order of their delivery.
    pub(super) waiting: RefCell<VecDeque<Event>>,
    /// The buffer for new events of the connection.
    fresh: RefCell<Vec<Event>>,
    /// How many of the first events the user is handling now.
    pub(super) in_delivery: Cell<usize>,
    /// Bytes of events that a blocking wait has left for later delivery.
    pub(super) kept_bytes: Cell<usize>,
    /// Bytes of those that this side did not request.
    pub(super) unrequested_bytes: Cell<usize>,
}

impl EventQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Runs `act` on the connection, and appends the events that it adds.
    pub(super) fn append_from<T>(
        &self,
        connection: &RefCell<Connection>,
        act: impl FnOnce(&mut Connection, &mut Vec<Event>) -> T,
    ) -> T {
        let mut fresh = self.fresh.borrow_mut();
        let result = act(&mut connection.borrow_mut(), &mut fresh);
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() {
            // The two exchange their memory, and no event moves.
            let used = std::mem::replace(&mut *waiting, std::mem::take(&mut *fresh).into());
            *fresh = used.into();
        } else {
            waiting.extend(fresh.drain(..));
        }
        result
    }

    /// The user has handled every event.
    pub(super) fn reset(&self) {
        self.kept_bytes.set(0);
        self.unrequested_bytes.set(0);
        self.waiting.borrow_mut().shrink_to(KEPT_CAPACITY);
    }
}
