//! Limits of a worker: those that the system enforces, and memory, which a thread watches.

use std::io;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::{
    ABOVE_NORMAL_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS, GetCurrentProcess, HIGH_PRIORITY_CLASS,
    IDLE_PRIORITY_CLASS, NORMAL_PRIORITY_CLASS, PROCESS_CREATION_FLAGS, REALTIME_PRIORITY_CLASS, SetPriorityClass,
};

use super::job::Job;
use crate::sync::lock;

/// How often the thread checks the memory.
const INTERVAL: Duration = Duration::from_millis(100);
const STACK: usize = 64 * 1024;

/// Limits that the system enforces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Processor time in seconds; beyond it the system ends the process.
    pub cpu_seconds: Option<u64>,
    /// How many file descriptors may be open: not on this system.
    pub open_files: Option<u64>,
    /// The scheduling priority: from -20, the most favoured, to 19.
    pub nice: Option<i32>,
}

impl Limits {
    /// Applies the limits to this process.
    ///
    /// # Errors
    /// The system refuses one; its name comes with it.
    pub fn apply(&self) -> Result<(), (&'static str, io::Error)> {
        if let Some(seconds) = self.cpu_seconds {
            limit_time(seconds).map_err(|error| ("maxCpuSeconds", error))?;
        }
        if self.open_files.is_some() {
            return Err(("maxOpenFiles", io::ErrorKind::Unsupported.into()));
        }
        if let Some(nice) = self.nice {
            set_priority(nice).map_err(|error| ("nice", error))?;
        }
        Ok(())
    }
}

fn limit_time(seconds: u64) -> io::Result<()> {
    /// The limit lasts as long as the job.
    static JOB: Mutex<Option<Job>> = Mutex::new(None);
    let job = Job::with_time(seconds)?;
    // SAFETY: the handle stands for this process.
    unsafe { job.add(GetCurrentProcess()) }?;
    *lock(&JOB) = Some(job);
    Ok(())
}

fn set_priority(nice: i32) -> io::Result<()> {
    // SAFETY: the handle stands for this process.
    let set = unsafe { SetPriorityClass(GetCurrentProcess(), class_of(nice)) };
    if set == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The classes that `os.setPriority()` of Node chooses for these numbers.
fn class_of(nice: i32) -> PROCESS_CREATION_FLAGS {
    match nice {
        ..-14 => REALTIME_PRIORITY_CLASS,
        -14..-7 => HIGH_PRIORITY_CLASS,
        -7..0 => ABOVE_NORMAL_PRIORITY_CLASS,
        0..10 => NORMAL_PRIORITY_CLASS,
        10..19 => BELOW_NORMAL_PRIORITY_CLASS,
        19.. => IDLE_PRIORITY_CLASS,
    }
}

/// Watches the memory of this process on its own thread. Calls `over` once, with the resident bytes, when they exceed
/// `limit`.
///
/// # Errors
/// No thread can be started.
pub fn watch_memory(limit: u64, over: impl FnOnce(u64) + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("memory".to_owned()).stack_size(STACK).spawn(move || {
        loop {
            thread::sleep(INTERVAL);
            let Some(used) = resident_bytes() else { return };
            if used > limit {
                return over(used);
            }
        }
    })?;
    Ok(())
}

fn resident_bytes() -> Option<u64> {
    let mut counters = PROCESS_MEMORY_COUNTERS::default();
    let length = u32::try_from(size_of_val(&counters)).ok()?;
    // SAFETY: the handle stands for this process, and so many bytes are there to be written.
    let known = unsafe { K32GetProcessMemoryInfo(GetCurrentProcess(), &raw mut counters, length) };
    (known != 0).then_some(counters.WorkingSetSize as u64)
}
