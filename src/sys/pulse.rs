//! What goes over a lifeline, whatever the system has for it: pings, answers and reports.

use std::time::Duration;

pub(super) const PING: u8 = b'p';
/// In place of a ping number: a report of the worker. The number of bytes of memory with which it ended itself, or one
/// of these two.
const REPORT: u8 = 0;
const DEBUGGED: u64 = u64::MAX;
const NOT_DEBUGGED: u64 = u64::MAX - 1;
pub(super) const STREAM: u8 = b's';
/// The first bytes on the lifeline of a detached worker: the token of attaching hosts. It is not in the environment,
/// where every process of this user could read it for as long as the worker lives.
pub(super) const TOKEN: u8 = b't';
/// How long a worker waits for the rest of its host's early data.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// An answer: the number of its ping, then milliseconds.
pub(super) const ANSWER: usize = 1 + size_of::<u64>();
const UNKNOWN: u64 = u64::MAX;
/// How much one read takes, and how many reads: a worker answers one ping at a time, so it never sends more.
pub(super) const MOST_AT_ONCE: usize = 455 * ANSWER;
pub(super) const MOST_READS: usize = 16;

/// The answer of a worker to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// How long its JavaScript has run without a pause; zero: it waits for events.
    Busy(Duration),
    /// It lives; this runtime reports no more.
    Unknown,
}

/// What the host has heard of its worker.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pings: u8,
    /// The beginning of an incomplete answer.
    answer: [u8; ANSWER],
    filled: usize,
    /// The worker has sent more than it may.
    pub(super) is_broken: bool,
    /// The answer to the last ping.
    pub(super) pulse: Option<Pulse>,
    pub(super) report: Option<u64>,
    pub(super) debugged: bool,
}

impl Answers {
    /// The next ping.
    pub(super) fn ping(&mut self) -> [u8; 2] {
        self.pulse = None;
        self.pings = self.pings.checked_add(1).unwrap_or(1);
        [PING, self.pings]
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
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
}

/// The answer to a ping; `None`: how long JavaScript has run is unknown.
pub(super) fn answer(ping: u8, busy: Option<Duration>) -> [u8; ANSWER] {
    let millis = busy.map_or(UNKNOWN, |busy| u64::try_from(busy.as_millis()).unwrap_or(UNKNOWN - 1));
    numbered(ping, millis)
}

/// A report of the bytes of memory with which a worker ends itself.
pub(super) fn report(number: u64) -> [u8; ANSWER] {
    numbered(REPORT, number)
}

/// A report of whether a debugger may stop the worker.
pub(super) fn debugger(is_there: bool) -> [u8; ANSWER] {
    report(if is_there { DEBUGGED } else { NOT_DEBUGGED })
}

fn numbered(first: u8, number: u64) -> [u8; ANSWER] {
    let mut bytes = [first; ANSWER];
    bytes[1..].copy_from_slice(&number.to_le_bytes());
    bytes
}
