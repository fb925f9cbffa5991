//! Descriptors that go beside the bytes of a stream.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The most that go with one write.
pub const MOST_DESCRIPTORS: usize = 64;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn read(stream: &UnixStream, buffer: &mut [u8], passed: &mut Vec<OwnedFd>) -> io::Result<usize> {
    use std::io::IoSliceMut;
    use std::mem::MaybeUninit;

    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let read = recvmsg(stream, &mut [IoSliceMut::new(buffer)], &mut beside, RecvFlags::CMSG_CLOEXEC)?;
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            passed.extend(descriptors);
        }
    }
    Ok(read.bytes)
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
        // Too many are on their way; it will do once their readers have taken them.
        Err(rustix::io::Errno::TOOMANYREFS) => Err(io::ErrorKind::WouldBlock.into()),
        written => Ok(written?),
    }
}

/// Nothing is passed where there is no memory to pass.
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
