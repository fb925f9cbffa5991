//! What a link writes, and how much may wait for that.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::{Link, Pause};
use crate::beside::Outbox;
use crate::bindings::failure::Failure;
use crate::bindings::parts::Parts;
use crate::bindings::payload::{Append, Beside};
use crate::error::Error;
use crate::transport::passing::MOST_DESCRIPTORS;
use crate::transport::{Stream, Until};

impl Link {
    /// Writes a frame whose payload has parts. Those that are large go beside the stream, where the peer takes them there.
    pub(in crate::bindings) fn with_parts<T>(
        &self,
        parts: &Parts,
        beside: Beside,
        act: impl FnOnce(Option<Append<'_>>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let (mut scratch, mut staging) = (self.environment.scratch.borrow_mut(), self.environment.staging.borrow_mut());
        let mut slot = self.outbox.borrow_mut();
        let connection = self.connection.borrow();
        let may_share = slot.is_some() && connection.may_share_memory();
        let shared = parts.shared();
        if shared > 0 {
            check_shared(shared, may_share)?;
        }
        // One that is over the limit is refused by its size in the stream.
        let is_beside = beside == Beside::Large && parts.has_large() && parts.length() <= connection.exchange.limit;
        let may_share = (is_beside || shared > 0) && may_share;
        let start = connection.output_range().end;
        drop(connection);
        let Some(outbox) = slot.as_mut().filter(|_| may_share) else {
            return Ok(act(Some(&mut |out| parts.append_to(out, None, &mut scratch, &mut staging)))?);
        };
        outbox.prepare(self.now());
        let done = act(Some(&mut |out| parts.append_to(out, Some(outbox), &mut scratch, &mut staging)));
        match &done {
            Ok(_) => outbox.commit(start, self.connection.borrow().output_range().end),
            Err(_) => outbox.undo(),
        }
        Ok(done?)
    }

    pub(in crate::bindings) fn on_writable(&self) {
        self.flush();
        if self.broken.get() {
            // The end, which is told once all was read, says so.
            self.room_wanted.set(false);
            self.on_hangup();
        }
        if self.room_wanted.get() && self.connection.borrow().output().len() <= self.bound.get() / 2 {
            self.room_wanted.set(false);
            self.flush();
            self.update();
            self.set_paused(Pause::Output, false);
            self.tell_room();
        }
    }

    /// The peer is gone: what is left to read is little.
    pub(in crate::bindings) fn on_hangup(&self) {
        self.set_paused(Pause::Output, false);
        self.set_paused(Pause::Caller, false);
    }

    pub(in crate::bindings) fn set_bound(&self, bound: usize) {
        self.bound.set(bound);
    }

    /// Whether a message of this size may be appended to the output. One that is larger than the bound may, alone.
    pub(in crate::bindings) fn has_room(&self, size: usize) -> bool {
        let is_full = || {
            let pending = self.connection.borrow().output().len();
            pending > 0 && pending.saturating_add(size) > self.bound.get()
        };
        if !is_full() {
            return true;
        }
        // The system may take some of it right now.
        self.flush();
        !is_full()
    }

    /// Tells when no more than half of the bound waits to be written. The engine calls for it, so JavaScript is not
    /// called while it calls.
    pub(in crate::bindings) fn want_room(&self) {
        self.room_wanted.set(true);
        if let Some(watch) = &*self.watch.borrow() {
            watch.want_write(true);
        }
        self.update();
    }

    /// Stops to read where too much waits to be written; tells whether there is still room.
    pub(in crate::bindings) fn pause_if_full(&self) -> bool {
        if self.has_room(0) {
            return true;
        }
        self.set_paused(Pause::Output, true);
        self.want_room();
        false
    }

    pub(in crate::bindings) fn set_paused(&self, why: Pause, paused: bool) {
        let before = self.paused.get();
        let now = if paused { before | why as u8 } else { before & !(why as u8) };
        self.paused.set(now);
        if (before == 0) == (now == 0) {
            return;
        }
        if let Some(watch) = &*self.watch.borrow() {
            watch.set_reading(now == 0);
        }
    }

    /// Writes as much output as there is room for.
    pub(in crate::bindings) fn flush(&self) {
        self.dirty.set(false);
        let mut connection = self.connection.borrow_mut();
        let watch = self.watch.borrow();
        let Some(watch) = &*watch else { return };
        let mut outbox = self.outbox.borrow_mut();
        let mut full = false;
        while !connection.output().is_empty() {
            let written = match &mut *outbox {
                Some(outbox) => {
                    write_beside(watch.stream(), connection.output(), connection.output_range().start, outbox)
                }
                None => watch.stream().try_write(connection.output()),
            };
            match written {
                Ok(written) => connection.written(written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    full = true;
                    break;
                }
                // Nobody reads any more. What the peer had sent before is still to be read, and then its end.
                Err(_) => {
                    self.broken.set(true);
                    if let Some(outbox) = &mut *outbox {
                        outbox.forget();
                    }
                    let pending = connection.output().len();
                    connection.written(pending);
                }
            }
        }
        watch.want_write(full || self.room_wanted.get());
    }

    /// Writes what the core has to say of its own: that nobody waits for what is late, or what was wrong with a message.
    pub(in crate::bindings) fn flush_own(&self) {
        if !self.connection.borrow().output().is_empty() {
            self.flush();
        }
    }

    /// Writes all output, blocking this thread for at most `timeout`. For a process that is about to exit.
    pub(in crate::bindings) fn flush_blocking(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        loop {
            self.flush();
            let left = deadline.saturating_duration_since(Instant::now());
            if self.connection.borrow().output().is_empty() || left.is_zero() {
                return;
            }
            match &*self.watch.borrow() {
                Some(watch) if matches!(watch.wait(Until::Writable, Some(left)), Ok(true)) => {}
                _ => return,
            }
        }
    }
}

fn check_shared(shared: usize, may_share: bool) -> Result<(), Failure> {
    let text = if !may_share {
        "a shared buffer goes only to processes of this system that take memory, on connections with the serializer \
         'structured'. Send a copy: Uint8Array.from(buffer)."
            .to_owned()
    } else if shared >= MOST_DESCRIPTORS {
        // One more may be needed for what is copied.
        let most = MOST_DESCRIPTORS - 1;
        format!("{shared} shared buffers are too many for one message: at most {most} go with each")
    } else {
        return Ok(());
    };
    Err(Failure::new("ERR_NOT_SERIALIZABLE".to_owned(), text))
}

/// Writes what goes beside the stream with the first byte of its frame.
fn write_beside(stream: &Stream, output: &[u8], start: u64, outbox: &mut Outbox) -> io::Result<usize> {
    let (length, beside) = outbox.next(start, output.len());
    if beside.is_empty() {
        return stream.try_write(&output[..length]);
    }
    let written = stream.try_write_passing(&output[..length], &beside)?;
    outbox.passed();
    Ok(written)
}
