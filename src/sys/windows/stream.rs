//! One end of a named pipe, with reads and writes that never block.
//!
//! The system reads and writes asynchronously, into and from memory of the stream. A read is always under way while no
//! input is there; a write that did not fit is under way until the peer has read it, and only then counts as written.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use windows_sys::Win32::System::Pipes::PeekNamedPipe;

use super::duplex::{Phase, Pipe};
use super::event::{deadline_of, wait_any};
use super::fd_passing::MOST_DESCRIPTORS;
use super::watched::Watchers;
use super::{Descriptor, DescriptorRef, numbers};
use crate::sys::Until;

/// One end of a connection. Reads and writes never block.
#[derive(Debug)]
pub struct Stream(pub(super) Arc<Pipe>);

impl Stream {
    pub(super) fn of(handle: OwnedHandle) -> io::Result<Self> {
        Ok(Self(Arc::new(Pipe::new(handle, Phase::Open)?)))
    }

    /// Reads the available bytes.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is; 0 bytes mean the end.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.state().try_read(buffer)
    }

    /// How many unread bytes have arrived.
    pub fn unread(&self) -> u64 {
        let mut state = self.0.state();
        // What a read has taken out of the pipe is no longer there.
        state.is_readable();
        let mut more = 0;
        // SAFETY: the handle is open, and the number is there to be written.
        let known = unsafe {
            let (none, nothing) = (ptr::null_mut(), ptr::null_mut());
            PeekNamedPipe(self.0.handle(), ptr::null_mut(), 0, none, &raw mut more, nothing)
        };
        state.taken() as u64 + if known == 0 { 0 } else { u64::from(more) }
    }

    /// Writes the bytes that fit. After `WouldBlock` the caller offers the same bytes again, or more behind them: a
    /// write of the first ones may be under way.
    ///
    /// # Errors
    /// `WouldBlock` if none fit.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.state().try_write(bytes)
    }

    /// Like [`Stream::try_read`]: no descriptors arrive on this system.
    ///
    /// # Errors
    /// As there.
    pub fn try_read_passed(&self, buffer: &mut [u8], _: &mut Vec<Descriptor>) -> io::Result<usize> {
        self.try_read(buffer)
    }

    /// Like [`Stream::try_write`]: there are no descriptors on this system.
    ///
    /// # Errors
    /// As there.
    pub fn try_write_passing(&self, bytes: &[u8], passed: &[DescriptorRef<'_>]) -> io::Result<usize> {
        debug_assert!(passed.len() <= MOST_DESCRIPTORS);
        self.try_write(bytes)
    }

    /// Allows or refuses descriptors beside the bytes. This system has none, so that they are refused.
    pub fn allow_passing(&self, _: bool) -> bool {
        true
    }

    /// Blocks the calling thread until the stream is ready for `until`, or has ended. Returns whether that happened in
    /// time.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&self, until: Until, timeout: Option<Duration>) -> io::Result<bool> {
        let deadline = deadline_of(timeout);
        loop {
            let mut state = self.0.state();
            if state.is_ready(until) {
                return Ok(true);
            }
            let events = match state.phase() {
                Phase::Opening => [self.0.settled.handle(); 2],
                _ => state.event(until),
            };
            drop(state);
            let events = if events[0] == events[1] { &events[..1] } else { &events[..] };
            // SAFETY: the events belong to the stream, which is borrowed.
            if unsafe { wait_any(events, deadline) }?.is_none() {
                return Ok(false);
            }
        }
    }

    /// Sends a short message as a whole. What does not fit at once goes on in the background.
    ///
    /// # Errors
    /// `WouldBlock`: the one before it goes on; else the peer is gone.
    pub(super) fn send(&self, message: &[u8]) -> io::Result<()> {
        self.0.state().send(message)
    }

    /// Writes all bytes, blocking this thread.
    ///
    /// # Errors
    /// The peer is gone, or it is too late.
    pub(super) fn write_all(&self, mut bytes: &[u8], timeout: Option<Duration>) -> io::Result<()> {
        let deadline = deadline_of(timeout);
        while !bytes.is_empty() {
            match self.try_write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
                    if !self.wait(Until::Writable, left)? {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads until the buffer is full, blocking this thread.
    ///
    /// # Errors
    /// The peer is gone, or it is too late.
    pub(super) fn read_exact(&self, mut buffer: &mut [u8], timeout: Option<Duration>) -> io::Result<()> {
        let deadline = deadline_of(timeout);
        while !buffer.is_empty() {
            match self.try_read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => buffer = &mut buffer[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
                    if !self.wait(Until::Readable, left)? {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// From now on these are told when the stream is ready.
    pub(super) fn watch(&self, watchers: Watchers) {
        self.0.state().set_watchers(Some(watchers));
    }

    /// From now on nobody is.
    pub(super) fn unwatch(&self) {
        self.0.state().set_watchers(None);
    }

    /// A number by which [`super::adopt`] takes it over in this process.
    pub fn hand_over(self) -> i32 {
        numbers::keep(numbers::Kept::Stream(self))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // The thread that waits for the client, if there is one, holds the pipe open until then.
        self.0.abandoned.set();
        self.unwatch();
    }
}
