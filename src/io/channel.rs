//! A connection with the memory that both of its sides map.

use std::cell::RefCell;

use crate::protocol::connection::Connection;
use crate::shm::{ShmReceiver, ShmSender};

/// The connection of a driver, and its shared memory. A user may borrow each of them during its own calls.
#[derive(Debug)]
pub struct Channel {
    /// The state machine.
    pub connection: RefCell<Connection>,
    /// Sends large segments; `None`: this side does not share memory.
    pub sender: RefCell<Option<ShmSender>>,
    /// Receives large segments and shared buffers; `None`: this side does not share memory.
    pub receiver: RefCell<Option<ShmReceiver>>,
}

impl Channel {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection: RefCell::new(connection), sender: RefCell::default(), receiver: RefCell::default() }
    }

    /// The user has handled all input up to the end of the last frame: the peer may reuse the memory of its segments.
    pub(super) fn release_segments(&self) {
        if let Some(receiver) = &mut *self.receiver.borrow_mut() {
            receiver.settle(self.connection.borrow().processed());
        }
    }
}
