//! What passes between an isolate and its host, which may be on two threads.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::limits::Limit;

/// From the host to the isolate.
#[derive(Debug)]
pub enum Command {
    /// A value in V8's format, for the library in the isolate.
    Message(Vec<u8>),
    /// The source or the name of a module that the isolate waits for, or why there is none.
    Source(Result<String, Refusal>),
    /// End when what came before is handled.
    Close,
}

/// Why a module has no source.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The text of the error.
    pub text: String,
    /// Its code.
    pub code: Option<String>,
}

/// From the isolate to the host.
#[derive(Debug)]
pub enum Event {
    /// A value in V8's format.
    Message(Vec<u8>),
    /// A line of its console.
    Output {
        /// For the standard error.
        is_error: bool,
        /// Without the end of the line.
        text: String,
    },
    /// It waits for the source of the module of this name.
    Load(String),
    /// It waits for the name of the module that another one imports by a specifier that is no path.
    Resolve {
        /// The name of the other one.
        base: String,
        /// As written there.
        specifier: String,
    },
    /// The last event.
    Ended(Ending),
}

/// How an isolate has ended.
#[derive(Debug)]
pub enum Ending {
    /// It had nothing left to do, or wanted to end.
    Exit(i32),
    /// An error that nothing caught, in V8's format.
    Failed(Vec<u8>),
    /// It went over a limit.
    Limit(Limit),
    /// The host ended it.
    Killed,
    /// A fault of this library.
    Panicked(String),
}

impl Event {
    /// The bytes that wait with it for the host.
    pub fn size(&self) -> usize {
        match self {
            Self::Message(bytes) | Self::Ended(Ending::Failed(bytes)) => bytes.len(),
            Self::Output { text, .. } | Self::Load(text) => text.len(),
            Self::Resolve { base, specifier } => base.len() + specifier.len(),
            Self::Ended(_) => 0,
        }
    }
}

/// A code that panics while it holds one of these locks leaves the queue whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The commands of one isolate.
#[derive(Debug, Default)]
pub struct Inbox {
    commands: Mutex<VecDeque<Command>>,
    arrival: Condvar,
}

impl Inbox {
    /// Adds a command, and wakes the isolate.
    pub fn push(&self, command: Command) {
        lock(&self.commands).push_back(command);
        self.arrival.notify_one();
    }

    /// Wakes the isolate, which then looks whether it is still wanted.
    pub fn wake(&self) {
        // The lock: else the isolate could go to sleep between its look and this.
        drop(lock(&self.commands));
        self.arrival.notify_one();
    }

    /// The next command that `wanted` accepts; the others keep their order.
    pub fn take(&self, wanted: impl Fn(&Command) -> bool) -> Option<Command> {
        let mut commands = lock(&self.commands);
        let place = commands.iter().position(wanted)?;
        commands.remove(place)
    }

    /// Blocks this thread until a command arrives, [`Inbox::wake`] is called, or the time is over. `skip`: as many commands as the
    /// isolate has seen and left.
    pub fn sleep(&self, until: Option<Instant>, skip: usize, is_over: impl Fn() -> bool) {
        let commands = lock(&self.commands);
        if commands.len() > skip || is_over() {
            return;
        }
        match until {
            None => drop(self.arrival.wait(commands).unwrap_or_else(PoisonError::into_inner)),
            Some(until) => {
                let time = until.saturating_duration_since(Instant::now());
                drop(self.arrival.wait_timeout(commands, time).unwrap_or_else(PoisonError::into_inner));
            }
        }
    }

    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        lock(&self.commands).len()
    }
}

/// The events of one isolate.
pub struct Outbox {
    waiting: Mutex<Waiting>,
    limit: usize,
    /// Tells the host that there is something, once for all that it takes together.
    notify: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Waiting {
    events: Vec<Event>,
    bytes: usize,
}

impl Outbox {
    /// At most `limit` bytes wait.
    pub fn new(limit: usize, notify: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::default(), limit, notify: Box::new(notify) })
    }

    /// Adds an event; `false`: too many bytes wait already, and it is lost.
    pub fn push(&self, event: Event) -> bool {
        let mut waiting = lock(&self.waiting);
        let bytes = waiting.bytes.saturating_add(event.size() + size_of::<Event>());
        if bytes > self.limit && !matches!(event, Event::Ended(_)) {
            return false;
        }
        waiting.bytes = bytes;
        waiting.events.push(event);
        let is_first = waiting.events.len() == 1;
        drop(waiting);
        if is_first {
            (self.notify)();
        }
        true
    }

    /// All events so far.
    pub fn take(&self) -> Vec<Event> {
        mem::take(&mut *lock(&self.waiting)).events
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_host_hears_once_of_several_events() {
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        let outbox = Outbox::new(1000, move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert!(outbox.push(Event::Message(vec![1])));
        assert!(outbox.push(Event::Message(vec![2])));
        assert_eq!(outbox.take().len(), 2);
        assert!(outbox.push(Event::Message(vec![3])));
        assert_eq!(heard.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn beyond_the_limit_only_the_end_is_taken() {
        let outbox = Outbox::new(1000, || {});
        assert!(!outbox.push(Event::Message(vec![0; 2000])));
        assert!(outbox.push(Event::Message(vec![0; 800])));
        assert!(!outbox.push(Event::Message(vec![0; 200])));
        assert!(outbox.push(Event::Ended(Ending::Killed)));
        assert_eq!(outbox.take().len(), 2);
    }

    #[test]
    fn a_source_is_taken_before_earlier_messages() {
        let inbox = Inbox::default();
        inbox.push(Command::Message(vec![1]));
        inbox.push(Command::Source(Ok("export {}".into())));
        assert!(matches!(inbox.take(|each| matches!(each, Command::Source(_))), Some(Command::Source(Ok(_)))));
        assert!(matches!(inbox.take(|_| true), Some(Command::Message(_))));
        assert_eq!(inbox.waiting(), 0);
    }
}
