//! Memory without a name that two processes see: it is passed beside a stream and gone with its last holder.
//!
//! It is read and written like a file. So a peer that cuts it short, or writes while it is read, gives wrong bytes or an
//! error, and never a signal.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Whether this system has it.
pub const HAS_MEMORY: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A memory, or this process's hold on it.
#[derive(Debug)]
pub struct Memory {
    descriptor: OwnedFd,
    id: u64,
}

impl Memory {
    /// A new one, empty; it grows when it is written.
    ///
    /// # Errors
    /// No descriptors are left, or the system has none.
    pub fn create() -> io::Result<Self> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::fs::{MemfdFlags, memfd_create};
            let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
            Self::new(memfd_create("isolated-workers", flags)?)
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        Err(io::ErrorKind::Unsupported.into())
    }

    /// One that a peer has passed.
    ///
    /// # Errors
    /// It is something else: a file, or memory of another kind, where reading may block or fail late.
    pub fn adopt(descriptor: OwnedFd) -> io::Result<Self> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            /// What `fstatfs` says of memory of the ordinary kind.
            const TMPFS: u32 = 0x0102_1994;
            // Only memory has seals.
            rustix::fs::fcntl_get_seals(&descriptor)?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "magic numbers have 32 bits")]
            let kind = rustix::fs::fstatfs(&descriptor)?.f_type as u32;
            if kind == TMPFS { Self::new(descriptor) } else { Err(io::ErrorKind::InvalidInput.into()) }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            drop(descriptor);
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn new(descriptor: OwnedFd) -> io::Result<Self> {
        let id = rustix::fs::fstat(&descriptor)?.st_ino;
        Ok(Self { descriptor, id })
    }

    /// What tells it from others, in every process that has it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn size(&self) -> io::Result<u64> {
        Ok(u64::try_from(rustix::fs::fstat(&self.descriptor)?.st_size).unwrap_or(0))
    }

    /// Writes all bytes from `offset` on.
    ///
    /// # Errors
    /// There is no memory left. Some may have been written.
    pub fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::pwrite(&self.descriptor, bytes, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    bytes = &bytes[count..];
                    offset += count as u64;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Gives it a size that nobody can change any more. It takes memory where it is touched first.
    ///
    /// # Errors
    /// What the system says.
    pub fn fix(&self, size: u64) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::fs::{fcntl_add_seals, ftruncate};
            ftruncate(&self.descriptor, size)?;
            Ok(fcntl_add_seals(&self.descriptor, Self::fixed())?)
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            let _ = size;
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// Whether nobody can change its size.
    pub fn is_fixed(&self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            rustix::fs::fcntl_get_seals(&self.descriptor).is_ok_and(|seals| seals.contains(Self::fixed()))
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        false
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn fixed() -> rustix::fs::SealFlags {
        use rustix::fs::SealFlags;
        SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL
    }

    /// Fills `into` from `offset` on.
    ///
    /// # Errors
    /// The memory ends before that.
    pub fn read_at(&self, into: &mut [MaybeUninit<u8>], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while done < into.len() {
            match rustix::io::pread(&self.descriptor, &mut into[done..], offset + done as u64) {
                Ok(([], _)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok((read, _)) => done += read.len(),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The integer at `offset`.
    ///
    /// # Errors
    /// The memory ends before that.
    pub fn read_number(&self, offset: u64) -> io::Result<u64> {
        let mut bytes = [0; 8];
        match rustix::io::pread(&self.descriptor, &mut bytes, offset)? {
            8 => Ok(u64::from_le_bytes(bytes)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Gives back what is behind the first `keep` bytes; it reads as zeros then.
    pub fn trim(&self, keep: u64) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Ok(size) = self.size()
            && size > keep
        {
            use rustix::fs::{FallocateFlags, fallocate};
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            // A wish: it costs memory until the connection ends.
            let _ = fallocate(&self.descriptor, flags, keep, size - keep);
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = keep;
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
