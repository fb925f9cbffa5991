//! The ends of a lifeline: a second pair that carries liveness, and new connections, but no messages.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, send, sendmsg,
};

use super::{ChildEnd, QUIETLY, Stream, adopt};

const PING: u8 = b'p';
/// In place of a ping's number: what the worker says of its own. How many bytes of memory it had when it ended itself for
/// that, or one of these two.
const REPORT: u8 = 0;
const DEBUGGED: u64 = u64::MAX;
const NOT_DEBUGGED: u64 = u64::MAX - 1;
const STREAM: u8 = b's';
/// An answer: the number of its ping, then milliseconds.
const ANSWER: usize = 1 + size_of::<u64>();
const UNKNOWN: u64 = u64::MAX;

/// The host's end. Its loss, however it comes, is what the worker learns its host's death from.
#[derive(Debug)]
pub struct HostEnd {
    stream: UnixStream,
    pings: u8,
    answer: [u8; ANSWER],
    /// How much of the answer has come.
    filled: usize,
    /// To the last ping.
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

/// What a worker's end tells.
#[derive(Debug)]
pub enum Signal {
    /// The host wants to know how the worker is, and counts.
    Ping(u8),
    /// The host connects again.
    Stream(Stream),
    /// The host is gone.
    End,
}

/// What a worker answers to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// Its JavaScript has run without a pause for so long; zero: it waits for events.
    Busy(Duration),
    /// It lives; more is not known of this runtime.
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
        Ok(Self { stream, pings: 0, answer: [0; ANSWER], filled: 0, pulse: None, report: None, debugged: false })
    }

    /// Asks the worker how it is. Does not block.
    ///
    /// # Errors
    /// `WouldBlock`: it has not read what was asked before; else it is gone.
    pub fn ping(&mut self) -> io::Result<()> {
        self.read();
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

    /// Whether the worker has told that a debugger may stop it, and not yet that none may any more. Does not block.
    pub fn is_debugged(&mut self) -> bool {
        self.read();
        self.debugged
    }

    /// Reads all that has come; gives why there is no more.
    fn read(&mut self) -> io::Error {
        loop {
            match (&self.stream).read(&mut self.answer[self.filled..]) {
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error,
            }
            if self.filled < ANSWER {
                continue;
            }
            self.filled = 0;
            let number = u64::from_le_bytes(self.answer[1..].try_into().expect("it has this length"));
            match (self.answer[0], number) {
                (REPORT, DEBUGGED | NOT_DEBUGGED) => self.debugged = number == DEBUGGED,
                (REPORT, bytes) => self.report = Some(bytes),
                (ping, UNKNOWN) if ping == self.pings => self.pulse = Some(Pulse::Unknown),
                (ping, millis) if ping == self.pings => self.pulse = Some(Pulse::Busy(Duration::from_millis(millis))),
                // An answer to an earlier ping may still come.
                _ => {}
            }
        }
    }

    /// What a worker that is gone has reported.
    pub fn report(&mut self) -> Option<u64> {
        self.read();
        self.report
    }

    /// Gives the worker the child's end of a new pair. Does not block.
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

    /// One that a host has opened by itself.
    pub(super) fn from_stream(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// What can report while this end waits.
    ///
    /// # Errors
    /// No file descriptors are left.
    pub fn reporter(&self) -> io::Result<Reporter> {
        self.0.try_clone().map(Reporter)
    }

    /// Tells the host, unasked, whether a debugger may stop this worker. Does not block.
    pub fn tell_debugged(&self, debugged: bool) {
        let mut report = [REPORT; ANSWER];
        report[1..].copy_from_slice(&(if debugged { DEBUGGED } else { NOT_DEBUGGED }).to_le_bytes());
        let _ = send(&self.0, &report, SendFlags::DONTWAIT | QUIETLY);
    }

    /// Blocks until there is something to tell.
    pub fn next(&self) -> Signal {
        loop {
            let mut bytes = [0; 2];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let received = recvmsg(&self.0, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::empty());
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

    /// Answers a ping; `None`: not known.
    pub fn answer(&self, ping: u8, busy: Option<Duration>) {
        let millis = busy.map_or(UNKNOWN, |busy| u64::try_from(busy.as_millis()).unwrap_or(UNKNOWN - 1));
        let mut answer = [ping; ANSWER];
        answer[1..].copy_from_slice(&millis.to_le_bytes());
        // A host that is gone is told by `next`.
        let _ = (&self.0).write_all(&answer);
    }
}

impl Reporter {
    /// Tells it. A host that is gone is not told.
    pub fn tell(&self, number: u64) {
        let mut report = [REPORT; ANSWER];
        report[1..].copy_from_slice(&number.to_le_bytes());
        let _ = (&self.0).write_all(&report);
    }
}

fn to_stream(fd: OwnedFd) -> io::Result<Stream> {
    let flags = rustix::io::fcntl_getfd(&fd)?;
    rustix::io::fcntl_setfd(&fd, flags | rustix::io::FdFlags::CLOEXEC)?;
    let stream = UnixStream::from(fd);
    stream.set_nonblocking(true)?;
    Ok(Stream(stream))
}
