//! Memory that several processes map: this system has none that a pipe passes.

use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::AtomicU32;

use super::Descriptor;
use super::memory::Memory;

/// There is none.
#[derive(Debug)]
pub struct Mapping(Descriptor);

impl Mapping {
    /// This system has none.
    ///
    /// # Errors
    /// Always.
    pub fn create(_: usize) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Maps a memory of this or another process.
    ///
    /// # Errors
    /// There is none.
    pub fn of(memory: Memory) -> io::Result<Self> {
        match *memory.descriptor() {}
    }

    /// The size in bytes.
    pub fn length(&self) -> usize {
        match self.0 {}
    }

    /// The memory, to pass to other processes.
    pub fn memory(&self) -> &Memory {
        match self.0 {}
    }

    /// The start address.
    pub fn start(&self) -> *mut u8 {
        match self.0 {}
    }

    /// The address of a range, if it lies in the memory.
    pub fn range(&self, _: u64, _: usize) -> Option<*mut u8> {
        match self.0 {}
    }

    /// Copies bytes into it.
    pub fn write(&self, _: u64, _: &[u8]) -> bool {
        match self.0 {}
    }

    /// Copies bytes out of it.
    pub fn read(&self, _: u64, _: &mut [MaybeUninit<u8>]) -> bool {
        match self.0 {}
    }

    /// The word of 32 bits with this number, if it lies in the memory.
    pub fn word(&self, _: u64) -> Option<&AtomicU32> {
        match self.0 {}
    }

    /// The number in its header.
    pub fn number(&self) -> u64 {
        match self.0 {}
    }

    /// Changes the number in the header.
    pub fn set_number(&self, _: u64) {
        match self.0 {}
    }
}
