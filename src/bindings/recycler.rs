//! Memory for large results that is used again: clearing fresh memory takes as long as copying into it.

mod lending;

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::time::Duration;

use crate::beside::IDLE;
use crate::transport::large_pages;
pub(super) use lending::Transfer;

/// Memory of this size is recycled. Allocators keep smaller memory themselves.
pub(super) const LEAST: usize = 16 << 20;
/// At most so much waits to be used again, for [`IDLE`] at most.
const KEPT: usize = 128 << 20;

/// Memory that JavaScript has, or had.
#[derive(Debug)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

impl Block {
    fn create(length: usize) -> Option<Self> {
        let size = length.max(1).checked_next_multiple_of(large_pages::SIZE)?;
        let layout = Layout::from_size_align(size, large_pages::SIZE).ok()?;
        // SAFETY: the size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        let mut block = Self { start, layout };
        large_pages::ask_for(block.part(size));
        Some(block)
    }

    /// At most half of it would be left over.
    fn fits(&self, length: usize) -> bool {
        (self.layout.size() / 2..=self.layout.size()).contains(&length)
    }

    /// Its first bytes, at most as many as there are.
    fn part<'a>(&mut self, length: usize) -> &'a mut [MaybeUninit<u8>] {
        // SAFETY: it is memory of this block. The callers here let go of it before the block goes.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), length.min(self.layout.size())) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

/// The memory that waits to be used again for the results of one connection.
#[derive(Debug, Default)]
pub(super) struct Recycler {
    free: RefCell<Vec<Block>>,
    used_at: Cell<Duration>,
}

impl Recycler {
    fn take(&self, length: usize) -> Option<Block> {
        let mut free = self.free.borrow_mut();
        let at = free.iter().position(|block| block.fits(length))?;
        Some(free.swap_remove(at))
    }

    /// JavaScript does not have it any more.
    fn give_back(&self, block: Block, now: Duration) {
        let mut free = self.free.borrow_mut();
        let kept: usize = free.iter().map(|block| block.layout.size()).sum();
        if kept.saturating_add(block.layout.size()) <= KEPT {
            free.push(block);
            self.used_at.set(now);
        }
    }

    /// When [`Recycler::trim`] has work to do.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        (!self.free.borrow().is_empty()).then(|| self.used_at.get().saturating_add(IDLE))
    }

    /// Gives back memory that was not used for a while.
    pub(super) fn trim(&self, now: Duration) {
        if self.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.clear();
        }
    }

    /// Gives back all of it.
    pub(super) fn clear(&self) {
        self.free.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;
    const SECOND: Duration = Duration::from_secs(1);

    fn block(length: usize) -> Block {
        Block::create(length).expect("there is so much memory")
    }

    #[test]
    fn memory_is_taken_again_where_it_fits() {
        let recycler = Recycler::default();
        let given = block(20 * MIB);
        let start = given.start;
        recycler.give_back(given, SECOND);
        for other in [20 * MIB + 1, 10 * MIB - 1] {
            assert!(recycler.take(other).is_none(), "{other} bytes");
        }
        let taken = recycler.take(16 * MIB).expect("it fits");
        assert_eq!(taken.start, start);
        assert!(recycler.take(16 * MIB).is_none(), "nobody has it twice");
    }

    #[test]
    fn it_lies_where_large_pages_do_and_holds_what_was_asked_for() {
        for length in [1, 2 * MIB, 2 * MIB + 1, 33 * MIB] {
            let mut block = block(length);
            assert_eq!(block.start.addr().get() % large_pages::SIZE, 0);
            assert_eq!(block.part(length).len(), length);
            assert_eq!(block.part(usize::MAX).len(), block.layout.size());
        }
        assert!(Block::create(usize::MAX).is_none());
    }

    #[test]
    fn what_waits_is_bounded_and_goes_when_it_was_not_used_for_a_while() {
        let recycler = Recycler::default();
        assert_eq!(recycler.next_deadline(), None);
        for seconds in 1..=3 {
            recycler.give_back(block(KEPT / 2), SECOND * seconds);
        }
        assert_eq!(recycler.free.borrow().len(), 2, "the third is over the bound");
        assert_eq!(recycler.next_deadline(), Some(SECOND * 3));
        recycler.trim(SECOND * 3 - Duration::from_nanos(1));
        assert_eq!(recycler.free.borrow().len(), 2);
        recycler.trim(SECOND * 3);
        assert_eq!((recycler.free.borrow().len(), recycler.next_deadline()), (0, None));
    }
}
