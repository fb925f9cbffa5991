//! One memory, and who gives it back.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::any::Any;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// The alignment of all of them: no word of 64 bits lies across two.
const ALIGNMENT: usize = 16;

/// All memories of this process that are alive, and the bytes that isolates have made of them.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);

/// How many memories of this process are alive, and how many bytes isolates have made.
pub fn live() -> (usize, usize) {
    (LIVE.load(Ordering::SeqCst), LIVE_BYTES.load(Ordering::SeqCst))
}

/// Memory that several threads hold. The last one gives it back, on whatever thread.
#[derive(Clone)]
pub struct SharedMemory(Arc<Block>);

/// Memory that somebody may still hold.
#[derive(Clone)]
pub struct WeakMemory(Weak<Block>);

struct Block {
    start: NonNull<u8>,
    size: usize,
    owner: Owner,
    /// The host has the memory, or had it: it may wait there.
    is_known_to_host: AtomicBool,
}

enum Owner {
    /// An isolate has made it, against whose limit it counts until it is given back.
    Isolate(Arc<AtomicUsize>),
    /// The memory stays until this is dropped.
    Host(Box<dyn Any + Send + Sync>),
}

// SAFETY: the address is that of memory which is meant to be read and written by several threads, and stays valid until the last
// holder is gone; what the owner is made of may be sent and shared.
unsafe impl Send for Block {}
// SAFETY: as for `Send`.
unsafe impl Sync for Block {}

fn layout(size: usize) -> Option<Layout> {
    // An empty memory has an address of its own, too.
    Layout::from_size_align(size.max(1), ALIGNMENT).ok()
}

impl SharedMemory {
    /// New memory of zeros, whose bytes count in `charge` as long as it lives. `None`: the system has none.
    pub fn new(size: usize, charge: &Arc<AtomicUsize>) -> Option<Self> {
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc_zeroed(layout(size)?) })?;
        charge.fetch_add(size, Ordering::SeqCst);
        LIVE_BYTES.fetch_add(size, Ordering::SeqCst);
        Some(Self::of(start, size, Owner::Isolate(Arc::clone(charge))))
    }

    /// Memory of the host, which `owner` keeps until it is dropped, on whatever thread.
    ///
    /// # Safety
    ///
    /// Until then `size` bytes from `start` can be read and written.
    pub unsafe fn of_host(start: NonNull<u8>, size: usize, owner: Box<dyn Any + Send + Sync>) -> Self {
        let memory = Self::of(start, size, Owner::Host(owner));
        memory.make_known();
        memory
    }

    fn of(start: NonNull<u8>, size: usize, owner: Owner) -> Self {
        LIVE.fetch_add(1, Ordering::SeqCst);
        Self(Arc::new(Block { start, size, owner, is_known_to_host: AtomicBool::new(false) }))
    }

    /// Its first byte.
    pub fn start(&self) -> *mut u8 {
        self.0.start.as_ptr()
    }

    /// Its address: its identity, while it is alive.
    pub fn address(&self) -> usize {
        self.start() as usize
    }

    /// In bytes.
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// What keeps memory of the host; `None`: an isolate has made it.
    pub fn host(&self) -> Option<&(dyn Any + Send + Sync)> {
        match &self.0.owner {
            Owner::Host(owner) => Some(&**owner),
            Owner::Isolate(_) => None,
        }
    }

    /// Whether threads of the host may wait for it.
    pub fn is_known_to_host(&self) -> bool {
        self.0.is_known_to_host.load(Ordering::SeqCst)
    }

    /// The host has it now.
    pub fn make_known(&self) {
        self.0.is_known_to_host.store(true, Ordering::SeqCst);
    }

    /// The same memory, without holding it.
    pub fn downgrade(&self) -> WeakMemory {
        WeakMemory(Arc::downgrade(&self.0))
    }
}

impl WeakMemory {
    /// The memory, if anybody holds it.
    pub fn upgrade(&self) -> Option<SharedMemory> {
        self.0.upgrade().map(SharedMemory)
    }

    /// Whether nobody holds it any more.
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
        let Owner::Isolate(charge) = &self.owner else { return };
        if let Some(layout) = layout(self.size) {
            // SAFETY: the memory is from `SharedMemory::new`, with this layout, and nobody holds it any more.
            unsafe { dealloc(self.start.as_ptr(), layout) };
        }
        LIVE_BYTES.fetch_sub(self.size, Ordering::SeqCst);
        charge.fetch_sub(self.size, Ordering::SeqCst);
    }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SharedMemory({} bytes)", self.size())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn bytes_count_until_the_last_holder_is_gone() {
        let charge = Arc::default();
        let memory = SharedMemory::new(1000, &charge).expect("memory");
        let weak = memory.downgrade();
        let other = memory.clone();
        drop(memory);
        assert_eq!(charge.load(Ordering::SeqCst), 1000);
        thread::spawn(move || drop(other)).join().expect("it ends");
        assert_eq!(charge.load(Ordering::SeqCst), 0);
        assert!(weak.is_gone());
    }

    #[test]
    fn memory_of_the_host_is_given_back_once() {
        struct Owner(Arc<AtomicUsize>);
        impl Drop for Owner {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let returned = Arc::new(AtomicUsize::new(0));
        let mut bytes = [0_u64; 2];
        let start = NonNull::from(&mut bytes).cast();
        // SAFETY: the array outlives the memory.
        let memory = unsafe { SharedMemory::of_host(start, 16, Box::new(Owner(Arc::clone(&returned)))) };
        let held: Vec<_> = (0..10).map(|_| memory.clone()).collect();
        drop(memory);
        assert_eq!(returned.load(Ordering::SeqCst), 0);
        drop(held);
        assert_eq!(returned.load(Ordering::SeqCst), 1);
    }
}
