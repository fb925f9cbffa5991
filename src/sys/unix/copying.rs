//! Copies from and to memory that another process may write at the same time.
//!
//! Rust's memory model knows no other process: an ordinary load from memory that another process writes is a data race,
//! and the compiler may load a byte twice because it assumes the byte to be stable. So every access here is either one
//! instruction of inline assembly, about which the compiler assumes nothing, or a volatile access. It reads each byte
//! once; the caller receives whatever the writer had stored by then, and checks only the copy.
//!
//! Large copies bypass the caches, with two threads if there are two processors.

mod streaming_copy;

use std::sync::LazyLock;
use std::thread;

use crate::sys::unix::hugepages;

/// From this length on caches do not help, and another thread copies half. Below it, caches make one thread equally
/// fast.
const MUCH: usize = 16 << 20;

static HAS_HELP: LazyLock<bool> = LazyLock::new(|| thread::available_parallelism().is_ok_and(|count| count.get() > 1));

/// The share of the other thread.
struct Rest {
    from: *const u8,
    to: *mut u8,
    length: usize,
}

// SAFETY: it says where memory is. No other thread of this process touches that until the thread that was given it has ended.
unsafe impl Send for Rest {}

impl Rest {
    /// # Safety
    /// As for [`copy`].
    unsafe fn copy(self) {
        // SAFETY: the caller says so.
        unsafe { streaming_copy::copy(self.from, self.to, self.length) };
    }
}

/// Copies this many bytes, while another process may write them.
///
/// # Safety
/// They can be read and written, do not overlap, and no other thread of this process uses them meanwhile.
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    if length < MUCH {
        // SAFETY: the caller says so.
        return unsafe { copy_once(from, to, length) };
    }
    if !*HAS_HELP {
        // SAFETY: the caller says so.
        return unsafe { streaming_copy::copy(from, to, length) };
    }
    let half = length / 2;
    // The halves meet at the start of a large page, so that the two threads do not first touch one page.
    let half = half - (to.addr() + half) % hugepages::SIZE;
    // SAFETY: `half` is less than `length`.
    let rest = unsafe { Rest { from: from.add(half), to: to.add(half), length: length - half } };
    thread::scope(|scope| {
        // SAFETY: the caller says so; the halves do not overlap, and the scope waits for the thread.
        let helper =
            thread::Builder::new().name("copying".to_owned()).spawn_scoped(scope, move || unsafe { rest.copy() });
        // SAFETY: the caller says so; where the system has no thread for it, this one copies all.
        unsafe { streaming_copy::copy(from, to, if helper.is_ok() { half } else { length }) };
    });
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

    use super::*;

    #[test]
    fn every_byte_is_copied_and_none_beside() {
        let large = [(MUCH - 1, 3), (MUCH, 0), (MUCH + 1, 1), (MUCH * 2 + 12_345, 4095)];
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
        let memory: Vec<AtomicU8> = (0..MUCH + 4096).map(|_| AtomicU8::new(1)).collect();
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
            for length in [4096, MUCH - 1, MUCH + 4096] {
                let mut copied = vec![0; length];
                // SAFETY: so many bytes are there; what writes them uses atomic operations.
                unsafe { copy(memory.as_ptr().cast(), copied.as_mut_ptr(), length) };
                assert!(copied.iter().all(|byte| matches!(byte, 1 | 2)), "{length} bytes");
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}
