//! How a child process has ended.

use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How often the caller checks whether it has ended.
const LOOK: Duration = Duration::from_millis(1);

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// The signal with this number ended it.
    Signal(i32),
}

/// Waits up to `timeout` milliseconds for the end of the child process `pid`. Does not reap the child (`WNOWAIT`); libuv
/// still will.
pub fn peek(pid: i32, timeout: f64) -> Option<Exit> {
    let pid = Pid::from_raw(pid)?;
    let deadline = Instant::now() + Duration::try_from_secs_f64(timeout / 1e3).unwrap_or_default();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        if let Some(status) = waitid(WaitId::Pid(pid), options).ok()? {
            let signal = || Exit::Signal(status.terminating_signal().unwrap_or(0));
            return Some(status.exit_status().map_or_else(signal, Exit::Code));
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(LOOK);
    }
}
