//! Passing descriptors beside the bytes of a stream.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The most descriptors of one write.
pub const MOST_DESCRIPTORS: usize = 64;
/// The most descriptors that another process can send with one write. The system closes those that do not fit at once,
/// which may block.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MOST_RECEIVED: usize = 253;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn read(stream: &UnixStream, buffer: &mut [u8], passed: &mut Vec<OwnedFd>) -> io::Result<usize> {
    use std::io::IoSliceMut;
    use std::mem::MaybeUninit;

    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_RECEIVED))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let read = recvmsg(stream, &mut [IoSliceMut::new(buffer)], &mut beside, RecvFlags::CMSG_CLOEXEC)?;
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            passed.extend(descriptors);
        }
    }
    Ok(read.bytes)
}

/// Reads from a connection that expects no descriptor: closes arriving ones on another thread.
pub(super) fn read_refusing(stream: &UnixStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut passed = Vec::new();
    let read = read(stream, buffer, &mut passed)?;
    if super::closing::close_elsewhere(passed) { Ok(read) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Allows descriptors, or lets the system refuse them (Linux 6.16): the sender then gets an error. Returns whether the
/// system can.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn allow(stream: &impl AsFd, allowed: bool) -> bool {
    use std::os::fd::AsRawFd;

    const SO_PASSRIGHTS: libc::c_int = 83;
    let value = libc::c_int::from(allowed);
    let length = libc::socklen_t::try_from(size_of_val(&value)).unwrap_or(0);
    let stream = stream.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open, and the value is there. A system that does not know this refuses it.
    unsafe { libc::setsockopt(stream, libc::SOL_SOCKET, SO_PASSRIGHTS, (&raw const value).cast(), length) == 0 }
}

/// This system cannot.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn allow(_: &impl AsFd, _: bool) -> bool {
    false
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn write(stream: &UnixStream, bytes: &[u8], passed: &[BorrowedFd<'_>]) -> io::Result<usize> {
    use std::io::IoSlice;
    use std::mem::MaybeUninit;

    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, sendmsg};

    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !beside.push(SendAncillaryMessage::ScmRights(passed)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    match sendmsg(stream, &[IoSlice::new(bytes)], &mut beside, super::QUIETLY) {
        // Too many are in transit; a later write succeeds, after their readers have taken them.
        Err(rustix::io::Errno::TOOMANYREFS) => Err(io::ErrorKind::WouldBlock.into()),
        written => Ok(written?),
    }
}

/// This system has no memory to pass.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn read(stream: &UnixStream, buffer: &mut [u8], _: &mut Vec<OwnedFd>) -> io::Result<usize> {
    use std::io::Read;

    let mut stream = stream;
    stream.read(buffer)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn write(_: &UnixStream, _: &[u8], _: &[BorrowedFd<'_>]) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
