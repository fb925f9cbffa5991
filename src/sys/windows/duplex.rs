//! The state of a pipe: its operations, and what they have brought.

use std::io;
use std::ops::Range;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::sync::{Arc, Mutex, MutexGuard};

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED, HANDLE,
};

use super::event::Event;
use super::operation::Operation;
use super::watched::Watchers;
use crate::sync::lock;
use crate::sys::Until;

/// How much one operation moves.
const MOST_AT_ONCE: usize = 1 << 16;

/// The pipe, shared with the thread that waits for its client.
#[derive(Debug)]
pub(super) struct Pipe {
    state: Mutex<State>,
    /// The pipe has its client, or will not get one.
    pub(super) settled: Event,
    /// Nobody waits for the client any more.
    pub(super) abandoned: Arc<Event>,
    /// Closed last: operations of the state use it.
    handle: OwnedHandle,
}

/// The operations of a pipe, for one thread at a time.
#[derive(Debug)]
pub(super) struct State {
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
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
    pub(super) fn is_readable(&mut self) -> bool {
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
    pub(super) fn is_writable(&mut self) -> bool {
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

    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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

    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
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
    pub(super) fn event(&self, until: Until) -> [HANDLE; 2] {
        match until {
            Until::Readable => [self.reading.event(); 2],
            Until::Writable => [self.writing.event(); 2],
            Until::Either => [self.reading.event(), self.writing.event()],
        }
    }

    pub(super) fn is_ready(&mut self, until: Until) -> bool {
        match until {
            Until::Readable => self.is_readable(),
            Until::Writable => self.is_writable(),
            // Both, so that a read is under way whatever the writes do.
            Until::Either => self.is_readable() | self.is_writable(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// How many bytes a read has taken out of the pipe that are still to be read.
    pub(super) fn taken(&self) -> usize {
        self.input.len()
    }

    /// Sends a short message as a whole. What does not fit at once goes on in the background.
    pub(super) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        if self.phase == Phase::Over {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if !self.is_writable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // How the one before has ended.
        self.written.take().transpose().map_err(as_end)?;
        self.writing.write(message).map_err(as_end)?;
        Ok(())
    }

    /// From now on these are told when the pipe may be ready.
    pub(super) fn set_watchers(&mut self, watchers: Option<Watchers>) {
        self.watchers = watchers;
        self.notify();
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
    pub(super) fn notify(&self) {
        if let Some(watchers) = &self.watchers {
            watchers.notify();
        }
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
