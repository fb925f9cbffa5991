//! Blocks of memory that know their size, aligned to 16 bytes.

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_vendor = "apple"))]
pub use of_c::*;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_vendor = "apple")))]
pub use with_header::*;

/// The memory of C's library, which tells the size of a block: a header would be a quarter of most blocks of the engine.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_vendor = "apple"))]
mod of_c {
    /// What each block takes beside its size.
    pub const EXTRA: usize = size_of::<usize>();

    /// A block of at least this size; null: there is no memory.
    pub fn alloc(size: usize) -> *mut u8 {
        // SAFETY: any size may be asked for.
        unsafe { libc::malloc(size).cast() }
    }

    /// A block of zeros.
    pub fn alloc_zeroed(size: usize) -> *mut u8 {
        // SAFETY: any size may be asked for.
        unsafe { libc::calloc(1, size).cast() }
    }

    /// # Safety
    ///
    /// `block` is one of this module's, and is not used again unless this returns null.
    pub unsafe fn realloc(block: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { libc::realloc(block.cast(), size).cast() }
    }

    /// # Safety
    ///
    /// `block` is one of this module's, and is not used again.
    pub unsafe fn free(block: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { libc::free(block.cast()) }
    }

    /// # Safety
    ///
    /// `block` is one of this module's.
    pub unsafe fn size_of_block(block: *mut u8) -> usize {
        #[cfg(target_vendor = "apple")]
        use libc::malloc_size;
        #[cfg(not(target_vendor = "apple"))]
        use libc::malloc_usable_size as malloc_size;
        // SAFETY: the caller's promise.
        unsafe { malloc_size(block.cast()) }
    }
}

/// The memory of Rust's library, with the size before each block.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_vendor = "apple")))]
mod with_header {
    use std::alloc::{self, Layout, dealloc};
    use std::ptr;

    /// What each block takes beside its size: also the alignment of all blocks.
    pub const EXTRA: usize = 16;

    fn layout(size: usize) -> Option<Layout> {
        Layout::from_size_align(size.checked_add(EXTRA)?, EXTRA).ok()
    }

    fn begin(whole: *mut u8, size: usize) -> *mut u8 {
        if whole.is_null() {
            return whole;
        }
        // SAFETY: the block begins with the header, and more follows, as far as `size` goes.
        unsafe {
            whole.cast::<usize>().write(size);
            whole.add(EXTRA)
        }
    }

    /// A block of this size; null: there is no memory.
    pub fn alloc(size: usize) -> *mut u8 {
        let Some(layout) = layout(size) else { return ptr::null_mut() };
        // SAFETY: the layout is not empty: it has a header.
        begin(unsafe { alloc::alloc(layout) }, size)
    }

    /// A block of zeros.
    pub fn alloc_zeroed(size: usize) -> *mut u8 {
        let Some(layout) = layout(size) else { return ptr::null_mut() };
        // SAFETY: the layout is not empty: it has a header.
        begin(unsafe { alloc::alloc_zeroed(layout) }, size)
    }

    /// # Safety
    ///
    /// `block` is one of this module's, and is not used again unless this returns null.
    pub unsafe fn realloc(block: *mut u8, size: usize) -> *mut u8 {
        let Some(wanted) = layout(size) else { return ptr::null_mut() };
        // SAFETY: the caller's promise: the layout is that of the block.
        unsafe {
            let known = Layout::from_size_align_unchecked(size_of_block(block) + EXTRA, EXTRA);
            begin(alloc::realloc(block.sub(EXTRA), known, wanted.size()), size)
        }
    }

    /// # Safety
    ///
    /// `block` is one of this module's, and is not used again.
    pub unsafe fn free(block: *mut u8) {
        // SAFETY: the caller's promise: the layout is that of the block.
        unsafe {
            let layout = Layout::from_size_align_unchecked(size_of_block(block) + EXTRA, EXTRA);
            dealloc(block.sub(EXTRA), layout);
        }
    }

    /// # Safety
    ///
    /// `block` is one of this module's.
    pub unsafe fn size_of_block(block: *mut u8) -> usize {
        // SAFETY: the caller's promise: the header is there, and aligned.
        unsafe { block.sub(EXTRA).cast::<usize>().read() }
    }
}
