//! Huge pages: first touching small pages takes longer than copying into them.

use std::mem::MaybeUninit;

/// The alignment and size of a huge page, on most systems.
pub const SIZE: usize = 2 << 20;

/// A hint: it changes only the time of the first touch.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn ask_for(memory: &mut [MaybeUninit<u8>]) {
    const PAGE: usize = 4096;
    let start = memory.as_ptr().align_offset(PAGE);
    let length = memory.len().saturating_sub(start) / PAGE * PAGE;
    // SAFETY: whole pages inside of the memory; the advice leaves what is in there as it is.
    let _ = unsafe {
        let first = memory.as_mut_ptr().add(start.min(memory.len())).cast();
        rustix::mm::madvise(first, length, rustix::mm::Advice::LinuxHugepage)
    };
}

/// Other systems choose the page size.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn ask_for(_: &mut [MaybeUninit<u8>]) {}
