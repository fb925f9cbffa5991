//! Copies that bypass the caches.
//!
//! Caches that are smaller than the memory hold nothing of it for the reader. An ordinary store first loads its line
//! from memory, and one sequence of loads does not saturate the memory: each load waits for the previous page. So
//! stores bypass the caches, and the copy alternates between four distant places.

/// Copies this many bytes, while another process may write them.
///
/// # Safety
/// As for [`super::copy`].
#[cfg(all(target_arch = "x86_64", not(miri)))]
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    use std::arch::x86_64::_mm_sfence;

    const LINE: usize = 64;

    let head = to.align_offset(LINE).min(length);
    let place = (length - head) / 4 / LINE * LINE;
    let tail = head + 4 * place;
    // SAFETY: the caller vouches for both ranges; everything here lies in them. Where lines begin, `to` is aligned to a line, and
    // every processor of this kind has the instructions.
    unsafe {
        super::copy_once(from, to, head);
        for line in (head..head + place).step_by(LINE) {
            for start in [line, line + place, line + 2 * place, line + 3 * place] {
                copy_line(from.add(start), to.add(start));
            }
        }
        // Stores that bypass the caches have no order, not even with stores that announce them.
        _mm_sfence();
        super::copy_once(from.add(tail), to.add(tail), length - tail);
    }
}

/// Copies one line past the caches, and prefetches the next.
///
/// # Safety
/// Both have a line, and `to` is aligned to one.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
unsafe fn copy_line(from: *const u8, to: *mut u8) {
    // SAFETY: the loads and stores are those of one line, which the caller vouches for. To ask for memory that is not there
    // does nothing.
    unsafe {
        std::arch::asm!(
            "prefetcht0 [{from} + 1024]",
            "movdqu {a}, [{from}]",
            "movdqu {b}, [{from} + 16]",
            "movdqu {c}, [{from} + 32]",
            "movdqu {d}, [{from} + 48]",
            "movntdq [{to}], {a}",
            "movntdq [{to} + 16], {b}",
            "movntdq [{to} + 32], {c}",
            "movntdq [{to} + 48], {d}",
            from = in(reg) from,
            to = in(reg) to,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Copies this many bytes. The language has no such stores for this processor.
///
/// # Safety
/// As for [`super::copy`].
#[cfg(any(not(target_arch = "x86_64"), miri))]
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: the caller says so.
    unsafe { super::copy_once(from, to, length) };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_is_copied_and_none_beside(length in 0_usize..5000, source in 0_usize..70, target in 0_usize..70) {
            let from: Vec<u8> = (0..source + length).map(|at| (at % 251 + 1) as u8).collect();
            let mut to = vec![0; target + length + 1];
            // SAFETY: there is room behind the offsets.
            unsafe { super::copy(from.as_ptr().add(source), to.as_mut_ptr().add(target), length) };
            prop_assert!(to[..target].iter().all(|byte| *byte == 0));
            prop_assert!(to[target..target + length] == from[source..]);
            prop_assert_eq!(to[target + length], 0);
        }
    }
}
