//! Copies from and to memory that another process may write at the same time.
//!
//! Rust's memory model knows no other process: an ordinary load from memory that another process writes is a data race,
//! and the compiler may load a byte twice because it assumes the byte to be stable. So every access here is either one
//! instruction of inline assembly, about which the compiler assumes nothing, or a volatile access. It reads each byte
//! once; the caller receives whatever the writer had stored by then, and checks only the copy.
//!
//! Large copies bypass the caches. Still larger ones have the help of another thread.

mod helper;
mod streaming_copy;

use crate::sys::unix::hugepages;

/// From this length on caches do not help.
const MUCH: usize = 16 << 20;
/// From this length on another thread copies half. Below it, one thread is about as fast.
const VERY_MUCH: usize = 32 << 20;

/// Copies this many bytes, while another process may write them.
///
/// # Safety
/// They can be read and written, do not overlap, and no other thread of this process uses them meanwhile.
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    if length < MUCH {
        // SAFETY: the caller says so.
        return unsafe { copy_once(from, to, length) };
    }
    if length < VERY_MUCH {
        // SAFETY: the caller says so.
        return unsafe { streaming_copy::copy(from, to, length) };
    }
    let half = length / 2;
    // The halves meet at the start of a large page, so that the two threads do not first touch one page.
    let half = half - (to.addr() + half) % hugepages::SIZE;
    // SAFETY: the caller says so; the halves do not overlap, and `half` is less than `length`.
    unsafe {
        let rest = helper::Share { from: from.add(half), to: to.add(half), length: length - half };
        helper::with(rest, || streaming_copy::copy(from, to, half));
    }
}

/// Reads each byte once and writes it once.
///
/// # Safety
/// As for [`copy`].
#[cfg(all(target_arch = "x86_64", not(miri)))]
unsafe fn copy_once(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: the instruction reads and writes exactly the two ranges, which the caller vouches for; the direction flag is
    // clear wherever Rust code runs.
    unsafe {
        std::arch::asm!(
            "rep movsb",
            inout("rcx") length => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        );
    }
}

/// Reads each byte once and writes it once.
///
/// # Safety
/// As for [`copy`].
#[cfg(any(not(target_arch = "x86_64"), miri))]
unsafe fn copy_once(from: *const u8, to: *mut u8, length: usize) {
    const WORD: usize = size_of::<u64>();

    let head = from.align_offset(WORD).min(length);
    // SAFETY: all places lie in the ranges that the caller vouches for; words are read and written only where both are aligned.
    unsafe {
        let mut at = 0;
        while at < head {
            to.add(at).write_volatile(from.add(at).read_volatile());
            at += 1;
        }
        if to.add(at).cast::<u64>().is_aligned() {
            while length - at >= WORD {
                to.add(at).cast::<u64>().write_volatile(from.add(at).cast::<u64>().read_volatile());
                at += WORD;
            }
        }
        while at < length {
            to.add(at).write_volatile(from.add(at).read_volatile());
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn every_byte_is_copied_and_none_beside() {
        let large = [(MUCH - 1, 3), (MUCH, 0), (MUCH + 1, 1), (VERY_MUCH, 5), (VERY_MUCH + 12_345, 4095)];
        let small = (0..40).flat_map(|length| (0..9).map(move |offset| (length, offset)));
        for (length, offset) in small.chain(large.into_iter().filter(|_| !cfg!(miri))) {
            let from: Vec<u8> = (0..length).map(|at| (at % 251 + 1) as u8).collect();
            let mut to = vec![0; offset + length + 1];
            // SAFETY: there is room behind the offset.
            unsafe { copy(from.as_ptr(), to.as_mut_ptr().add(offset), length) };
            assert!(to[..offset].iter().all(|byte| *byte == 0), "before {length} bytes at {offset}");
            assert!(to[offset..offset + length] == from, "{length} bytes at {offset}");
            assert_eq!(to[offset + length], 0, "behind {length} bytes at {offset}");
        }
    }

    #[test]
    fn bytes_that_change_meanwhile_are_each_copied_as_they_were_at_some_time() {
        let memory: Vec<AtomicU8> = (0..VERY_MUCH + 4096).map(|_| AtomicU8::new(1)).collect();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for value in [1, 2].into_iter().cycle() {
                    memory.iter().step_by(7).for_each(|byte| byte.store(value, Ordering::Relaxed));
                    if done.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
            for length in [4096, MUCH - 1, MUCH + 4096, VERY_MUCH + 4096] {
                let mut copied = vec![0; length];
                // SAFETY: so many bytes are there; what writes them uses atomic operations.
                unsafe { copy(memory.as_ptr().cast(), copied.as_mut_ptr(), length) };
                assert!(copied.iter().all(|byte| matches!(byte, 1 | 2)), "{length} bytes");
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}
