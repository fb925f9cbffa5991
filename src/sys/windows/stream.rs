//! One end of a named pipe, with reads and writes that never block.
//!
//! The system reads and writes asynchronously, into and from memory of the stream. A read is always under way while no
//! input is there; a write that did not fit is under way until the peer has read it, and only then counts as written.

use std::io;
use std::ops::Range;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED, HANDLE,
};
use windows_sys::Win32::System::Pipes::PeekNamedPipe;

use super::event::{Event, deadline_of, wait_any};
use super::fd_passing::MOST_DESCRIPTORS;
use super::operation::Operation;
use super::watched::Watchers;
use super::{Descriptor, DescriptorRef, numbers};
use crate::sync::lock;
use crate::sys::Until;

/// How much one operation moves.
const MOST_AT_ONCE: usize = 1 << 16;

/// One end of a connection. Reads and writes never block.
#[derive(Debug)]
pub struct Stream(pub(super) Arc<Pipe>);

/// The pipe, shared with the thread that waits for its client.
#[derive(Debug)]
pub(super) struct Pipe {
    state: Mutex<State>,
    /// The pipe has its client, or will not get one.
    settled: Event,
    /// Nobody waits for the client any more.
    pub(super) abandoned: Arc<Event>,
    /// Closed last: operations of the state use it.
    handle: OwnedHandle,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    reading: Operation,
    /// The part of the last read that is still to be read.
    input: Range<usize>,
    is_at_end: bool,
    writing: Operation,
    /// The outcome of a write that was under way.
    written: Option<io::Result<usize>>,
    watchers: Option<Watchers>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no client yet.
    Opening,
    Open,
    /// The client did not come.
    Over,
}

impl Pipe {
    pub(super) fn new(handle: OwnedHandle, phase: Phase) -> io::Result<Self> {
        let raw = handle.as_raw_handle();
        let state = State {
            phase,
            reading: Operation::new(raw)?,
            input: 0..0,
            is_at_end: false,
            writing: Operation::new(raw)?,
            written: None,
            watchers: None,
        };
        let (settled, abandoned) = (Event::new()?, Arc::new(Event::new()?));
        if phase != Phase::Opening {
            settled.set();
        }
        Ok(Self { state: Mutex::new(state), settled, abandoned, handle })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The pipe itself; open as long as this.
    pub(super) fn handle(&self) -> HANDLE {
        self.handle.as_raw_handle()
    }

    /// The client is there, or will not come.
    pub(super) fn settle(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = phase;
        self.settled.set();
        state.notify();
    }
}

impl State {
    /// Whether a read would return something now, or the end.
    fn is_readable(&mut self) -> bool {
        match self.phase {
            Phase::Opening => return false,
            Phase::Over => self.is_at_end = true,
            Phase::Open => {}
        }
        if self.input.is_empty() && !self.is_at_end {
            let mut read =
                if self.reading.is_pending() { self.reading.poll() } else { self.reading.read(MOST_AT_ONCE) };
            // The thread that began it has ended.
            if read.as_ref().is_err_and(is_aborted) {
                read = self.reading.read(MOST_AT_ONCE);
            }
            match read {
                Ok(Some(count)) => self.input = 0..count,
                Ok(None) => self.watch_read(),
                Err(_) => self.is_at_end = true,
            }
        }
        !self.input.is_empty() || self.is_at_end
    }

    /// Whether a write would do something now, or fail.
    fn is_writable(&mut self) -> bool {
        match self.phase {
            Phase::Opening => return false,
            Phase::Over => return true,
            Phase::Open => {}
        }
        if self.writing.is_pending() {
            match self.writing.poll() {
                Ok(Some(count)) => self.written = Some(Ok(count)),
                Ok(None) => self.watch_write(),
                Err(error) => self.written = Some(Err(error)),
            }
        }
        !self.writing.is_pending()
    }

    fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if !self.is_readable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let bytes = &self.reading.bytes(self.input.end)[self.input.start..];
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.input.start += count;
        Ok(count)
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.phase == Phase::Over {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        if !self.is_writable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let written = match self.written.take() {
            // The caller offers the same bytes again until they are written.
            Some(written) => written.map(|count| Some(count.min(bytes.len()))),
            None => self.writing.write(&bytes[..bytes.len().min(MOST_AT_ONCE)]),
        };
        match written.map_err(as_end)? {
            Some(count) => Ok(count),
            None => {
                self.watch_write();
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    /// What a thread waits for.
    fn event(&self, until: Until) -> [HANDLE; 2] {
        match until {
            Until::Readable => [self.reading.event(); 2],
            Until::Writable => [self.writing.event(); 2],
            Until::Either => [self.reading.event(), self.writing.event()],
        }
    }

    fn is_ready(&mut self, until: Until) -> bool {
        match until {
            Until::Readable => self.is_readable(),
            Until::Writable => self.is_writable(),
            // Both, so that a read is under way whatever the writes do.
            Until::Either => self.is_readable() | self.is_writable(),
        }
    }

    fn watch_read(&self) {
        if let Some(watchers) = &self.watchers {
            watchers.watch_read(self.reading.event());
        }
    }

    fn watch_write(&self) {
        if let Some(watchers) = &self.watchers {
            watchers.watch_write(self.writing.event());
        }
    }

    /// Tells the engine that the pipe may be ready. Begins no operation: the system cancels those of a thread that ends,
    /// and this may be one.
    fn notify(&self) {
        if let Some(watchers) = &self.watchers {
            watchers.notify();
        }
    }
}

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
        state.input.len() as u64 + if known == 0 { 0 } else { u64::from(more) }
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
            let events = match state.phase {
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
        let mut state = self.0.state();
        if state.phase == Phase::Over {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if !state.is_writable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // How the one before has ended.
        state.written.take().transpose().map_err(as_end)?;
        state.writing.write(message).map_err(as_end)?;
        Ok(())
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
                    let left = deadline.map(|deadline| deadline.saturating_duration_since(std::time::Instant::now()));
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
                    let left = deadline.map(|deadline| deadline.saturating_duration_since(std::time::Instant::now()));
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
        let mut state = self.0.state();
        state.watchers = Some(watchers);
        state.notify();
    }

    /// From now on nobody is.
    pub(super) fn unwatch(&self) {
        self.0.state().watchers = None;
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

fn is_aborted(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_OPERATION_ABORTED.cast_signed())
}

/// A write to a peer that is gone.
fn as_end(error: io::Error) -> io::Error {
    const GONE: [u32; 4] = [ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED];
    let is_gone = error.raw_os_error().is_some_and(|code| GONE.contains(&code.cast_unsigned()));
    if is_gone { io::ErrorKind::BrokenPipe.into() } else { error }
}
