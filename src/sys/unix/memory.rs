//! Anonymous memory that several processes can map: a descriptor passes it, and it ends with its last holder.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Whether this system has it.
pub const HAS_MEMORY: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A memory with a sealed size: no process can truncate it under a reader.
#[derive(Debug)]
pub struct Memory {
    descriptor: OwnedFd,
    id: u64,
    size: u64,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use rustix::fs::{
        FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, fcntl_get_seals, fstat, fstatfs, ftruncate,
        memfd_create,
    };
    use rustix::process::{Resource, getrlimit};

    use super::{Memory, OwnedFd, io};

    /// The type that `fstatfs` reports for ordinary memory. With another type, a touch may fail late.
    const TMPFS: u32 = 0x0102_1994;
    const FIXED: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

    impl Memory {
        /// New memory, all zeros. It occupies pages on first touch.
        ///
        /// # Errors
        /// No descriptors are left, or the file size limit is too low: the system counts the memory as a file.
        pub fn create(size: u64) -> io::Result<Self> {
            // Beyond that limit the system would end the process.
            if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < size) {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let descriptor = memfd_create("isolated-workers", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
            ftruncate(&descriptor, size)?;
            fcntl_add_seals(&descriptor, FIXED)?;
            Self::new(descriptor)
        }

        /// A memory that a peer has passed.
        ///
        /// # Errors
        /// It is something else, or another kind of memory, or its size is not sealed. Returns the descriptor, because
        /// closing it may block.
        pub fn adopt(descriptor: OwnedFd) -> Result<Self, OwnedFd> {
            match of_memory(&descriptor) {
                Ok(Some((id, size))) => Ok(Self { descriptor, id, size }),
                _ => Err(descriptor),
            }
        }

        fn new(descriptor: OwnedFd) -> io::Result<Self> {
            let (id, size) = identify(&descriptor)?;
            Ok(Self { descriptor, id, size })
        }

        /// Releases the bytes behind the first `keep`; they then read as zeros.
        pub fn trim(&self, keep: u64) {
            if self.size > keep {
                let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                // A hint: otherwise the memory stays until the connection ends.
                let _ = fallocate(&self.descriptor, flags, keep, self.size - keep);
            }
        }
    }

    fn identify(descriptor: &OwnedFd) -> io::Result<(u64, u64)> {
        let stat = fstat(descriptor)?;
        Ok((stat.st_ino, u64::try_from(stat.st_size).unwrap_or(0)))
    }

    /// Inode and size, if it is a memory.
    fn of_memory(descriptor: &OwnedFd) -> io::Result<Option<(u64, u64)>> {
        // Only memory has seals. This asks no file system before that: some answer late.
        if !fcntl_get_seals(descriptor)?.contains(FIXED) {
            return Ok(None);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "magic numbers have 32 bits")]
        let kind = fstatfs(descriptor)?.f_type as u32;
        if kind == TMPFS { identify(descriptor).map(Some) } else { Ok(None) }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Memory {
    /// This system has none.
    ///
    /// # Errors
    /// Always.
    pub fn create(_: u64) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// This system has none.
    ///
    /// # Errors
    /// Always.
    pub fn adopt(descriptor: OwnedFd) -> Result<Self, OwnedFd> {
        Err(descriptor)
    }

    /// This system has none.
    pub fn trim(&self, _: u64) {}
}

impl Memory {
    /// Its inode, which identifies it in every process.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The descriptor that passes it.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
