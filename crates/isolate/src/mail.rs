//! What passes between an isolate and its host, which may be on two threads.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::limits::Limit;
use crate::shared::SharedMemory;

/// A value that travels.
#[derive(Debug, Default)]
pub struct Parcel {
    /// The value in V8's format.
    pub bytes: Vec<u8>,
    /// The memories that it shares, by their numbers in it.
    pub memories: Vec<SharedMemory>,
}

impl Parcel {
    /// What it takes while it waits. Shared memory counts where it was made.
    fn size(&self) -> usize {
        self.bytes.len() + self.memories.len() * size_of::<SharedMemory>()
    }
}

impl From<Vec<u8>> for Parcel {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, memories: Vec::new() }
    }
}

/// From the host to the isolate.
#[derive(Debug)]
pub enum Command {
    /// A value for the library in the isolate.
    Message(Parcel),
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
    /// A value.
    Message(Parcel),
    /// It has notified a word of memory that the host has, and those who wait there are still to be woken.
    Notified {
        /// The memory.
        memory: SharedMemory,
        /// Where the word is, in bytes.
        offset: usize,
        /// How many it wants woken, at most.
        count: u32,
    },
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
            Self::Message(parcel) => parcel.size(),
            Self::Ended(Ending::Failed(bytes)) => bytes.len(),
            Self::Output { text, .. } | Self::Load(text) => text.len(),
            Self::Resolve { base, specifier } => base.len() + specifier.len(),
            Self::Notified { .. } | Self::Ended(_) => 0,
        }
    }
}

/// A code that panics while it holds one of these locks leaves the queue whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The commands of one isolate.
#[derive(Default)]
pub struct Inbox {
    commands: Mutex<VecDeque<Command>>,
    arrival: Condvar,
    /// The isolate has ended.
    is_closed: AtomicBool,
    /// Of an isolate that has no thread which waits: gives it its next turn.
    on_wake: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Inbox {
    /// Of an isolate that `on_wake` gives its next turn, from whatever thread.
    pub fn of_turns(on_wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { on_wake: Some(Box::new(on_wake)), ..Self::default() }
    }

    /// Adds a command, and wakes the isolate.
    pub fn push(&self, command: Command) {
        let mut commands = lock(&self.commands);
        if self.is_closed.load(Ordering::Relaxed) {
            return;
        }
        commands.push_back(command);
        drop(commands);
        self.arrival.notify_one();
    }

    /// The isolate has ended: what still waits, with the memories in it, is for nobody.
    pub fn close(&self) {
        let mut commands = lock(&self.commands);
        self.is_closed.store(true, Ordering::Relaxed);
        let lost = mem::take(&mut *commands);
        drop(commands);
        drop(lost);
    }

    /// Wakes the isolate, which then looks whether it is still wanted.
    pub fn wake(&self) {
        // The lock: else the isolate could go to sleep between its look and this.
        drop(lock(&self.commands));
        self.arrival.notify_one();
        if let Some(on_wake) = &self.on_wake {
            on_wake();
        }
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
    /// Where the notifications of a word are among the events, by its address.
    notified: HashMap<usize, usize>,
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

    /// Adds a notification of a word, to an earlier one if that still waits; `false`: too many bytes wait.
    pub fn notify(&self, memory: SharedMemory, offset: usize, count: u32) -> bool {
        let address = memory.address() + offset;
        {
            let mut waiting = lock(&self.waiting);
            let known = waiting.notified.get(&address).copied();
            if let Some(Event::Notified { count: sum, .. }) = known.and_then(|at| waiting.events.get_mut(at)) {
                *sum = sum.saturating_add(count);
                return true;
            }
            let at = waiting.events.len();
            waiting.notified.insert(address, at);
        }
        // Only the isolate itself adds events.
        self.push(Event::Notified { memory, offset, count })
    }

    /// All events so far.
    pub fn take(&self) -> Vec<Event> {
        // The memories of events are not released under the lock.
        let waiting = mem::take(&mut *lock(&self.waiting));
        waiting.events
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn the_host_hears_once_of_several_events() {
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        let outbox = Outbox::new(1000, move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert!(outbox.push(Event::Message(vec![1].into())));
        assert!(outbox.push(Event::Message(vec![2].into())));
        assert_eq!(outbox.take().len(), 2);
        assert!(outbox.push(Event::Message(vec![3].into())));
        assert_eq!(heard.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn beyond_the_limit_only_the_end_is_taken() {
        let outbox = Outbox::new(1000, || {});
        assert!(!outbox.push(Event::Message(vec![0; 2000].into())));
        assert!(outbox.push(Event::Message(vec![0; 800].into())));
        assert!(!outbox.push(Event::Message(vec![0; 200].into())));
        assert!(outbox.push(Event::Ended(Ending::Killed)));
        assert_eq!(outbox.take().len(), 2);
    }

    #[test]
    fn what_waits_for_an_isolate_that_has_ended_is_lost() {
        let inbox = Inbox::default();
        let memory = SharedMemory::new(8, &Arc::default()).expect("memory");
        let weak = memory.downgrade();
        inbox.push(Command::Message(Parcel { bytes: Vec::new(), memories: vec![memory] }));
        inbox.close();
        assert!(weak.is_gone());
        inbox.push(Command::Close);
        assert_eq!(inbox.waiting(), 0);
    }

    #[test]
    fn a_source_is_taken_before_earlier_messages() {
        let inbox = Inbox::default();
        inbox.push(Command::Message(vec![1].into()));
        inbox.push(Command::Source(Ok("export {}".into())));
        assert!(matches!(inbox.take(|each| matches!(each, Command::Source(_))), Some(Command::Source(Ok(_)))));
        assert!(matches!(inbox.take(|_| true), Some(Command::Message(_))));
        assert_eq!(inbox.waiting(), 0);
    }
}
