//! Copies that leave the caches alone.
//!
//! Of memory that is larger than they are, nothing is left in them when somebody reads it. An ordinary store reads its line from
//! memory first, and one sequence of loads does not keep the memory busy: each waits for what a page further was not asked for in
//! advance. So stores go past the caches, and four places far apart are copied by turns.

/// Copies so many bytes.
///
/// # Safety
/// As for [`std::ptr::copy_nonoverlapping`].
#[cfg(target_arch = "x86_64")]
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    use std::arch::x86_64::{__m128i, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm_sfence, _mm_stream_si128};
    use std::ptr::copy_nonoverlapping;

    const LINE: usize = 64;
    /// How far ahead of each place memory is asked for.
    const AHEAD: usize = 1024;

    let head = to.align_offset(LINE).min(length);
    let place = (length - head) / 4 / LINE * LINE;
    let tail = head + 4 * place;
    // SAFETY: the caller vouches for both ranges; everything here lies in them. Where lines begin, `to` is aligned to a line, and
    // every processor of this kind has the instructions.
    unsafe {
        copy_nonoverlapping(from, to, head);
        for line in (head..head + place).step_by(LINE) {
            for start in [line, line + place, line + 2 * place, line + 3 * place] {
                // Where nothing is, nothing happens.
                _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(start + AHEAD).cast());
                let (from, to): (*const __m128i, *mut __m128i) = (from.add(start).cast(), to.add(start).cast());
                for part in 0..LINE / size_of::<__m128i>() {
                    _mm_stream_si128(to.add(part), _mm_loadu_si128(from.add(part)));
                }
            }
        }
        // Stores past the caches are in no order, not even with those that tell others of them.
        _mm_sfence();
        copy_nonoverlapping(from.add(tail), to.add(tail), length - tail);
    }
}

/// Copies so many bytes. There are no such stores in the language for this processor.
///
/// # Safety
/// As for [`std::ptr::copy_nonoverlapping`].
#[cfg(not(target_arch = "x86_64"))]
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: the caller says so.
    unsafe { std::ptr::copy_nonoverlapping(from, to, length) };
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
