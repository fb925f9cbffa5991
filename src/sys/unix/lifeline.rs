//! The ends of a lifeline: a second socket pair that carries liveness and new connections, but no messages.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, send, sendmsg,
};

use super::{ChildEnd, QUIETLY, Stream, adopt, fd_passing};
pub use crate::sys::pulse::Pulse;
use crate::sys::pulse::{Answers, MOST_AT_ONCE, MOST_READS, PATIENCE, PING, STREAM, TOKEN, answer, debugger, report};

/// A process that is started meanwhile does not inherit received descriptors.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOSED_ON_EXEC: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOSED_ON_EXEC: RecvFlags = RecvFlags::empty();

/// The host's end. Its loss, for any reason, informs the worker of its host's death.
#[derive(Debug)]
pub struct HostEnd {
    stream: UnixStream,
    answers: Answers,
}

/// Tells the host why this worker ends itself.
#[derive(Debug)]
pub struct Reporter(UnixStream);

/// The worker's end.
#[derive(Debug)]
pub struct WorkerEnd(UnixStream);

/// The reports of a worker's end.
#[derive(Debug)]
pub enum Signal {
    /// The host pings, with a number.
    Ping(u8),
    /// The host connects again.
    Stream(Stream),
    /// The host has ended.
    End,
}

/// A new lifeline: the host's end and the child's.
///
/// # Errors
/// No file descriptors are left.
pub fn lifeline() -> io::Result<(HostEnd, ChildEnd)> {
    let (ours, theirs) = UnixStream::pair()?;
    Ok((HostEnd::new(ours)?, ChildEnd(theirs)))
}

impl HostEnd {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        fd_passing::allow(&stream, false);
        Ok(Self { stream, answers: Answers::default() })
    }

    /// Sends a detached worker its token, before all other data. Does not block.
    ///
    /// # Errors
    /// It is too long, or the worker is gone.
    pub fn give_token(&self, token: &str) -> io::Result<()> {
        let length = u8::try_from(token.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let message = [&[TOKEN, length], token.as_bytes()].concat();
        let sent = send(&self.stream, &message, SendFlags::DONTWAIT | QUIETLY)?;
        if sent == message.len() { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    /// Pings the worker. Does not block.
    ///
    /// # Errors
    /// `WouldBlock`: it has not read what was asked before; else it is gone.
    pub fn ping(&mut self) -> io::Result<()> {
        let end = self.read();
        if self.answers.is_broken {
            return Err(end);
        }
        send(&self.stream, &self.answers.ping(), SendFlags::DONTWAIT | QUIETLY)?;
        Ok(())
    }

    /// The answer to the last ping, once. Does not block.
    ///
    /// # Errors
    /// `WouldBlock`: there is none yet; else the worker is gone.
    pub fn pulse(&mut self) -> io::Result<Pulse> {
        let end = self.read();
        self.answers.pulse.take().ok_or(end)
    }

    /// Whether the worker has reported that a debugger may stop it. Does not block.
    pub fn is_debugged(&mut self) -> bool {
        self.read();
        self.answers.debugged
    }

    /// Reads all input; returns why there is no more. Ignores a worker that sends too much, as if it were silent:
    /// reading on might never end.
    fn read(&mut self) -> io::Error {
        let mut bytes = [0; MOST_AT_ONCE];
        for _ in 0..MOST_READS {
            if self.answers.is_broken {
                break;
            }
            match fd_passing::read_refusing(&self.stream, &mut bytes) {
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                Ok(count) => self.answers.take(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error,
            }
        }
        self.answers.is_broken = true;
        io::ErrorKind::WouldBlock.into()
    }

    /// The last report of a worker that has ended.
    pub fn report(&mut self) -> Option<u64> {
        self.read();
        self.answers.report
    }

    /// Passes the worker the child's end of a new pair. Does not block.
    ///
    /// # Errors
    /// The worker is gone, or has not read what was sent before.
    pub fn pass(&self, end: &ChildEnd) -> io::Result<()> {
        let fds = [end.0.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&fds));
        sendmsg(&self.stream, &[IoSlice::new(&[STREAM, 0])], &mut control, SendFlags::DONTWAIT | QUIETLY)?;
        Ok(())
    }
}

impl WorkerEnd {
    /// Takes over the end that this process inherited as the file descriptor `fd`.
    ///
    /// # Errors
    /// It is not an open socket.
    pub fn adopt(fd: RawFd) -> io::Result<Self> {
        let Stream(stream) = adopt(fd)?;
        stream.set_nonblocking(false)?;
        Ok(Self(stream))
    }

    /// A lifeline that an attached host has opened.
    pub(super) fn from_stream(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// The token of a detached worker, which its host wrote before the start. Call it before [`Self::next`].
    ///
    /// # Errors
    /// It is not there.
    pub fn take_token(&self) -> io::Result<String> {
        let take = || {
            let mut head = [0; 2];
            (&self.0).read_exact(&mut head)?;
            let mut token = vec![0; head[1].into()];
            (&self.0).read_exact(&mut token)?;
            let token = String::from_utf8(token).ok().filter(|_| head[0] == TOKEN);
            token.ok_or_else(|| io::ErrorKind::InvalidData.into())
        };
        self.0.set_read_timeout(Some(PATIENCE))?;
        let token = take();
        self.0.set_read_timeout(None)?;
        token
    }

    /// A handle for reports while this end waits.
    ///
    /// # Errors
    /// No file descriptors are left.
    pub fn reporter(&self) -> io::Result<Reporter> {
        self.0.try_clone().map(Reporter)
    }

    /// Reports to the host, unasked, whether a debugger may stop this worker. Does not block.
    pub fn report_debugged(&self, debugged: bool) {
        let _ = send(&self.0, &debugger(debugged), SendFlags::DONTWAIT | QUIETLY);
    }

    /// Blocks until there is a report.
    pub fn next(&self) -> Signal {
        loop {
            let mut bytes = [0; 2];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let received = recvmsg(&self.0, &mut [IoSliceMut::new(&mut bytes)], &mut control, CLOSED_ON_EXEC);
            let passed = control.drain().find_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
                _ => None,
            });
            match (received, passed) {
                (Err(rustix::io::Errno::INTR), _) => {}
                (Ok(message), _) if message.bytes == 0 => return Signal::End,
                (Err(_), _) => return Signal::End,
                (Ok(_), Some(fd)) => {
                    if let Ok(stream) = to_stream(fd) {
                        return Signal::Stream(stream);
                    }
                }
                (Ok(_), None) if bytes[0] == PING => return Signal::Ping(bytes[1]),
                (Ok(_), None) => {}
            }
        }
    }

    /// Answers a ping; `None`: unknown.
    pub fn answer(&self, ping: u8, busy: Option<Duration>) {
        // `next` reports a host that has ended.
        let _ = (&self.0).write_all(&answer(ping, busy));
    }
}

impl Reporter {
    /// Reports to the host. Does nothing if the host has ended.
    pub fn report(&self, number: u64) {
        let _ = (&self.0).write_all(&report(number));
    }
}

fn to_stream(fd: OwnedFd) -> io::Result<Stream> {
    // Some systems report it without this.
    let flags = rustix::io::fcntl_getfd(&fd)?;
    rustix::io::fcntl_setfd(&fd, flags | rustix::io::FdFlags::CLOEXEC)?;
    if rustix::net::sockopt::socket_type(&fd)? != rustix::net::SocketType::STREAM {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let stream = UnixStream::from(fd);
    stream.set_nonblocking(true)?;
    Ok(Stream(stream))
}
