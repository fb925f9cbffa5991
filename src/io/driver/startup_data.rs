//! The start-up data of a worker, which it reads before it serves.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::IoDriver;
use crate::io::deliver::Deliver;
use crate::protocol::event::{Event, Payload};
use crate::sys::Until;

impl<D: Deliver> IoDriver<D> {
    /// Blocks until the host's handshake and start-up data have arrived, and returns the data. For a worker that does
    /// not serve yet.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] after `timeout`; or the system cannot wait.
    pub fn read_startup_data(&self, timeout: Option<Duration>) -> io::Result<Option<Vec<u8>>> {
        let deadline = timeout.map(|timeout| self.user.now().saturating_add(timeout));
        while !self.channel.connection.borrow().is_preamble_read() {
            let left = deadline.map(|deadline| deadline.saturating_sub(self.user.now()));
            let is_ready = match &*self.watched.borrow() {
                Some(watched) => watched.stream().wait(Until::Readable, left)?,
                None => break,
            };
            if !is_ready {
                return Err(ErrorKind::TimedOut.into());
            }
            self.read_bytes();
            self.decode(usize::MAX, self.now());
            self.take_startup_data();
            if !self.channel.connection.borrow().is_open() {
                break;
            }
        }
        Ok(self.startup_data.borrow_mut().take())
    }

    /// Takes the start-up data out of the events: they must outlive the input buffer.
    fn take_startup_data(&self) {
        self.events.waiting.borrow_mut().retain(|event| {
            let Event::StartupData { payload } = event else { return true };
            self.keep_startup_data(payload.as_ref());
            false
        });
    }

    pub(super) fn keep_startup_data(&self, payload: Option<&Payload>) {
        let connection = self.channel.connection.borrow();
        let bytes = payload.map(|payload| connection.bytes(payload.range.clone()).to_vec());
        *self.startup_data.borrow_mut() = bytes;
    }
}
