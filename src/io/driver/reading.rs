//! A driver's reading: bytes from the stream into the connection, and frames into events.

use std::io::ErrorKind;
use std::time::Duration;

use super::IoDriver;
use crate::io::deliver::Deliver;
use crate::io::watch::{Watch, Watched};
use crate::protocol::connection::Connection;
use crate::sys::Descriptor;
use crate::sys::closing::close_elsewhere;

/// Limits for reading messages that arrived before a deadline: the time, the events, and the bytes.
const AHEAD: Duration = Duration::from_millis(10);
pub(super) const MOST_AHEAD: usize = 16_384;
pub(super) const MOST_BYTES_AHEAD: usize = 4 << 20;
/// How many frames the driver decodes between two readings of the clock.
pub(super) const FRAMES_AT_ONCE: usize = 1024;

/// The result of one read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadBytes {
    pub(super) count: usize,
    /// More may be there now.
    pub(super) may_have_more: bool,
}

impl<D: Deliver> IoDriver<D> {
    /// Reads once. All frames that were read before must have been decoded. `None`: there was no input, or its end.
    pub(super) fn read_bytes(&self) -> Option<ReadBytes> {
        let mut connection = self.channel.connection.borrow_mut();
        let watched = self.watched.borrow();
        let watched = watched.as_ref()?;
        loop {
            let spare = connection.spare();
            let size = spare.len();
            let mut descriptors = Vec::new();
            let read = if self.refuses_descriptors && self.channel.receiver.borrow().is_none() {
                watched.stream().try_read(spare)
            } else {
                watched.stream().try_read_passed(spare, &mut descriptors)
            };
            match read {
                Ok(0) => break,
                Ok(count) => {
                    connection.filled(count);
                    if !descriptors.is_empty() && !self.accept_descriptors(descriptors, connection.received()) {
                        break;
                    }
                    let may_have_more = count == size || watched.engine().is_some_and(Watch::is_edge);
                    return Some(ReadBytes { count, may_have_more });
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                // A killed peer resets the connection: an end like any other.
                Err(_) => break,
            }
        }
        if let Some(watch) = watched.engine() {
            watch.stop();
        }
        drop(connection);
        self.with_events(Connection::end);
        None
    }

    /// Takes descriptors that arrived with the input up to `received`: memory, or others that nobody has requested.
    /// `false`: the peer sends so many that the driver must disconnect it.
    fn accept_descriptors(&self, descriptors: Vec<Descriptor>, received: u64) -> bool {
        match &mut *self.channel.receiver.borrow_mut() {
            Some(receiver) => receiver.add(descriptors, received),
            None => close_elsewhere(descriptors),
        }
    }

    /// Turns at most `most` of the frames that were read into events; returns whether those were all.
    pub(super) fn decode(&self, most: usize, now: Duration) -> bool {
        self.with_events(|connection, events| connection.receive_some(most, now, events))
    }

    /// The end of the input that has arrived by now.
    pub(super) fn arrived(&self) -> u64 {
        let unread = self.watched.borrow().as_ref().map(Watched::stream).map_or(0, crate::sys::Stream::unread);
        self.channel.connection.borrow().received() + unread
    }

    /// Turns input that has arrived by now into events without delivering them, within limits of time and size.
    pub(super) fn read_ahead(&self, most: usize, most_bytes: usize) {
        let start = self.user.now();
        let end = self.arrived();
        let may_go_on = || {
            self.user.now().saturating_sub(start) < AHEAD
                && self.events.len() < most
                && self.channel.connection.borrow().retained() < most_bytes
        };
        // The payloads of undelivered events stay in the input buffer.
        self.channel.connection.borrow_mut().pin(true);
        let mut is_last = false;
        while may_go_on() {
            if !self.decode(FRAMES_AT_ONCE, self.now()) {
                continue;
            }
            // The end may follow the input.
            let was_last = std::mem::replace(&mut is_last, self.channel.connection.borrow().received() >= end);
            if was_last || self.read_bytes().is_none() {
                return;
            }
        }
    }
}
