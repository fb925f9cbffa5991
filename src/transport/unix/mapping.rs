//! Memory that several processes see at once.

use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};
use std::rc::Rc;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::memory::Memory;

/// A memory of fixed size in the address space of this process. Nobody can make it smaller while it is there.
#[derive(Debug)]
pub struct Mapping {
    memory: Rc<Memory>,
    start: NonNull<u8>,
    length: usize,
}

impl Mapping {
    /// New memory, all zeros.
    ///
    /// # Errors
    /// There is not so much, or the system has none.
    pub fn create(length: usize) -> io::Result<Self> {
        let memory = Memory::create()?;
        memory.fix(length as u64)?;
        Self::map(Rc::new(memory), length)
    }

    /// Memory of another process.
    ///
    /// # Errors
    /// It could still be made smaller, which would end this process when it touches what is gone.
    pub fn adopt(memory: Rc<Memory>) -> io::Result<Self> {
        if !memory.is_fixed() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "its size is not fixed"));
        }
        let length = usize::try_from(memory.size()?).map_err(|_| io::ErrorKind::InvalidInput)?;
        Self::map(memory, length)
    }

    fn map(memory: Rc<Memory>, length: usize) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new place in the address space, of which nobody else knows.
        let start = unsafe { mmap(ptr::null_mut(), length, access, MapFlags::SHARED, &*memory, 0) }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { memory, start, length })
    }

    /// Where it begins. What is in there may change at any time.
    pub fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Its bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// What is passed to other processes.
    pub fn memory(&self) -> &Rc<Memory> {
        &self.memory
    }

    /// The offset of a part, if that lies in it.
    pub fn offset_of(&self, data: *const u8, length: usize) -> Option<usize> {
        let offset = data.addr().checked_sub(self.start.as_ptr().addr())?;
        (offset.checked_add(length)? <= self.length).then_some(offset)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let start: *mut c_void = self.start.as_ptr().cast();
        // SAFETY: it was mapped with this length; whoever refers to it owns a share of this value.
        let _ = unsafe { munmap(start, self.length) };
    }
}
