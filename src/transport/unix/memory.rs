//! Memory without a name that several processes can have: it is passed beside a stream and gone with its last holder.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Whether this system has it.
pub const HAS_MEMORY: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// This process's hold on a memory, whose size is fixed: nobody can cut it short under a reader.
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

    /// What `fstatfs` says of memory of the ordinary kind. With another, touching it may fail late.
    const TMPFS: u32 = 0x0102_1994;
    const FIXED: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

    impl Memory {
        /// New memory, all zeros. It takes room where it is touched first.
        ///
        /// # Errors
        /// No descriptors are left, or files must not be so large: the system counts it as one.
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

        /// One that a peer has passed.
        ///
        /// # Errors
        /// It is something else, or memory of another kind, or could still be made smaller.
        pub fn adopt(descriptor: OwnedFd) -> io::Result<Self> {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "magic numbers have 32 bits")]
            let kind = fstatfs(&descriptor)?.f_type as u32;
            // Only memory has seals.
            if kind == TMPFS && fcntl_get_seals(&descriptor)?.contains(FIXED) {
                Self::new(descriptor)
            } else {
                Err(io::ErrorKind::InvalidInput.into())
            }
        }

        fn new(descriptor: OwnedFd) -> io::Result<Self> {
            let stat = fstat(&descriptor)?;
            Ok(Self { descriptor, id: stat.st_ino, size: u64::try_from(stat.st_size).unwrap_or(0) })
        }

        /// Gives back what is behind the first `keep` bytes; it reads as zeros then.
        pub fn trim(&self, keep: u64) {
            if self.size > keep {
                let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                // A wish: else it is there until the connection ends.
                let _ = fallocate(&self.descriptor, flags, keep, self.size - keep);
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Memory {
    /// There is none on this system.
    ///
    /// # Errors
    /// Always.
    pub fn create(_: u64) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// There is none on this system.
    ///
    /// # Errors
    /// Always.
    pub fn adopt(_: OwnedFd) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// There is none on this system.
    pub fn trim(&self, _: u64) {}
}

impl Memory {
    /// What tells it from others, in every process that has it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
