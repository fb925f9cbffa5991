//! A process that can be ended: the one with this number when it was opened, and no later one.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{FILETIME, HANDLE, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_QUOTA,
    PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
};

use super::job::Job;

/// The exit code of a process that was ended, as Node ends processes on this system.
const ENDED: u32 = 1;
/// As if a signal had ended it.
const KILLED: u32 = 128 + 9;

/// A handle of another process.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    /// `None` after it was released.
    handle: Option<OwnedHandle>,
    /// When a released process began: another one with that number began at another time.
    begun: Option<u64>,
    /// The process and all that it starts.
    tree: Option<Job>,
}

impl Process {
    /// The process with this number now.
    ///
    /// # Errors
    /// There is none, or this user may not end it.
    pub fn open(pid: i32) -> io::Result<Self> {
        Ok(Self { pid, handle: Some(open(pid)?), begun: None, tree: None })
    }

    /// From now on all processes that it starts can be ended with it. Unless it `outlives` this process, they end with
    /// this process.
    ///
    /// # Errors
    /// It has ended, or the system refuses.
    pub fn lead_tree(&mut self, outlives: bool) -> io::Result<()> {
        let handle = self.handle.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let tree = if outlives { Job::new()? } else { Job::killed_on_close()? };
        // SAFETY: the process is open.
        unsafe { tree.add(handle.as_raw_handle()) }?;
        self.tree = Some(tree);
        Ok(())
    }

    /// Releases the handle until the next signal.
    pub fn let_go(&mut self) {
        // SAFETY: the process is open.
        self.begun = self.handle.take().and_then(|handle| unsafe { begun(handle.as_raw_handle()) }).or(self.begun);
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Ends it: this system has no signals. Returns whether it was there.
    pub fn signal_number(&self, _: i32) -> bool {
        if let Some(handle) = &self.handle {
            // SAFETY: the process is open.
            return unsafe { end(handle.as_raw_handle()) };
        }
        let Ok(handle) = open(self.pid) else { return false };
        // SAFETY: the process is open.
        unsafe { begun(handle.as_raw_handle()) == self.begun && end(handle.as_raw_handle()) }
    }

    /// Ends all processes of its tree; returns whether there were any.
    pub fn signal_group_number(&self, _: i32) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.end(ENDED))
    }
}

fn open(pid: i32) -> io::Result<OwnedHandle> {
    let number = u32::try_from(pid).ok().filter(|pid| *pid > 0).ok_or(io::ErrorKind::InvalidInput)?;
    let access = PROCESS_TERMINATE | PROCESS_SET_QUOTA | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
    // SAFETY: it reads no memory of this process; a handle that is not null is new and ours.
    unsafe {
        let process = OpenProcess(access, 0, number);
        if process.is_null() { Err(io::Error::last_os_error()) } else { Ok(OwnedHandle::from_raw_handle(process)) }
    }
}

/// # Safety
/// The handle is open.
unsafe fn end(process: HANDLE) -> bool {
    // SAFETY: as the caller says.
    unsafe { WaitForSingleObject(process, 0) == WAIT_TIMEOUT && TerminateProcess(process, ENDED) != 0 }
}

/// # Safety
/// The handle is open.
unsafe fn begun(process: HANDLE) -> Option<u64> {
    let mut times = [FILETIME::default(); 4];
    let [begun, ended, kernel, user] = &mut times;
    // SAFETY: as the caller says; all four are there to be written.
    let known = unsafe { GetProcessTimes(process, begun, ended, kernel, user) };
    (known != 0).then(|| u64::from(begun.dwHighDateTime) << 32 | u64::from(begun.dwLowDateTime))
}

/// Ends this process at once. Its tree, if it leads one, ends with its host.
pub fn end_now(_: bool) -> ! {
    // SAFETY: the handle stands for this process, of which nothing more runs.
    unsafe { TerminateProcess(GetCurrentProcess(), KILLED) };
    std::process::abort()
}
