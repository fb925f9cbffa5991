//! The memory of one isolate: the engine's allocations, counted.
//!
//! The engine asks its interrupt handler once in ten thousand loops or calls. A loop around functions of milliseconds each would run
//! for a minute between two of them: so the allocator looks at the clocks, too. Once the time is over it refuses everything, until
//! the next interrupt ends the script. While the time lasts, a cooperative isolate gives its host a turn there.

mod blocks;

use std::cell::Cell;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rquickjs::JsLifetime;
use rquickjs::allocator::Allocator;

use blocks::{EXTRA, size_of_block};

/// The allocator looks at the clocks each time it has given this many bytes; a smaller block counts as `LEAST`.
const STRIDE: usize = 64 << 10;
const LEAST: usize = 256;
/// What the error that ends a script takes at most.
const SPARE: usize = 64 << 10;

/// How much an isolate uses, and whether it wanted more than it may have.
#[derive(Debug, Default)]
pub struct Usage {
    used: Cell<usize>,
    /// Bytes of the shared memories that the isolate has made, whoever holds them.
    shared: Arc<AtomicUsize>,
    is_exceeded: Cell<bool>,
    /// Code of ours runs that must not be refused any memory.
    is_exempt: Cell<bool>,
    /// Bytes that are given in any case.
    spare: Cell<usize>,
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

    /// Refuses nothing until the result is dropped: for what is ours, and bounded. What it takes counts afterwards.
    pub fn exempt(self: &Rc<Self>) -> Exemption {
        Exemption { was_exempt: self.is_exempt.replace(true), usage: Rc::clone(self) }
    }

    /// Gives the next bytes in any case: the error that ends the script takes them. Where the engine has no memory for that error, it
    /// throws another one, which scripts catch.
    pub fn spare_for_end(&self) {
        self.spare.set(SPARE);
    }

    fn takes_spare(&self, bytes: usize) -> bool {
        let left = self.spare.get().checked_sub(bytes.max(1));
        self.spare.set(left.unwrap_or(0));
        left.is_some()
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

/// While it is there, no memory is refused.
#[must_use]
pub struct Exemption {
    usage: Rc<Usage>,
    was_exempt: bool,
}

impl Drop for Exemption {
    fn drop(&mut self) {
        self.usage.is_exempt.set(self.was_exempt);
    }
}

/// The usage of the context's runtime.
#[derive(Clone)]
pub struct Account(pub Rc<Usage>);

// SAFETY: it holds nothing of JavaScript.
unsafe impl<'js> JsLifetime<'js> for Account {
    type Changed<'to> = Account;
}

/// The allocator of one runtime. It refuses what would exceed the limit, and remembers that it did.
pub struct Budget {
    usage: Rc<Usage>,
    limit: usize,
    /// Whether the time is over. It may suspend the isolate meanwhile.
    is_over: Box<dyn Fn() -> bool>,
    /// Bytes until the next look.
    until_look: usize,
}

impl Budget {
    /// At most `limit` bytes, and none when `is_over`.
    pub fn new(usage: Rc<Usage>, limit: usize, is_over: impl Fn() -> bool + 'static) -> Self {
        Self { usage, limit, is_over: Box::new(is_over), until_look: STRIDE }
    }

    /// Whether `more` bytes fit in place of `less`.
    fn admit(&mut self, more: usize, less: usize) -> bool {
        if self.usage.is_exempt.get() || self.usage.takes_spare(more) {
            return true;
        }
        self.until_look = self.until_look.saturating_sub(more.max(LEAST));
        if self.until_look == 0 {
            self.until_look = STRIDE;
            if (self.is_over)() {
                return false;
            }
        }
        more.checked_sub(less).is_none_or(|growth| self.usage.admits(growth, self.limit))
    }

    /// A block for the engine, if it may have that much.
    fn give(&mut self, size: usize, alloc: impl Fn(usize) -> *mut u8) -> *mut u8 {
        let Some(cost) = size.checked_add(EXTRA) else { return ptr::null_mut() };
        if !self.admit(cost, 0) {
            return ptr::null_mut();
        }
        let block = alloc(size);
        if !block.is_null() {
            // SAFETY: the block was just allocated.
            let cost = unsafe { cost_of(block) };
            self.usage.set(self.usage.used() + cost);
        }
        block
    }
}

/// What a block takes: it may be larger than what was asked for.
///
/// # Safety
///
/// `block` is from [`Budget::alloc`] or `realloc` and was not freed.
unsafe fn cost_of(block: *mut u8) -> usize {
    // SAFETY: the caller's promise.
    unsafe { size_of_block(block) + EXTRA }
}

// SAFETY: blocks have at least the size that was asked for and an alignment of 16, and `usable_size` is their size.
unsafe impl Allocator for Budget {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        self.give(size, blocks::alloc)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let Some(total) = count.checked_mul(size) else { return ptr::null_mut() };
        self.give(total, blocks::alloc_zeroed)
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        // SAFETY: the caller's promise: the block is one of this allocator.
        unsafe {
            self.usage.set(self.usage.used() - cost_of(block));
            blocks::free(block);
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
        let Some(wanted) = size.checked_add(EXTRA) else { return ptr::null_mut() };
        // SAFETY: the caller's promise: the block is one of this allocator.
        unsafe {
            let before = cost_of(block);
            if !self.admit(wanted, before) {
                return ptr::null_mut();
            }
            let moved = blocks::realloc(block, size);
            if !moved.is_null() {
                self.usage.set(self.usage.used() - before + cost_of(moved));
            }
            moved
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
        assert!((500..540).contains(&usage.used()), "{}", usage.used());
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
        let block = budget.alloc(STRIDE);
        assert!(!block.is_null());
        is_over.set(true);
        assert!(budget.alloc(STRIDE).is_null());
        let small: Vec<*mut u8> = (0..STRIDE / LEAST).map(|_| budget.alloc(1)).collect();
        assert!(small.iter().any(|block| block.is_null()));
        for block in small.into_iter().chain([block]).filter(|block| !block.is_null()) {
            // SAFETY: the block is this allocator's.
            unsafe { budget.dealloc(block) };
        }
    }

    #[test]
    fn refuses_nothing_during_an_exemption_and_counts_it() {
        let usage = Rc::new(Usage::default());
        let mut budget = Budget::new(Rc::clone(&usage), 1000, || true);
        let exemption = usage.exempt();
        let block = budget.alloc(5000);
        assert!(!block.is_null());
        assert!(!usage.is_exceeded());
        drop(exemption);
        assert!(budget.alloc(STRIDE).is_null());
        assert!(usage.used() >= 5000);
        // SAFETY: the block is this allocator's.
        unsafe { budget.dealloc(block) };
    }

    #[test]
    fn gives_a_little_more_for_the_error_that_ends_the_script() {
        let usage = Rc::new(Usage::default());
        let mut budget = Budget::new(Rc::clone(&usage), 0, || true);
        assert!(budget.alloc(100).is_null());
        usage.spare_for_end();
        let block = budget.alloc(100);
        assert!(!block.is_null());
        assert!(budget.alloc(SPARE).is_null());
        assert!(budget.alloc(100).is_null());
        // SAFETY: the block is this allocator's.
        unsafe { budget.dealloc(block) };
    }

    #[test]
    fn refuses_sizes_that_no_memory_has() {
        let mut budget = Budget::new(Rc::default(), usize::MAX, || false);
        assert!(budget.alloc(usize::MAX).is_null());
        assert!(budget.calloc(usize::MAX, 2).is_null());
    }
}
