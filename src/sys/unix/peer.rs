//! The process at the other end of a stream, as the kernel reports it.

use std::io;
use std::os::unix::net::UnixStream;

/// The process that opened the other end of the socket; `None` if this PID namespace cannot see it, or nothing is known.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn process_behind(socket: &impl std::os::fd::AsFd) -> Option<i32> {
    use std::os::fd::AsRawFd;

    // Not by `rustix`: its type for a process has no zero, which stands for a process of another namespace.
    let mut peer = libc::ucred { pid: 0, uid: libc::uid_t::MAX, gid: libc::gid_t::MAX };
    let mut size = libc::socklen_t::try_from(size_of::<libc::ucred>()).ok()?;
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open, and the system writes at most `size` bytes to `peer`, of which any are valid.
    let outcome = unsafe {
        libc::getsockopt(descriptor, libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut peer).cast(), &raw mut size)
    };
    Some(peer.pid).filter(|pid| outcome == 0 && *pid > 0)
}

/// This library does not ask this system for it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn process_behind(_: &impl std::os::fd::AsFd) -> Option<i32> {
    None
}

/// Whether it is a process of this user.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn is_this_user(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream)
        .is_ok_and(|peer| peer.uid.as_raw() == rustix::process::geteuid().as_raw())
}

/// Whether it is a process of this user.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn is_this_user(stream: &UnixStream) -> bool {
    use std::os::fd::AsRawFd;

    let (mut user, mut group) = (libc::uid_t::MAX, libc::gid_t::MAX);
    // SAFETY: the descriptor is open, and both numbers are there to be written.
    let outcome = unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) };
    outcome == 0 && user == rustix::process::geteuid().as_raw()
}

/// Makes the kernel report the writing process with each byte. Call it before there is anything to read.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn name_writers(stream: &impl std::os::fd::AsFd, wanted: bool) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_passcred(stream, wanted)?)
}

/// This system does not report it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn name_writers(_: &impl std::os::fd::AsFd, _: bool) -> io::Result<()> {
    Ok(())
}

/// Reads one byte, and the process that wrote it: 0 if this PID namespace cannot see it, `None` if the kernel does not
/// report it. No byte: the end.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn read_byte(stream: &UnixStream) -> io::Result<Option<(u8, Option<i32>)>> {
    use std::mem::{MaybeUninit, size_of};
    use std::os::fd::AsRawFd;
    use std::ptr;

    // The buffer has room for the process alone, so it admits no descriptors.
    #[repr(C, align(8))]
    struct Control([u8; 64]);

    let mut byte = 0_u8;
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: zeros are a message without anything.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    // The type of the length differs between the C libraries.
    #[allow(clippy::useless_conversion, reason = "it is no conversion with some of them")]
    {
        message.msg_controllen = size_of::<Control>().try_into().map_err(|_| io::ErrorKind::InvalidInput)?;
    }
    // SAFETY: all that the message refers to is here until the call returns.
    let read = unsafe { libc::recvmsg(stream.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    if read < 0 {
        return Err(io::Error::last_os_error());
    }
    if read == 0 {
        return Ok(None);
    }
    let mut writer = None;
    // SAFETY: the kernel has filled the header, which these walk through.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !next.is_null() {
        // SAFETY: it lies in `control`, as the kernel wrote it.
        let header = unsafe { ptr::read_unaligned(next) };
        // SAFETY: likewise.
        let data = unsafe { libc::CMSG_DATA(next) };
        match (header.cmsg_level, header.cmsg_type) {
            (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => {
                // SAFETY: a message of this kind has one of these.
                let sender: libc::ucred = unsafe { ptr::read_unaligned(data.cast()) };
                writer = Some(sender.pid);
            }
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => refuse(&header, data),
            _ => {}
        }
        // SAFETY: `next` is a header that the kernel has filled, in the message that it belongs to.
        next = unsafe { libc::CMSG_NXTHDR(&raw const message, next) };
    }
    Ok(Some((byte, writer)))
}

/// Closes descriptors that arrived unasked.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn refuse(header: &libc::cmsghdr, data: *const u8) {
    use std::os::fd::{FromRawFd, OwnedFd, RawFd};

    // SAFETY: a constant function.
    let overhead = unsafe { libc::CMSG_LEN(0) } as usize;
    #[allow(clippy::unnecessary_cast, reason = "its type differs between the C libraries")]
    let length = (header.cmsg_len as usize).saturating_sub(overhead);
    for index in 0..length / size_of::<RawFd>() {
        // SAFETY: the kernel has put as many descriptors there, which nobody else has yet.
        let descriptor = unsafe { OwnedFd::from_raw_fd(data.cast::<RawFd>().add(index).read_unaligned()) };
        super::closing::close_elsewhere([descriptor]);
    }
}

/// Reads one byte; the writing process is unknown.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn read_byte(stream: &UnixStream) -> io::Result<Option<(u8, Option<i32>)>> {
    use std::io::Read;

    let mut byte = [0];
    let mut stream = stream;
    Ok((stream.read(&mut byte)? == 1).then_some((byte[0], None)))
}
