//! Limits of a worker: those that the system enforces, and memory, which a thread watches.

use std::fs;
use std::io;
use std::thread;
use std::time::Duration;

use rustix::param::page_size;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setpriority_process, setrlimit};

/// How often the thread checks the memory.
const INTERVAL: Duration = Duration::from_millis(100);
const STACK: usize = 64 * 1024;
/// How long a process that catches SIGXCPU may continue, in seconds, before the system kills it.
const CPU_GRACE: u64 = 2;

/// Limits that the system enforces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Processor time in seconds; beyond it the system sends SIGXCPU.
    pub cpu_seconds: Option<u64>,
    /// How many file descriptors may be open.
    pub open_files: Option<u64>,
    /// The scheduling priority: from -20, the most favoured, to 19.
    pub nice: Option<i32>,
}

impl Limits {
    /// Applies the limits to this process, and so to its later children.
    ///
    /// # Errors
    /// The system refuses one; its name comes with it.
    pub fn apply(&self) -> Result<(), (&'static str, io::Error)> {
        if let Some(seconds) = self.cpu_seconds {
            let hard = seconds.saturating_add(CPU_GRACE);
            limit(Resource::Cpu, seconds, hard).map_err(|error| ("maxCpuSeconds", error))?;
        }
        if let Some(files) = self.open_files {
            limit(Resource::Nofile, files, files).map_err(|error| ("maxOpenFiles", error))?;
        }
        if let Some(nice) = self.nice {
            set_nice(nice).map_err(|error| ("nice", error))?;
        }
        Ok(())
    }
}

/// Never above the current limit.
fn limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let hard = getrlimit(resource).maximum.map_or(hard, |before| before.min(hard));
    setrlimit(resource, Rlimit { current: Some(soft.min(hard)), maximum: Some(hard) })?;
    Ok(())
}

/// On Linux priorities belong to threads: the runtime has some already.
fn set_nice(nice: i32) -> io::Result<()> {
    setpriority_process(None, nice)?;
    for thread in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let id = thread.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        // The thread may have ended meanwhile.
        let _ = id.map(|id| setpriority_process(Some(id), nice));
    }
    Ok(())
}

/// Watches the memory of this process on its own thread. Calls `over` once, with the resident bytes, when they exceed
/// `limit`.
///
/// # Errors
/// No thread can be started.
pub fn watch_memory(limit: u64, over: impl FnOnce(u64) + Send + 'static) -> io::Result<()> {
    let page = page_size() as u64;
    thread::Builder::new().name("memory".to_owned()).stack_size(STACK).spawn(move || {
        loop {
            thread::sleep(INTERVAL);
            let Some(pages) = resident_pages() else { return };
            let used = pages.saturating_mul(page);
            if used > limit {
                return over(used);
            }
        }
    })?;
    Ok(())
}

/// `None` if the system does not report it this way.
fn resident_pages() -> Option<u64> {
    fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}
