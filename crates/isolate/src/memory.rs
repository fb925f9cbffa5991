//! The memory of one isolate: the engine's allocations, counted.
//!
//! The engine asks its interrupt handler once in ten thousand loops or calls. A loop around functions of milliseconds each would run
//! for a minute between two of them: so the allocator looks at the clocks, too. Once the time is over it refuses everything, until
//! the next interrupt ends the script.

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::cell::Cell;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rquickjs::allocator::Allocator;

/// Before each block, its size: also the alignment of all blocks.
const HEADER: usize = 16;
/// The allocator looks at the clocks for a block of this size, and for each so many smaller ones.
const LARGE: usize = 4096;
const STRIDE: u32 = 256;

/// How much an isolate uses, and whether it wanted more than it may have.
#[derive(Debug, Default)]
pub struct Usage {
    used: Cell<usize>,
    /// Bytes of the shared memories that the isolate has made, whoever holds them.
    shared: Arc<AtomicUsize>,
    is_exceeded: Cell<bool>,
}

impl Usage {
    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    /// Whether an allocation was refused: from then on the isolate has no future.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// The bytes of shared memories.
    pub fn shared(&self) -> &Arc<AtomicUsize> {
        &self.shared
    }

    /// All bytes that count.
    pub fn total(&self) -> usize {
        self.used() + self.shared.load(Ordering::Relaxed)
    }

    /// Whether `more` bytes fit below the limit; if they do not, the isolate has no future.
    pub fn admits(&self, more: usize, limit: usize) -> bool {
        let fits = self.total().checked_add(more).is_some_and(|total| total <= limit);
        if !fits {
            self.is_exceeded.set(true);
        }
        fits
    }

    fn set(&self, used: usize) {
        self.used.set(used);
    }
}

/// The allocator of one runtime. It refuses what would exceed the limit, and remembers that it did.
pub struct Budget {
    usage: Rc<Usage>,
    limit: usize,
    /// Whether the time is over.
    is_over: Box<dyn Fn() -> bool>,
    until_look: u32,
}

impl Budget {
    /// At most `limit` bytes, and none when `is_over`.
    pub fn new(usage: Rc<Usage>, limit: usize, is_over: impl Fn() -> bool + 'static) -> Self {
        Self { usage, limit, is_over: Box::new(is_over), until_look: STRIDE }
    }

    /// Whether `more` bytes fit in place of `less`.
    fn admit(&mut self, more: usize, less: usize) -> bool {
        self.until_look -= 1;
        if more >= LARGE || self.until_look == 0 {
            self.until_look = STRIDE;
            if (self.is_over)() {
                return false;
            }
        }
        more.checked_sub(less).is_none_or(|growth| self.usage.admits(growth, self.limit))
    }

    fn layout(size: usize) -> Option<Layout> {
        Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
    }
}

/// The size of a block of this allocator, without its header.
///
/// # Safety
///
/// `block` is from [`Budget::alloc`] or `realloc` and was not freed.
unsafe fn size_of_block(block: *mut u8) -> usize {
    // SAFETY: the caller's promise: the header is there, and aligned.
    unsafe { block.sub(HEADER).cast::<usize>().read() }
}

// SAFETY: blocks have the size that was asked for and an alignment of 16, and `usable_size` is that size.
unsafe impl Allocator for Budget {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        let Some(layout) = Self::layout(size) else { return ptr::null_mut() };
        if !self.admit(layout.size(), 0) {
            return ptr::null_mut();
        }
        // SAFETY: the layout is not empty: it has a header.
        let block = unsafe { alloc(layout) };
        if block.is_null() {
            return block;
        }
        self.usage.set(self.usage.used() + layout.size());
        // SAFETY: the block begins with the header, and more follows, as far as `size` goes.
        unsafe {
            block.cast::<usize>().write(size);
            block.add(HEADER)
        }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let Some(total) = count.checked_mul(size) else { return ptr::null_mut() };
        let block = self.alloc(total);
        if !block.is_null() {
            // SAFETY: the block has `total` bytes.
            unsafe { block.write_bytes(0, total) };
        }
        block
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        // SAFETY: the caller's promise: the block is one of this allocator, and its layout was valid.
        unsafe {
            let layout = Layout::from_size_align_unchecked(size_of_block(block) + HEADER, HEADER);
            self.usage.set(self.usage.used() - layout.size());
            dealloc(block.sub(HEADER), layout);
        }
    }

    unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(size);
        }
        if size == 0 {
            // SAFETY: the caller's promise; the engine expects of `realloc` what C's does.
            unsafe { self.dealloc(block) };
            return ptr::null_mut();
        }
        let Some(wanted) = Self::layout(size) else { return ptr::null_mut() };
        // SAFETY: the caller's promise: the block is one of this allocator, and its layout was valid.
        unsafe {
            let layout = Layout::from_size_align_unchecked(size_of_block(block) + HEADER, HEADER);
            if !self.admit(wanted.size(), layout.size()) {
                return ptr::null_mut();
            }
            let moved = realloc(block.sub(HEADER), layout, wanted.size());
            if moved.is_null() {
                return moved;
            }
            self.usage.set(self.usage.used() - layout.size() + wanted.size());
            moved.cast::<usize>().write(size);
            moved.add(HEADER)
        }
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        // SAFETY: the caller's promise.
        unsafe { size_of_block(block) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_in_use_and_refuses_more_than_the_limit() {
        let usage = Rc::new(Usage::default());
        let mut budget = Budget::new(Rc::clone(&usage), 1000, || false);
        let block = budget.alloc(500);
        assert!(!block.is_null());
        assert_eq!(usage.used(), 516);
        assert!(!usage.is_exceeded());
        assert!(budget.alloc(500).is_null());
        assert!(usage.is_exceeded());
        // SAFETY: the block is this allocator's.
        let grown = unsafe { budget.realloc(block, 900) };
        assert!(!grown.is_null());
        // SAFETY: so is this one.
        unsafe { budget.dealloc(grown) };
        assert_eq!(usage.used(), 0);
    }

    #[test]
    fn refuses_everything_when_the_time_is_over() {
        let is_over = Rc::new(Cell::new(false));
        let clock = Rc::clone(&is_over);
        let mut budget = Budget::new(Rc::default(), usize::MAX, move || clock.get());
        let block = budget.alloc(LARGE);
        assert!(!block.is_null());
        is_over.set(true);
        assert!(budget.alloc(LARGE).is_null());
        let small: Vec<*mut u8> = (0..STRIDE).map(|_| budget.alloc(1)).collect();
        assert!(small.iter().any(|block| block.is_null()));
        for block in small.into_iter().chain([block]).filter(|block| !block.is_null()) {
            // SAFETY: the block is this allocator's.
            unsafe { budget.dealloc(block) };
        }
    }

    #[test]
    fn refuses_sizes_that_no_memory_has() {
        let mut budget = Budget::new(Rc::default(), usize::MAX, || false);
        assert!(budget.alloc(usize::MAX).is_null());
        assert!(budget.calloc(usize::MAX, 2).is_null());
    }
}
