//! The ends of a lifeline: a second pipe that carries liveness and the addresses of new connections, but no messages.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::child_end::{open_stream, pair_with};
use super::numbers::{self, Kept};
use super::opening::Greeting;
use super::{ChildEnd, Stream};
use crate::sync::lock;
use crate::sys::Until;
pub use crate::sys::pulse::Pulse;
use crate::sys::pulse::{Answers, MOST_AT_ONCE, MOST_READS, PATIENCE, PING, STREAM, TOKEN, answer, debugger, report};

/// How long a worker that ends itself waits for room in the pipe.
const LAST_PATIENCE: Duration = Duration::from_millis(100);

/// The host's end. Its loss, for any reason, informs the worker of its host's death.
#[derive(Debug)]
pub struct HostEnd {
    stream: Stream,
    answers: Answers,
    greeting: Greeting,
    /// The last one: the worker may not have connected to it yet.
    passed: RefCell<Option<ChildEnd>>,
}

/// Tells the host why this worker ends itself.
#[derive(Debug)]
pub struct Reporter(Arc<Sender>);

/// The worker's end.
#[derive(Debug)]
pub struct WorkerEnd(Arc<Sender>);

/// The pipe of a worker, to which several threads write.
#[derive(Debug)]
struct Sender {
    stream: Stream,
    writing: Mutex<()>,
}

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
/// The system has no pipe or thread left.
pub fn lifeline() -> io::Result<(HostEnd, ChildEnd)> {
    let greeting = Greeting::default();
    let (stream, theirs) = pair_with(Arc::clone(&greeting))?;
    Ok((HostEnd::new(stream, greeting), theirs))
}

impl HostEnd {
    pub(super) fn new(stream: Stream, greeting: Greeting) -> Self {
        Self { stream, answers: Answers::default(), greeting, passed: RefCell::default() }
    }

    /// Sends a detached worker its token, before all other data: call it before the worker starts.
    ///
    /// # Errors
    /// It is too long.
    pub fn give_token(&self, token: &str) -> io::Result<()> {
        let length = u8::try_from(token.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        *lock(&self.greeting) = [&[TOKEN, length], token.as_bytes()].concat();
        Ok(())
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
        self.stream.send(&self.answers.ping())
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
            match self.stream.try_read(&mut bytes) {
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                Ok(count) => self.answers.take(&bytes[..count]),
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

    /// Passes the worker the address of the child's end of a new pair. Does not block.
    ///
    /// # Errors
    /// The worker is gone, or has not read what was sent before.
    pub fn pass(&self, end: &ChildEnd) -> io::Result<()> {
        let address = end.address().unwrap_or_default();
        let length = u8::try_from(address.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.stream.send(&[&[STREAM, length], address.as_bytes()].concat())?;
        *self.passed.borrow_mut() = Some(end.clone());
        Ok(())
    }
}

impl WorkerEnd {
    /// Takes over the end that this process has opened as `number`.
    ///
    /// # Errors
    /// Nothing has that number.
    pub fn adopt(number: i32) -> io::Result<Self> {
        match numbers::take(number)? {
            Kept::Stream(stream) => Ok(Self::from_stream(stream)),
            Kept::Listener(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no lifeline")),
        }
    }

    /// A lifeline that an attached host has opened.
    pub(super) fn from_stream(stream: Stream) -> Self {
        Self(Arc::new(Sender { stream, writing: Mutex::new(()) }))
    }

    /// The token of a detached worker, which its host wrote before the start. Call it before [`Self::next`].
    ///
    /// # Errors
    /// It is not there.
    pub fn take_token(&self) -> io::Result<String> {
        let mut head = [0; 2];
        self.0.stream.read_exact(&mut head, Some(PATIENCE))?;
        let mut token = vec![0; head[1].into()];
        self.0.stream.read_exact(&mut token, Some(PATIENCE))?;
        let token = String::from_utf8(token).ok().filter(|_| head[0] == TOKEN);
        token.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// A handle for reports while this end waits.
    ///
    /// # Errors
    /// None on this system.
    pub fn reporter(&self) -> io::Result<Reporter> {
        Ok(Reporter(Arc::clone(&self.0)))
    }

    /// Reports to the host, unasked, whether a debugger may stop this worker. Does not block.
    pub fn report_debugged(&self, debugged: bool) {
        self.0.send(&debugger(debugged), Some(Duration::ZERO));
    }

    /// Blocks until there is a report.
    pub fn next(&self) -> Signal {
        let stream = &self.0.stream;
        loop {
            let mut head = [0; 2];
            if stream.read_exact(&mut head, None).is_err() {
                return Signal::End;
            }
            let [kind, number] = head;
            match kind {
                PING => return Signal::Ping(number),
                STREAM => {
                    let mut address = vec![0; number.into()];
                    if stream.read_exact(&mut address, None).is_err() {
                        return Signal::End;
                    }
                    // A host that is gone by now reports its end.
                    if let Ok(stream) = open_stream(&String::from_utf8_lossy(&address)) {
                        return Signal::Stream(stream);
                    }
                }
                _ => {}
            }
        }
    }

    /// Answers a ping; `None`: unknown.
    pub fn answer(&self, ping: u8, busy: Option<Duration>) {
        // `next` reports a host that has ended.
        self.0.send(&answer(ping, busy), None);
    }
}

impl Reporter {
    /// Reports to the host. Does nothing if the host has ended.
    pub fn report(&self, number: u64) {
        self.0.send(&report(number), Some(LAST_PATIENCE));
    }
}

impl Sender {
    /// Sends all of it, or nothing if there is no room in time.
    fn send(&self, bytes: &[u8], timeout: Option<Duration>) {
        let _alone = lock(&self.writing);
        if matches!(self.stream.wait(Until::Writable, timeout), Ok(true)) {
            let _ = self.stream.send(bytes);
        }
    }
}
