//! Memory that several processes see at once.

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::copying::copy;
use super::memory::Memory;

/// A memory in the address space of this process. What is in there may change at any time, so nothing refers to it: it is
/// copied in and out.
#[derive(Debug)]
pub struct Mapping {
    memory: Memory,
    start: NonNull<u8>,
    length: usize,
}

impl Mapping {
    /// New memory, all zeros.
    ///
    /// # Errors
    /// What [`Memory::create`] says, or there is no room in the address space.
    pub fn create(length: usize) -> io::Result<Self> {
        Self::of(Memory::create(length as u64)?)
    }

    /// A memory of its own or of another process.
    ///
    /// # Errors
    /// It is empty, or there is no room in the address space.
    pub fn of(memory: Memory) -> io::Result<Self> {
        let length = usize::try_from(memory.size()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new place in the address space, of which nobody else knows.
        let start = unsafe { mmap(ptr::null_mut(), length, access, MapFlags::SHARED, &memory, 0) }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { memory, start, length })
    }

    /// Its bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// What is passed to other processes.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Where it begins.
    pub fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Where a part begins, if that lies in it.
    pub fn part(&self, offset: u64, length: usize) -> Option<*mut u8> {
        let offset = usize::try_from(offset).ok()?;
        let fits = offset.checked_add(length)? <= self.length;
        // SAFETY: it lies in there.
        fits.then(|| unsafe { self.start.as_ptr().add(offset) })
    }

    /// The offset of a part that is known by its address, if it lies in it.
    pub fn offset_of(&self, data: *const u8, length: usize) -> Option<usize> {
        let offset = data.addr().checked_sub(self.start.as_ptr().addr())?;
        (offset.checked_add(length)? <= self.length).then_some(offset)
    }

    /// Copies bytes into it; `false`: they do not fit there.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> bool {
        let Some(part) = self.part(offset, bytes.len()) else { return false };
        // SAFETY: it lies in there, and memory of this process does not.
        unsafe { copy(bytes.as_ptr(), part, bytes.len()) };
        true
    }

    /// Copies bytes out of it; `false`: there are not so many. What another process writes meanwhile may be among them.
    pub fn read(&self, offset: u64, into: &mut [MaybeUninit<u8>]) -> bool {
        let Some(part) = self.part(offset, into.len()) else { return false };
        // SAFETY: as in `write`.
        unsafe { copy(part, into.as_mut_ptr().cast(), into.len()) };
        true
    }

    /// The number at its beginning, which both sides may change at any time.
    pub fn number(&self) -> u64 {
        self.first().map_or(0, |number| number.load(Ordering::Acquire))
    }

    /// Changes it. What was read before is read by then.
    pub fn set_number(&self, value: u64) {
        if let Some(number) = self.first() {
            number.store(value, Ordering::Release);
        }
    }

    fn first(&self) -> Option<&AtomicU64> {
        let number = self.part(0, size_of::<AtomicU64>())?;
        // SAFETY: it lies in there, at the start of a page, and is only used so.
        Some(unsafe { AtomicU64::from_ptr(number.cast()) })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let start: *mut c_void = self.start.as_ptr().cast();
        // SAFETY: it was mapped with this length; whoever refers to it owns a share of this value.
        let _ = unsafe { munmap(start, self.length) };
    }
}
