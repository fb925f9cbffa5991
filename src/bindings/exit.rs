//! How a child process has ended.

use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How often it is looked whether it has ended yet.
const LOOK: Duration = Duration::from_millis(1);

/// Its exit code, or -1 and the number of the signal that has ended it. It stays for whoever waits for it.
pub(super) fn peek(pid: i32, timeout: f64) -> Option<(i32, i32)> {
    let pid = Pid::from_raw(pid)?;
    let deadline = Instant::now() + Duration::try_from_secs_f64(timeout / 1e3).unwrap_or_default();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        if let Some(status) = waitid(WaitId::Pid(pid), options).ok()? {
            let code = status.exit_status().unwrap_or(-1);
            return Some((code, status.terminating_signal().unwrap_or(0)));
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(LOOK);
    }
}
