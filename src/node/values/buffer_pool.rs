//! Reuse of memory for large results: clearing new memory takes as long as copying into it.

mod lending;

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::time::Duration;

use crate::reuse::Kept;
use crate::shm::IDLE;
use crate::sys::hugepages;
pub(in crate::node) use lending::Transfer;

/// The pool reuses memory from this size on. Allocators keep smaller memory themselves.
pub(in crate::node) const LEAST: usize = 16 << 20;
/// Memory that JavaScript has, or had.
#[derive(Debug)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

impl Block {
    fn create(length: usize) -> Option<Self> {
        let size = length.max(1).checked_next_multiple_of(hugepages::SIZE)?;
        let layout = Layout::from_size_align(size, hugepages::SIZE).ok()?;
        // SAFETY: the size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        let mut block = Self { start, layout };
        hugepages::ask_for(block.part(size));
        Some(block)
    }

    /// At most half of it would remain unused.
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

/// The memory that waits for reuse by the results of one connection, for at most [`IDLE`].
#[derive(Debug, Default)]
pub(in crate::node) struct BufferPool {
    free: RefCell<Vec<(Block, Kept)>>,
    used_at: Cell<Duration>,
}

impl BufferPool {
    fn take(&self, length: usize) -> Option<Block> {
        let mut free = self.free.borrow_mut();
        let at = free.iter().position(|(block, _)| block.fits(length))?;
        Some(free.swap_remove(at).0)
    }

    /// JavaScript has released it. The pool keeps it if the process may keep so much.
    fn give_back(&self, block: Block, now: Duration) {
        self.keep(block, Kept::default(), now);
    }

    fn keep(&self, block: Block, mut kept: Kept, now: Duration) {
        if kept.set(block.layout.size()) {
            self.free.borrow_mut().push((block, kept));
            self.used_at.set(now);
        }
    }

    /// When [`BufferPool::trim`] has work to do.
    pub(in crate::node) fn next_deadline(&self) -> Option<Duration> {
        (!self.free.borrow().is_empty()).then(|| self.used_at.get().saturating_add(IDLE))
    }

    /// Releases memory that was unused for a while.
    pub(in crate::node) fn trim(&self, now: Duration) {
        if self.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.clear();
        }
    }

    /// Releases all of it.
    pub(in crate::node) fn clear(&self) {
        self.free.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reuse::{Budget, MOST};

    const MIB: usize = 1 << 20;
    const SECOND: Duration = Duration::from_secs(1);

    fn block(length: usize) -> Block {
        Block::create(length).expect("there is so much memory")
    }

    #[test]
    fn memory_is_taken_again_where_it_fits() {
        let pool = BufferPool::default();
        let given = block(20 * MIB);
        let start = given.start;
        pool.give_back(given, SECOND);
        for other in [20 * MIB + 1, 10 * MIB - 1] {
            assert!(pool.take(other).is_none(), "{other} bytes");
        }
        let taken = pool.take(16 * MIB).expect("it fits");
        assert_eq!(taken.start, start);
        assert!(pool.take(16 * MIB).is_none(), "nobody has it twice");
    }

    #[test]
    fn it_lies_where_large_pages_do_and_holds_what_was_asked_for() {
        for length in [1, 2 * MIB, 2 * MIB + 1, 33 * MIB] {
            let mut block = block(length);
            assert_eq!(block.start.addr().get() % hugepages::SIZE, 0);
            assert_eq!(block.part(length).len(), length);
            assert_eq!(block.part(usize::MAX).len(), block.layout.size());
        }
        assert!(Block::create(usize::MAX).is_none());
    }

    #[test]
    fn what_waits_goes_when_it_was_not_used_for_a_while() {
        static BUDGET: Budget = Budget::new(MOST);
        let pool = BufferPool::default();
        assert_eq!(pool.next_deadline(), None);
        for seconds in 1..=2 {
            pool.keep(block(LEAST), Kept::of(&BUDGET), SECOND * seconds);
        }
        assert_eq!(pool.next_deadline(), Some(SECOND * 3));
        pool.trim(SECOND * 3 - Duration::from_nanos(1));
        assert_eq!((pool.free.borrow().len(), BUDGET.kept()), (2, 2 * LEAST));
        pool.trim(SECOND * 3);
        assert_eq!((pool.free.borrow().len(), pool.next_deadline(), BUDGET.kept()), (0, None, 0));
    }

    #[test]
    fn the_pools_of_many_connections_together_keep_no_more_than_the_process_may() {
        static BUDGET: Budget = Budget::new(MOST);
        let pools: Vec<_> = (0..20).map(|_| BufferPool::default()).collect();
        for pool in &pools {
            pool.keep(block(LEAST), Kept::of(&BUDGET), SECOND);
        }
        assert_eq!(BUDGET.kept(), MOST);
        let waiting: usize = pools.iter().map(|pool| pool.free.borrow().len()).sum();
        assert_eq!(waiting, MOST / LEAST);
        // Memory that is used again makes room for that of another connection.
        assert!(pools[0].take(LEAST).is_some());
        pools[19].keep(block(LEAST), Kept::of(&BUDGET), SECOND);
        assert_eq!((pools[19].free.borrow().len(), BUDGET.kept()), (1, MOST));
        drop(pools);
        assert_eq!(BUDGET.kept(), 0);
    }
}
