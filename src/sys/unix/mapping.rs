//! Memory that several processes map.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};

use super::copying::copy;
use super::memory::Memory;

/// A memory in the address space of this process. Another process may change it at any time, so no reference to its
/// bytes exists: copies that expect this move them in and out ([`super::copying`]).
#[derive(Debug)]
pub struct Mapping {
    memory: Memory,
    mapped: MmapRaw,
}

impl Mapping {
    /// New memory, all zeros.
    ///
    /// # Errors
    /// What [`Memory::create`] says, or there is no room in the address space.
    pub fn create(length: usize) -> io::Result<Self> {
        Self::of(Memory::create(length as u64)?)
    }

    /// Maps a memory of this or another process.
    ///
    /// # Errors
    /// It is empty, or there is no room in the address space.
    pub fn of(memory: Memory) -> io::Result<Self> {
        let length = usize::try_from(memory.size()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        if length == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mapped = MmapOptions::new().len(length).map_raw(memory.as_fd().as_raw_fd())?;
        Ok(Self { memory, mapped })
    }

    /// The size in bytes.
    pub fn length(&self) -> usize {
        self.mapped.len()
    }

    /// The memory, to pass to other processes.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The start address. The user of the address keeps this value alive.
    pub fn start(&self) -> *mut u8 {
        self.mapped.as_mut_ptr()
    }

    /// The address of a range, if it lies in the memory.
    pub fn range(&self, offset: u64, length: usize) -> Option<*mut u8> {
        let offset = usize::try_from(offset).ok()?;
        let fits = offset.checked_add(length)? <= self.length();
        // SAFETY: it lies in there.
        fits.then(|| unsafe { self.start().add(offset) })
    }

    /// Copies bytes into it; `false`: they do not fit.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> bool {
        let Some(range) = self.range(offset, bytes.len()) else { return false };
        // SAFETY: it lies in there, and memory of this process does not.
        unsafe { copy(bytes.as_ptr(), range, bytes.len()) };
        true
    }

    /// Copies bytes out of it; `false`: it is too short. Another process may write meanwhile, so the bytes may be
    /// mixed.
    pub fn read(&self, offset: u64, into: &mut [MaybeUninit<u8>]) -> bool {
        let Some(range) = self.range(offset, into.len()) else { return false };
        // SAFETY: it lies in there, and memory of this process does not.
        unsafe { copy(range, into.as_mut_ptr().cast(), into.len()) };
        true
    }

    /// The word of 32 bits with this number, counted from the start, if it lies in the memory.
    pub fn word(&self, index: u64) -> Option<&AtomicU32> {
        let size = size_of::<AtomicU32>();
        let word = self.range(index.checked_mul(size as u64)?, size)?;
        // SAFETY: it lies in there, at a multiple of its size from the start of a page, and this only gives it to the system.
        Some(unsafe { AtomicU32::from_ptr(word.cast()) })
    }

    /// The number in its header, which both sides may change at any time.
    pub fn number(&self) -> u64 {
        self.first().map_or(0, |number| number.load(Ordering::Acquire))
    }

    /// Changes the number in the header. Earlier reads are complete by then.
    pub fn set_number(&self, value: u64) {
        if let Some(number) = self.first() {
            number.store(value, Ordering::Release);
        }
    }

    fn first(&self) -> Option<&AtomicU64> {
        let number = self.range(0, size_of::<AtomicU64>())?;
        // SAFETY: it lies in there, at the start of a page, and is only used so.
        Some(unsafe { AtomicU64::from_ptr(number.cast()) })
    }
}
