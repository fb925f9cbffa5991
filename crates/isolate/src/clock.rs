//! The processor time of the calling thread.

use std::time::Duration;

/// The time that the system has given to this thread.
#[cfg(unix)]
pub fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the system writes into `time`, which outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// The time that the system has given to this thread, in steps of about 16 milliseconds.
#[cfg(windows)]
pub fn thread_time() -> Duration {
    use windows_sys::Win32::Foundation::FILETIME;
    use windows_sys::Win32::System::Threading::{GetCurrentThread, GetThreadTimes};

    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut created, mut exited, mut kernel, mut user) = (zero, zero, zero, zero);
    // SAFETY: the system writes into the four, which outlive the call; the handle of the calling thread is always valid.
    unsafe { GetThreadTimes(GetCurrentThread(), &raw mut created, &raw mut exited, &raw mut kernel, &raw mut user) };
    let hundreds = |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    Duration::from_nanos((hundreds(kernel) + hundreds(user)).saturating_mul(100))
}

/// The clock of one thread's processor time, for other threads.
#[derive(Debug, Clone, Copy)]
pub struct ThreadClock {
    #[cfg(target_os = "linux")]
    id: libc::clockid_t,
}

impl ThreadClock {
    /// That of the calling thread; `None`: the system has none that others can read.
    #[cfg(target_os = "linux")]
    pub fn of_this_thread() -> Option<Self> {
        let mut id = 0;
        // SAFETY: the system writes into `id`, which outlives the call; the calling thread exists.
        let outcome = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut id) };
        (outcome == 0).then_some(Self { id })
    }

    /// Its time; `None`: the thread has ended.
    #[cfg(target_os = "linux")]
    pub fn now(self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the system writes into `time`, which outlives the call, and refuses the clock of a thread that has ended.
        let outcome = unsafe { libc::clock_gettime(self.id, &raw mut time) };
        (outcome == 0).then(|| Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0)))
    }

    /// That of the calling thread; `None`: the system has none that others can read.
    #[cfg(not(target_os = "linux"))]
    pub fn of_this_thread() -> Option<Self> {
        None
    }

    /// Its time; `None`: the thread has ended.
    #[cfg(not(target_os = "linux"))]
    pub fn now(self) -> Option<Duration> {
        None
    }
}
