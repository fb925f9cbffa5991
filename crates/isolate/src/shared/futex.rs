//! Those who wait for a word by the system, in any process: the library's `sharedWait` does.

/// Wakes at most so many of them; returns how many. Only Linux has such waiters.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn wake(address: usize, most: u32) -> u32 {
    // The system reads a signed number.
    let most = most.min(i32::MAX.unsigned_abs());
    // Without the flag for memory of one process, as they wait.
    let none = std::ptr::null::<libc::c_void>();
    // SAFETY: this call takes an address for its value alone, and reads no memory of this process. A sandbox may refuse it.
    let woken = unsafe { libc::syscall(libc::SYS_futex, address, libc::FUTEX_WAKE, most, none, none, 0) };
    u32::try_from(woken).unwrap_or(0)
}

/// Nobody waits so on this system.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn wake(_: usize, _: u32) -> u32 {
    0
}
