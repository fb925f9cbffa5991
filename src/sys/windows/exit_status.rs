//! How a child process has ended.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
};

use super::event::{deadline_of, wait_any};

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// The signal with this number ended it: not on this system.
    Signal(i32),
}

/// Waits up to `timeout` milliseconds for the end of the child process `pid`.
pub fn peek(pid: i32, timeout: f64) -> Option<Exit> {
    let access = PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION;
    // SAFETY: it reads no memory of this process; a handle that is not null is new and ours.
    let process = unsafe {
        let process = OpenProcess(access, 0, u32::try_from(pid).ok()?);
        if process.is_null() {
            return None;
        }
        OwnedHandle::from_raw_handle(process)
    };
    let timeout = Duration::try_from_secs_f64(timeout / 1e3).unwrap_or_default();
    let mut code = 0;
    // SAFETY: the process is open, and the number is there to be written.
    unsafe {
        wait_any(&[process.as_raw_handle()], deadline_of(Some(timeout))).ok()??;
        (GetExitCodeProcess(process.as_raw_handle(), &raw mut code) != 0).then_some(Exit::Code(code.cast_signed()))
    }
}
