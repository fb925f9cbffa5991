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

/// A process that is started meanwhile does not inherit received descriptors.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOSED_ON_EXEC: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOSED_ON_EXEC: RecvFlags = RecvFlags::empty();

const PING: u8 = b'p';
/// In place of a ping number: a report of the worker. The number of bytes of memory with which it ended itself, or one
/// of these two.
const REPORT: u8 = 0;
const DEBUGGED: u64 = u64::MAX;
const NOT_DEBUGGED: u64 = u64::MAX - 1;
const STREAM: u8 = b's';
/// The first bytes on the lifeline of a detached worker: the token of attaching hosts. It is not in the environment,
/// where every process of this user could read it for as long as the worker lives.
const TOKEN: u8 = b't';
/// How long a worker waits for the rest of its host's early data.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer: the number of its ping, then milliseconds.
const ANSWER: usize = 1 + size_of::<u64>();
const UNKNOWN: u64 = u64::MAX;
/// How much one read takes, and how many reads: a worker answers one ping at a time, so it never sends more.
const MOST_AT_ONCE: usize = 455 * ANSWER;
const MOST_READS: usize = 16;

/// The host's end. Its loss, for any reason, informs the worker of its host's death.
#[derive(Debug)]
pub struct HostEnd {
    stream: UnixStream,
    pings: u8,
    /// The beginning of an incomplete answer.
    answer: [u8; ANSWER],
    filled: usize,
    /// The worker has sent more than it may.
    is_broken: bool,
    /// The answer to the last ping.
    pulse: Option<Pulse>,
    report: Option<u64>,
    debugged: bool,
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

/// The answer of a worker to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// How long its JavaScript has run without a pause; zero: it waits for events.
    Busy(Duration),
    /// It lives; this runtime reports no more.
    Unknown,
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
        Ok(Self {
            stream,
            pings: 0,
            answer: [0; ANSWER],
            filled: 0,
            is_broken: false,
            pulse: None,
            report: None,
            debugged: false,
        })
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
        if self.is_broken {
            return Err(end);
        }
        self.pulse = None;
        self.pings = self.pings.checked_add(1).unwrap_or(1);
        send(&self.stream, &[PING, self.pings], SendFlags::DONTWAIT | QUIETLY)?;
        Ok(())
    }

    /// The answer to the last ping, once. Does not block.
    ///
    /// # Errors
    /// `WouldBlock`: there is none yet; else the worker is gone.
    pub fn pulse(&mut self) -> io::Result<Pulse> {
        let end = self.read();
        self.pulse.take().ok_or(end)
    }

    /// Whether the worker has reported that a debugger may stop it. Does not block.
    pub fn is_debugged(&mut self) -> bool {
        self.read();
        self.debugged
    }

    /// Reads all input; returns why there is no more. Ignores a worker that sends too much, as if it were silent:
    /// reading on might never end.
    fn read(&mut self) -> io::Error {
        let mut bytes = [0; MOST_AT_ONCE];
        for _ in 0..MOST_READS {
            if self.is_broken {
                break;
            }
            match fd_passing::read_refusing(&self.stream, &mut bytes) {
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                Ok(count) => self.take(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error,
            }
        }
        self.is_broken = true;
        io::ErrorKind::WouldBlock.into()
    }

    fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.answer[self.filled] = byte;
            self.filled = (self.filled + 1) % ANSWER;
            if self.filled == 0 {
                self.on_answer();
            }
        }
    }

    fn on_answer(&mut self) {
        let [kind, number @ ..] = self.answer;
        match (kind, u64::from_le_bytes(number)) {
            (REPORT, number @ (DEBUGGED | NOT_DEBUGGED)) => self.debugged = number == DEBUGGED,
            (REPORT, bytes) => self.report = Some(bytes),
            (ping, UNKNOWN) if ping == self.pings => self.pulse = Some(Pulse::Unknown),
            (ping, millis) if ping == self.pings => self.pulse = Some(Pulse::Busy(Duration::from_millis(millis))),
            // The answer to an earlier ping may still arrive.
            _ => {}
        }
    }

    /// The last report of a worker that has ended.
    pub fn report(&mut self) -> Option<u64> {
        self.read();
        self.report
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
    pub fn tell_debugged(&self, debugged: bool) {
        let mut report = [REPORT; ANSWER];
        report[1..].copy_from_slice(&(if debugged { DEBUGGED } else { NOT_DEBUGGED }).to_le_bytes());
        let _ = send(&self.0, &report, SendFlags::DONTWAIT | QUIETLY);
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
        let millis = busy.map_or(UNKNOWN, |busy| u64::try_from(busy.as_millis()).unwrap_or(UNKNOWN - 1));
        let mut answer = [ping; ANSWER];
        answer[1..].copy_from_slice(&millis.to_le_bytes());
        // `next` reports a host that has ended.
        let _ = (&self.0).write_all(&answer);
    }
}

impl Reporter {
    /// Reports to the host. Does nothing if the host has ended.
    pub fn tell(&self, number: u64) {
        let mut report = [REPORT; ANSWER];
        report[1..].copy_from_slice(&number.to_le_bytes());
        let _ = (&self.0).write_all(&report);
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
