//! Copies of much memory: past the caches, by two threads where there are two processors.

mod past_caches;

use std::ptr;
use std::sync::LazyLock;
use std::thread;

use super::large_pages;

/// From this length on the caches are of no use, and another thread takes half of the work. Of less, they make one thread as
/// fast.
const MUCH: usize = 16 << 20;

static HAS_HELP: LazyLock<bool> = LazyLock::new(|| thread::available_parallelism().is_ok_and(|count| count.get() > 1));

/// What the other thread copies.
struct Rest {
    from: *const u8,
    to: *mut u8,
    length: usize,
}

// SAFETY: it says where memory is, which nobody else touches until the thread that was given it has ended.
unsafe impl Send for Rest {}

impl Rest {
    /// # Safety
    /// As for [`copy`].
    unsafe fn copy(self) {
        // SAFETY: the caller says so.
        unsafe { past_caches::copy(self.from, self.to, self.length) };
    }
}

/// Copies so many bytes.
///
/// # Safety
/// They can be read and written, do not overlap, and no other thread of this process uses them meanwhile.
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    if length < MUCH {
        // SAFETY: the caller says so.
        return unsafe { ptr::copy_nonoverlapping(from, to, length) };
    }
    if !*HAS_HELP {
        // SAFETY: as above.
        return unsafe { past_caches::copy(from, to, length) };
    }
    let half = length / 2;
    // The halves meet where a large page begins, so that none is touched first by both.
    let half = half - (to.addr() + half) % large_pages::SIZE;
    // SAFETY: `half` is less than `length`.
    let rest = unsafe { Rest { from: from.add(half), to: to.add(half), length: length - half } };
    thread::scope(|scope| {
        // SAFETY: the caller says so; the halves do not overlap, and the scope waits for the thread.
        let helper =
            thread::Builder::new().name("copying".to_owned()).spawn_scoped(scope, move || unsafe { rest.copy() });
        // SAFETY: as above; where there is no thread to be had, this one does all.
        unsafe { past_caches::copy(from, to, if helper.is_ok() { half } else { length }) };
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_copied_and_none_beside() {
        for (length, offset) in [(0, 0), (1, 0), (MUCH - 1, 3), (MUCH, 0), (MUCH + 1, 1), (MUCH * 2 + 12_345, 4095)] {
            let from: Vec<u8> = (0..length).map(|at| (at % 251 + 1) as u8).collect();
            let mut to = vec![0; offset + length + 1];
            // SAFETY: there is room behind the offset.
            unsafe { copy(from.as_ptr(), to.as_mut_ptr().add(offset), length) };
            assert!(to[..offset].iter().all(|byte| *byte == 0), "before {length} bytes at {offset}");
            assert!(to[offset..offset + length] == from, "{length} bytes at {offset}");
            assert_eq!(to[offset + length], 0, "behind {length} bytes at {offset}");
        }
    }
}
