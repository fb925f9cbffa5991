//! Socket pairs: the private connection between a host and its worker.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::fd_passing;
use crate::sys::Until;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socket_with};

/// Kernel buffers of this size let a large frame pass in few context switches. The kernel caps the size silently.
const BUFFER: usize = 1 << 20;

/// A write to a closed reader raises no signal.
#[cfg(not(target_vendor = "apple"))]
pub(super) const QUIETLY: SendFlags = SendFlags::NOSIGNAL;
/// These systems have no such flag; Node's runtime ignores the signal, as Rust's does.
#[cfg(target_vendor = "apple")]
pub(super) const QUIETLY: SendFlags = SendFlags::empty();

/// One end of a connection. Reads and writes never block.
#[derive(Debug)]
pub struct Stream(pub(super) UnixStream);

/// The end that a child process inherits; closed when dropped.
#[derive(Debug)]
pub struct ChildEnd(pub(super) UnixStream);

/// A connected pair: the host's end and the child's.
///
/// # Errors
/// No file descriptors are left.
pub fn pair() -> io::Result<(Stream, ChildEnd)> {
    let (ours, theirs) = UnixStream::pair()?;
    for end in [&ours, &theirs] {
        // A hint: without it large frames are slower.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(end, BUFFER);
    }
    ours.set_nonblocking(true)?;
    Ok((Stream(ours), ChildEnd(theirs)))
}

/// Takes over the end that this process inherited as the file descriptor `fd`.
///
/// # Errors
/// It is not an open socket.
pub fn adopt(fd: RawFd) -> io::Result<Stream> {
    let stream = UnixStream::from(adopt_socket(fd)?);
    stream.set_nonblocking(true)?;
    Ok(Stream(stream))
}

/// The process that opened the other end of the socket `fd`; `None` if it is not known.
pub fn peer_of(fd: RawFd) -> Option<i32> {
    if fd < 0 {
        return None;
    }
    // SAFETY: it is only looked at; if it is not open, the call fails.
    super::peer::process_behind(&unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Child processes do not inherit the descriptor.
pub fn keep_from_children(fd: RawFd) {
    if fd <= 2 {
        return;
    }
    // SAFETY: it is only looked at and marked; if it is not open, the calls fail.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    if let Ok(flags) = fcntl_getfd(borrowed) {
        let _ = fcntl_setfd(borrowed, flags | FdFlags::CLOEXEC);
    }
}

pub(super) fn adopt_socket(fd: RawFd) -> io::Result<OwnedFd> {
    if fd <= 2 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a standard stream is not a worker's channel"));
    }
    // SAFETY: the descriptor is only looked at; if it is not open, the calls fail with EBADF.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::net::sockopt::socket_type(borrowed)?;
    // The worker's children must not hold the channel open.
    fcntl_setfd(borrowed, fcntl_getfd(borrowed)? | FdFlags::CLOEXEC)?;
    // SAFETY: the facade gives descriptors that this module has made and handed out, or that the host handed to this process
    // for this purpose. Those the environment names by device and inode too, so they are no others; and the variables are
    // removed when they are read, so they are adopted once.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Opens a child's end by its address, as a number for [`adopt`].
///
/// # Errors
/// Always: a child inherits its end.
pub fn open(_: &str) -> io::Result<RawFd> {
    Err(io::ErrorKind::Unsupported.into())
}

impl ChildEnd {
    /// The descriptor for the child's `stdio`.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Where the child finds its end; `None`: it inherits the descriptor.
    pub fn address(&self) -> Option<String> {
        None
    }

    /// The child has started. Returns what this process must keep until the child's end: nothing, because the child has
    /// inherited its own copy.
    pub fn started(self) -> Option<Self> {
        None
    }
}

impl Stream {
    /// Reads the available bytes.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is; 0 bytes mean the end.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    /// How many unread bytes have arrived. 0 if the system does not report it.
    pub fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.0).unwrap_or(0)
    }

    /// Writes the bytes that fit.
    ///
    /// # Errors
    /// `WouldBlock` if none fit. Never raises SIGPIPE: Rust's and Node's runtimes ignore it.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    /// Like [`Stream::try_read`]; adds descriptors that arrived beside the bytes to `passed`. One read never continues
    /// beyond the bytes of the first descriptors.
    ///
    /// # Errors
    /// As there.
    pub fn try_read_passed(&self, buffer: &mut [u8], passed: &mut Vec<OwnedFd>) -> io::Result<usize> {
        fd_passing::read(&self.0, buffer, passed)
    }

    /// Like [`Stream::try_write`], with at most [`fd_passing::MOST_DESCRIPTORS`] descriptors beside the first byte.
    ///
    /// # Errors
    /// As there.
    pub fn try_write_passing(&self, bytes: &[u8], passed: &[BorrowedFd<'_>]) -> io::Result<usize> {
        fd_passing::write(&self.0, bytes, passed)
    }

    /// Allows or refuses descriptors beside the bytes: a refused sender gets an error, if the system supports that.
    /// Returns whether it does; refused descriptors then never arrive.
    pub fn allow_passing(&self, allowed: bool) -> bool {
        fd_passing::allow(&self.0, allowed)
    }

    /// Blocks the calling thread until the stream is ready for `until`, or has ended. Returns whether that happened in
    /// time.
    ///
    /// # Errors
    /// What `poll` says.
    pub fn wait(&self, until: Until, timeout: Option<Duration>) -> io::Result<bool> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let flags = match until {
            Until::Readable => PollFlags::IN,
            Until::Writable => PollFlags::OUT,
            Until::Either => PollFlags::IN | PollFlags::OUT,
        };
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let left =
                left.map(|left| Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i32::MAX.into(), tv_nsec: 0 }));
            match poll(&mut [PollFd::new(&self.0, flags)], left.as_ref()) {
                Ok(ready) => return Ok(ready > 0),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A number by which [`adopt`] takes it over in this process.
    pub fn hand_over(self) -> RawFd {
        self.into_raw_fd()
    }

    /// The descriptor, for an engine that polls it.
    pub fn raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// A socket that child processes started meanwhile do not inherit, and that never blocks.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn new_socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?)
}

/// For systems without such flags: a process that starts in between inherits it.
#[cfg(target_vendor = "apple")]
pub(super) fn new_socket() -> io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// Whether a read would return something now, or an error or the end.
pub fn is_readable(descriptor: BorrowedFd<'_>) -> bool {
    const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&NOW)) != Ok(0)
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl IntoRawFd for Stream {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// A [`Stream`] that the I/O thread watches while another thread reads and writes.
#[derive(Debug)]
pub struct WatchedStream(AsyncFd<Stream>);

impl WatchedStream {
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The runtime cannot watch it.
    pub fn new(stream: Stream) -> io::Result<Self> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        // SAFETY: the descriptor belongs to `stream`, which the registration owns; it stays open as long as that lives.
        let watched = unsafe { AsyncFd::register_with_interest(stream, interest) };
        Ok(Self(watched?))
    }

    /// Resolves when input has arrived since the last time. Readiness is an edge: the reader must read until
    /// `WouldBlock`. `false`: the stream has ended, and this reports no more.
    pub async fn readable(&self) -> io::Result<bool> {
        let mut guard = self.0.readable().await?;
        // Once cleared, the guard knows nothing any more; and a closed side stays ready for ever.
        let closed = guard.ready().is_read_closed();
        guard.clear_ready();
        Ok(!closed)
    }

    /// Resolves when the stream accepts bytes again after a write returned `WouldBlock`.
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await?.clear_ready();
        Ok(())
    }

    /// The stream.
    pub fn stream(&self) -> &Stream {
        self.0.get_ref()
    }

    /// See [`Stream::try_read`].
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.get_ref().try_read(buffer)
    }

    /// See [`Stream::try_write`].
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.get_ref().try_write(bytes)
    }

    /// See [`Stream::wait`].
    pub fn wait(&self, until: Until, timeout: Option<Duration>) -> io::Result<bool> {
        self.0.get_ref().wait(until, timeout)
    }
}
