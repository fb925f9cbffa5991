//! Events of the system: a thread waits for several at once.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{HANDLE, WAIT_FAILED, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{CreateEventW, INFINITE, ResetEvent, SetEvent, WaitForMultipleObjects};

/// An event that stays set until it is reset.
#[derive(Debug)]
pub(super) struct Event(OwnedHandle);

impl Event {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: without attributes and a name no memory is read; a handle that is not null is new and ours.
        unsafe {
            let event = CreateEventW(ptr::null(), 1, 0, ptr::null());
            if event.is_null() {
                Err(io::Error::last_os_error())
            } else {
                Ok(Self(OwnedHandle::from_raw_handle(event)))
            }
        }
    }

    pub(super) fn set(&self) {
        // SAFETY: the handle is open.
        unsafe { SetEvent(self.handle()) };
    }

    pub(super) fn reset(&self) {
        // SAFETY: the handle is open.
        unsafe { ResetEvent(self.handle()) };
    }

    /// Lives as long as the event.
    pub(super) fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }
}

/// Blocks until one of the handles is set; returns the index of the first such, or `None` if it is too late.
///
/// # Safety
/// The handles are open, and stay open until this returns.
pub(super) unsafe fn wait_any(handles: &[HANDLE], deadline: Option<Instant>) -> io::Result<Option<usize>> {
    let count = u32::try_from(handles.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    loop {
        let millis = millis_until(deadline);
        // SAFETY: so many handles are there, which the caller vouches for.
        let woken = unsafe { WaitForMultipleObjects(count, handles.as_ptr(), 0, millis) };
        match woken {
            WAIT_FAILED => return Err(io::Error::last_os_error()),
            // The longest wait of the system may end before the deadline.
            WAIT_TIMEOUT if deadline.is_none_or(|deadline| Instant::now() < deadline) => {}
            WAIT_TIMEOUT => return Ok(None),
            index => return Ok(Some((index - WAIT_OBJECT_0) as usize)),
        }
    }
}

/// Rounded up, so that a wait does not end before its deadline.
fn millis_until(deadline: Option<Instant>) -> u32 {
    let Some(deadline) = deadline else { return INFINITE };
    let left = deadline.saturating_duration_since(Instant::now());
    u32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX).min(INFINITE - 1)
}

/// The deadline of a timeout; one that is too far away is none.
pub(super) fn deadline_of(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}
