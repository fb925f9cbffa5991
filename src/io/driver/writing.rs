//! A driver's writing: output to the stream, with descriptors beside the bytes.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::IoDriver;
use super::reading::{MOST_AHEAD, MOST_BYTES_AHEAD};
use crate::io::deliver::Deliver;
use crate::shm::ShmSender;
use crate::sys::{Stream, Until};

impl<D: Deliver> IoDriver<D> {
    /// Call it after a command: the driver writes the output at the end of the tick, and brings timer and reference up
    /// to date.
    pub fn schedule_write(&self) {
        if !self.is_dirty.get() && !self.channel.connection.borrow().output().is_empty() {
            self.is_dirty.set(true);
            if let Some(me) = self.me.upgrade() {
                self.drivers.add_dirty(me);
            }
        }
        self.update();
    }

    /// Call it after a notification, progress or a chunk, which the peer can use while their sender computes: like
    /// [`IoDriver::schedule_write`], and writes at once if few others left early. Requests and answers are not among
    /// them: where many are in flight, one that leaves alone breaks up the batches of both sides.
    pub fn write_early(&self) {
        self.schedule_write();
        if self.early.take(!self.channel.connection.borrow().output().is_empty(), || self.user.now()) {
            self.write();
        }
    }

    /// The stream accepts bytes again.
    pub fn on_writable(&self) {
        self.flush();
        self.check_capacity();
    }

    /// Writes as much output as the stream accepts, at the end of a tick.
    pub fn flush(&self) {
        self.is_dirty.set(false);
        self.early.end_tick();
        self.write();
    }

    /// Writes the connection's own messages: cancels of late requests, or errors of a message.
    pub fn flush_pending(&self) {
        if !self.channel.connection.borrow().output().is_empty() {
            self.flush();
        }
    }

    pub(super) fn write(&self) {
        let mut connection = self.channel.connection.borrow_mut();
        let watched = self.watched.borrow();
        let Some(watched) = &*watched else { return };
        let mut sender = self.channel.sender.borrow_mut();
        let mut is_full = false;
        while !connection.output().is_empty() {
            let stream = watched.stream();
            let written = match &mut *sender {
                Some(sender) => {
                    write_with_descriptors(stream, connection.output(), connection.output_range().start, sender)
                }
                None => stream.try_write(connection.output()),
            };
            match written {
                Ok(written) => connection.written(written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    is_full = true;
                    break;
                }
                // The peer does not read any more. Its earlier input remains to be read, and then its end.
                Err(_) => {
                    self.is_write_closed.set(true);
                    if let Some(sender) = &mut *sender {
                        sender.forget();
                    }
                    let pending = connection.output().len();
                    connection.written(pending);
                }
            }
        }
        drop((connection, sender));
        self.update_write_interest(is_full);
    }

    /// Writes all output, blocking this thread for at most `timeout`. For a process that is about to exit.
    pub fn flush_blocking(&self, timeout: Duration) {
        let deadline = self.user.now().saturating_add(timeout);
        let mut last = None;
        loop {
            self.flush();
            let left = deadline.saturating_sub(self.user.now());
            let connection = self.channel.connection.borrow();
            let (is_written, is_granted) = (connection.output().is_empty(), connection.exchange.held_bytes() == 0);
            let position = (connection.output_range().start, connection.received());
            drop(connection);
            // The stream was ready, and yet nothing moved: the driver may read no further ahead.
            let is_stuck = last.replace(position) == Some(position);
            if is_written && is_granted || left.is_zero() || is_stuck {
                return;
            }
            let until = match (is_written, is_granted) {
                (_, true) => Until::Writable,
                (true, false) => Until::Readable,
                (false, false) => Until::Either,
            };
            match &*self.watched.borrow() {
                Some(watched) if matches!(watched.stream().wait(until, Some(left)), Ok(true)) => {}
                _ => return,
            }
            if !is_granted {
                // Grants arrive with all other input, which the driver delivers when the user's thread is free.
                self.read_ahead(MOST_AHEAD, MOST_BYTES_AHEAD);
            }
        }
    }
}

/// Writes the descriptors of a frame with its first byte.
fn write_with_descriptors(stream: &Stream, output: &[u8], start: u64, sender: &mut ShmSender) -> io::Result<usize> {
    let (length, descriptors) = sender.next(start, output.len());
    if descriptors.is_empty() {
        return stream.try_write(&output[..length]);
    }
    let written = stream.try_write_passing(&output[..length], &descriptors)?;
    sender.passed();
    Ok(written)
}
