//! What a link reads, and what is due while it does.

use std::io::ErrorKind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::Link;
use crate::bindings::failure::{Failure, system};
use crate::connection::Connection;
use crate::event::Event;
use crate::transport::Until;

/// At most this much is read before JavaScript gets a turn.
const READ_BUDGET: usize = 1 << 20;

impl Link {
    /// Reads what is there, up to the budget, and delivers it.
    pub(in crate::bindings) fn on_readable(self: &Rc<Self>) {
        self.read_and_deliver(READ_BUDGET);
    }

    /// The engine has stopped to tell of input: it goes on until the end was read.
    #[cfg(unix)]
    pub(in crate::bindings) fn poll_again(&self) {
        if let Some(watch) = &*self.watch.borrow() {
            watch.poll_again();
        }
    }

    /// What came was handled: the thread will sleep soon.
    #[cfg(unix)]
    pub(in crate::bindings) fn before_sleep(&self) {
        if let Some(watch) = &*self.watch.borrow() {
            watch.before_sleep(&self.environment.busy_poll);
        }
    }

    /// Handles all that has arrived, then ends the transactions whose time is over, unless JavaScript holds them.
    pub(in crate::bindings) fn on_deadline(self: &Rc<Self>) {
        self.armed.set(None);
        if let Some(outbox) = &mut *self.outbox.borrow_mut() {
            outbox.trim(self.now());
        }
        self.recycler.trim(self.now());
        if self.read_and_deliver(usize::MAX) && !self.is_held() {
            let now = self.now();
            let expire = |connection: &mut Connection, events: &mut Vec<Event>| connection.expire(now, events);
            expire(&mut self.connection.borrow_mut(), &mut self.events.borrow_mut());
            self.deliver();
            self.flush_own();
        }
        self.update();
    }

    /// Something is due, or was when the clock was stopped: asks JavaScript whether that counts.
    pub(in crate::bindings) fn is_held(&self) -> bool {
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
    pub(in crate::bindings) fn hold(&self) {
        self.hold_wanted.set(true);
    }

    /// Reads and delivers until nothing is left, or `budget` bytes were read; tells whether nothing is left.
    pub(in crate::bindings) fn read_and_deliver(self: &Rc<Self>, budget: usize) -> bool {
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
        self.flush_own();
        drained
    }

    /// One read. `None`: nothing was there, or the end; else how much, and whether there may be more.
    pub(in crate::bindings) fn read_once(&self) -> Option<(usize, bool)> {
        let mut connection = self.connection.borrow_mut();
        let mut events = self.events.borrow_mut();
        let watch = self.watch.borrow();
        let watch = watch.as_ref()?;
        loop {
            let spare = connection.spare();
            let room = spare.len();
            let mut passed = Vec::new();
            let mut intake = self.intake.borrow_mut();
            let read = match &*intake {
                Some(_) => watch.stream().try_read_passed(spare, &mut passed),
                None => watch.stream().try_read(spare),
            };
            match read {
                Ok(0) => break,
                Ok(read) => {
                    connection.filled(read);
                    if let Some(intake) = &mut *intake {
                        intake.add(std::mem::take(&mut passed), connection.received());
                    }
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
    pub(in crate::bindings) fn wait(&self, until: Until, timeout: Option<Duration>) -> bool {
        let watch = self.watch.borrow();
        let Some(watch) = &*watch else { return false };
        let busy_poll = &self.environment.busy_poll;
        // An error is for the wait to find.
        busy_poll.before_sleep(|| !matches!(watch.wait(until, Some(Duration::ZERO)), Ok(false)));
        let is_ready = matches!(watch.wait(until, timeout), Ok(true));
        busy_poll.awake();
        is_ready
    }

    /// Turns bytes that came before `attach` into events.
    pub(in crate::bindings) fn receive_buffered(&self) {
        self.connection.borrow_mut().receive(self.now(), &mut self.events.borrow_mut());
    }

    /// Adds events from elsewhere than the input.
    pub(in crate::bindings) fn with_events(&self, act: impl FnOnce(&mut Connection, &mut Vec<Event>)) {
        act(&mut self.connection.borrow_mut(), &mut self.events.borrow_mut());
    }

    /// Blocks until the start-up data have been read, and gives them. For a worker that does not serve yet.
    pub(in crate::bindings) fn read_startup_data(&self, timeout: Option<Duration>) -> Result<Option<Vec<u8>>, Failure> {
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
    pub(in crate::bindings) fn keep_startup_data(&self, connection: &Connection) {
        self.events.borrow_mut().retain(|event| {
            let Event::StartupData { payload } = event else { return true };
            let bytes = payload.as_ref().map(|payload| connection.bytes(payload.range.clone()).to_vec());
            *self.startup_data.borrow_mut() = bytes;
            false
        });
    }
}
