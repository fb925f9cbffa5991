//! One asynchronous operation on a pipe, with the memory that the system uses until it has ended.

use std::cell::UnsafeCell;
use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_IO_INCOMPLETE, ERROR_IO_PENDING, ERROR_NO_DATA, ERROR_NOT_FOUND, ERROR_PIPE_CONNECTED, GetLastError, HANDLE,
};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::ConnectNamedPipe;

use super::event::Event;

/// An operation of one kind at a time. Dropping it cancels the pending one.
#[derive(Debug)]
pub(super) struct Operation {
    /// The pipe, which the owner keeps open for longer than this.
    pipe: HANDLE,
    event: Event,
    state: Box<State>,
    is_pending: bool,
}

/// The system writes to both while the operation is pending; nothing else touches them then.
struct State {
    overlapped: UnsafeCell<OVERLAPPED>,
    buffer: UnsafeCell<Vec<u8>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

// SAFETY: a handle may be used by every thread, and the memory belongs to whoever has `&mut Operation`.
unsafe impl Send for Operation {}

impl Operation {
    /// For the pipe with this handle, which stays open for longer than the operation.
    pub(super) fn new(pipe: HANDLE) -> io::Result<Self> {
        let state = State { overlapped: UnsafeCell::default(), buffer: UnsafeCell::default() };
        Ok(Self { pipe, event: Event::new()?, state: Box::new(state), is_pending: false })
    }

    /// Set when a pending operation has ended.
    pub(super) fn event(&self) -> HANDLE {
        self.event.handle()
    }

    pub(super) fn is_pending(&self) -> bool {
        self.is_pending
    }

    /// What the last read has read, up to `count` bytes of it.
    pub(super) fn bytes(&self, count: usize) -> &[u8] {
        if self.is_pending {
            return &[];
        }
        // SAFETY: no operation is pending, so the system does not write.
        let buffer = unsafe { &*self.state.buffer.get() };
        &buffer[..count.min(buffer.len())]
    }

    /// Waits for a client. `true`: it is connected already.
    pub(super) fn connect(&mut self) -> io::Result<bool> {
        let overlapped = self.prepare();
        // SAFETY: the pipe is open, and the memory stays where it is until the operation has ended.
        let done = unsafe { ConnectNamedPipe(self.pipe, overlapped) };
        // SAFETY: a pure function.
        match if done != 0 { ERROR_PIPE_CONNECTED } else { unsafe { GetLastError() } } {
            // It may have left again, which the first read shows.
            ERROR_PIPE_CONNECTED | ERROR_NO_DATA => Ok(true),
            ERROR_IO_PENDING => {
                self.is_pending = true;
                Ok(false)
            }
            error => Err(of_system(error)),
        }
    }

    /// Reads at most `most` bytes. `None`: they are to come.
    pub(super) fn read(&mut self, most: usize) -> io::Result<Option<usize>> {
        let overlapped = self.prepare();
        let buffer = self.state.buffer.get_mut();
        buffer.resize(most, 0);
        let length = u32::try_from(most).unwrap_or(u32::MAX);
        // SAFETY: so many bytes are there, and stay where they are until the operation has ended, as `overlapped` does.
        let done = unsafe { ReadFile(self.pipe, buffer.as_mut_ptr(), length, ptr::null_mut(), overlapped) };
        self.begun(done)
    }

    /// Writes a copy of the bytes. `None`: it goes on.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let overlapped = self.prepare();
        let buffer = self.state.buffer.get_mut();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // SAFETY: as for `read`.
        let done = unsafe { WriteFile(self.pipe, buffer.as_ptr(), length, ptr::null_mut(), overlapped) };
        self.begun(done)
    }

    /// The number of bytes of a pending operation that has ended. `None`: it goes on.
    pub(super) fn poll(&mut self) -> io::Result<Option<usize>> {
        self.result(false)
    }

    /// Ends a pending operation; its bytes count if there are any.
    pub(super) fn cancel(&mut self) {
        if !self.is_pending {
            return;
        }
        // SAFETY: the pipe is open, and the operation is one of it.
        let asked = unsafe { CancelIoEx(self.pipe, self.state.overlapped.get()) };
        // SAFETY: a pure function.
        debug_assert!(asked != 0 || unsafe { GetLastError() } == ERROR_NOT_FOUND, "the operation cannot be cancelled");
        // The system uses the memory until then.
        let _ = self.result(true);
    }

    fn prepare(&mut self) -> *mut OVERLAPPED {
        debug_assert!(!self.is_pending, "one operation at a time");
        self.event.reset();
        *self.state.overlapped.get_mut() = OVERLAPPED { hEvent: self.event.handle(), ..OVERLAPPED::default() };
        self.state.overlapped.get()
    }

    fn begun(&mut self, done: i32) -> io::Result<Option<usize>> {
        if done == 0 {
            // SAFETY: a pure function.
            match unsafe { GetLastError() } {
                ERROR_IO_PENDING => {}
                error => return Err(of_system(error)),
            }
        }
        self.is_pending = true;
        self.result(false)
    }

    fn result(&mut self, wait: bool) -> io::Result<Option<usize>> {
        let mut count = 0;
        // SAFETY: the operation is one of this pipe, and its memory is there.
        let done =
            unsafe { GetOverlappedResult(self.pipe, self.state.overlapped.get(), &raw mut count, i32::from(wait)) };
        if done == 0 {
            // SAFETY: a pure function.
            let error = unsafe { GetLastError() };
            if error == ERROR_IO_INCOMPLETE {
                return Ok(None);
            }
            self.is_pending = false;
            return Err(of_system(error));
        }
        self.is_pending = false;
        Ok(Some(count as usize))
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.cancel();
    }
}

fn of_system(error: u32) -> io::Error {
    io::Error::from_raw_os_error(error.cast_signed())
}
