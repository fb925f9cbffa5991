//! Node-API: an isolate as an object of JavaScript.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{Buffer, Function};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Error, Result};
use napi_derive::napi;

use crate::engine::{Setup, compile as compile_module};
use crate::fiber::{Fiber, Turn};
use crate::limits::Limits;
use crate::mail::{Command, Ending, Event, Inbox, Outbox};
use crate::thread;
use crate::watch::Watch;

/// What an isolate is started with. Sizes are in bytes, times in milliseconds; `Infinity`: none.
#[napi(object)]
pub struct NativeSetup {
    /// The name of the library.
    pub library: String,
    /// The name of the script's module.
    pub entry: String,
    /// Data for the library, in V8's format.
    pub data: Buffer,
    /// Memory of the engine.
    pub memory: f64,
    /// Stack of JavaScript.
    pub stack: f64,
    /// Processor time of one message.
    pub cpu_per_message: f64,
    /// Processor time in all.
    pub cpu: f64,
    /// Time in all.
    pub wall: f64,
    /// The largest message to the host.
    pub result: f64,
    /// Messages that wait for the host.
    pub queued: f64,
}

impl NativeSetup {
    fn limits(&self) -> Limits {
        Limits {
            memory: bytes(self.memory),
            stack: bytes(self.stack),
            cpu_per_message: duration(self.cpu_per_message),
            cpu: duration(self.cpu),
            wall: duration(self.wall),
            result: bytes(self.result),
            queued: bytes(self.queued),
        }
    }
}

/// A cast saturates: `Infinity` is the largest number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are whole and positive")]
fn bytes(size: f64) -> usize {
    size as usize
}

fn duration(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX)
}

/// One isolate.
#[napi]
pub struct NativeIsolate {
    inbox: Arc<Inbox>,
    outbox: Arc<Outbox>,
    is_killed: Arc<AtomicBool>,
    watch: Arc<Watch>,
    /// Of an isolate without a thread of its own.
    fiber: Option<Fiber>,
}

/// What `turn` returns besides milliseconds.
const RUNNABLE: f64 = -1.0;
const ENDED: f64 = -2.0;

#[napi]
impl NativeIsolate {
    /// Starts an isolate on a thread of its own. `on_events` is called when there is something to take, once for all that is taken
    /// together.
    ///
    /// # Errors
    ///
    /// The system has no further thread.
    #[napi(factory)]
    pub fn thread(setup: NativeSetup, on_events: Function<'_, (), ()>) -> Result<Self> {
        let on_events = on_events.build_threadsafe_function::<()>().weak::<true>().callee_handled::<false>().build()?;
        let limits = setup.limits();
        let outbox = Outbox::new(limits.queued, move || {
            on_events.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        let isolate =
            Self { inbox: Arc::default(), outbox, is_killed: Arc::default(), watch: Arc::default(), fiber: None };
        thread::start(
            setup_of(setup)?,
            limits,
            Arc::clone(&isolate.inbox),
            Arc::clone(&isolate.outbox),
            Arc::clone(&isolate.is_killed),
            Arc::clone(&isolate.watch),
        )
        .map_err(|error| Error::from_reason(format!("cannot start a thread for an isolate: {error}")))?;
        Ok(isolate)
    }

    /// Prepares an isolate that runs in [`NativeIsolate::turn`] alone, for about `slice` milliseconds each time.
    ///
    /// # Errors
    ///
    /// The system has no memory for a further stack.
    #[napi(factory)]
    pub fn cooperative(setup: NativeSetup, slice: f64) -> Result<Self> {
        let limits = setup.limits();
        let (inbox, outbox, is_killed) = (Arc::default(), Outbox::new(limits.queued, || {}), Arc::default());
        let fiber = Fiber::new(
            setup_of(setup)?,
            limits,
            duration(slice),
            Arc::clone(&inbox),
            Arc::clone(&outbox),
            Arc::clone(&is_killed),
        )
        .map_err(|error| Error::from_reason(format!("cannot make a stack for an isolate: {error}")))?;
        Ok(Self { inbox, outbox, is_killed, watch: Arc::default(), fiber: Some(fiber) })
    }

    /// Runs a cooperative isolate for a slice. Returns in how many milliseconds it wants its next turn, `Infinity`: with the next
    /// message; -1: at once; -2: it has ended.
    #[napi]
    pub fn turn(&mut self) -> f64 {
        match self.fiber.as_mut().map_or(Turn::Ended, Fiber::turn) {
            Turn::Runnable => RUNNABLE,
            Turn::Sleeping(None) => f64::INFINITY,
            Turn::Sleeping(Some(until)) => until.saturating_duration_since(Instant::now()).as_secs_f64() * 1000.0,
            Turn::Ended => {
                self.fiber = None;
                ENDED
            }
        }
    }

    /// The number of the limit that an isolate with a thread has overrun without ending; -1: none.
    #[napi]
    pub fn overrun(&self) -> i32 {
        self.watch.overrun().map_or(-1, |limit| limit as i32)
    }

    /// Sends a value in V8's format.
    #[napi]
    pub fn post(&self, message: Buffer) {
        self.inbox.push(Command::Message(message.to_vec()));
    }

    /// Sends the source that it waits for, or why there is none.
    #[napi]
    pub fn supply(&self, source: Option<String>, reason: Option<String>) {
        self.inbox.push(Command::Source(source.ok_or_else(|| reason.unwrap_or_default())));
    }

    /// The events since the last call: of each its number, the length of its bytes, and these.
    #[napi]
    pub fn take(&self) -> Buffer {
        let events = self.outbox.take();
        let mut batch = Vec::with_capacity(events.iter().map(|event| event.size() + 16).sum());
        for event in events {
            write(&mut batch, event);
        }
        batch.into()
    }

    /// Ends the isolate as soon as its code is asked.
    #[napi]
    pub fn kill(&self) {
        self.is_killed.store(true, Ordering::Relaxed);
        self.watch.kill();
        self.inbox.wake();
    }
}

impl Drop for NativeIsolate {
    /// Nobody can reach the isolate any more, or the thread of the host has ended.
    fn drop(&mut self) {
        self.kill();
    }
}

/// The bytecode of each library by its name, once for all isolates of this process.
static LIBRARIES: Mutex<Vec<(String, Arc<[u8]>)>> = Mutex::new(Vec::new());

/// Gives the bytecode of the library with this name, before the first isolate with it; later calls do nothing.
#[napi]
pub fn use_library(name: String, code: Buffer) {
    let mut libraries = LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner);
    if libraries.iter().all(|library| library.0 != name) {
        libraries.push((name, Arc::from(&*code)));
    }
}

fn setup_of(setup: NativeSetup) -> Result<Setup> {
    let libraries = LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner);
    let library = libraries.iter().find(|library| library.0 == setup.library).map(|library| Arc::clone(&library.1));
    let library = library.ok_or_else(|| Error::from_reason(format!("there is no library \"{}\"", setup.library)))?;
    Ok(Setup { library, name: setup.library, entry: setup.entry, data: setup.data.to_vec() })
}

/// `Event` and `Ended` of the facade have these numbers.
fn write(batch: &mut Vec<u8>, event: Event) {
    match event {
        Event::Message(bytes) => write_bytes(batch, 0, &[&bytes]),
        Event::Output { is_error, text } => write_bytes(batch, 1 + u8::from(is_error), &[text.as_bytes()]),
        Event::Load(name) => write_bytes(batch, 3, &[name.as_bytes()]),
        Event::Resolve { base, specifier } => write_bytes(batch, 5, &[base.as_bytes(), &[0], specifier.as_bytes()]),
        Event::Ended(ending) => match ending {
            Ending::Exit(code) => write_bytes(batch, 4, &[&[0], &code.to_le_bytes()]),
            Ending::Failed(bytes) => write_bytes(batch, 4, &[&[1], &bytes]),
            Ending::Limit(limit) => write_bytes(batch, 4, &[&[2, limit as u8]]),
            Ending::Killed => write_bytes(batch, 4, &[&[3]]),
            Ending::Panicked(text) => write_bytes(batch, 4, &[&[4], text.as_bytes()]),
        },
    }
}

fn write_bytes(batch: &mut Vec<u8>, number: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    batch.push(number);
    batch.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    for part in parts {
        batch.extend_from_slice(part);
    }
}

/// Identifies the engine whose bytecode this addon reads.
#[napi]
pub fn engine() -> String {
    let bits = usize::BITS;
    let order = if cfg!(target_endian = "little") { "little" } else { "big" };
    format!("{} {bits} {order}", env!("CARGO_PKG_VERSION"))
}

/// The bytecode of a library with this name.
///
/// # Errors
///
/// Its source is wrong.
#[napi]
pub fn compile(name: String, source: String) -> Result<Buffer> {
    compile_module(&name, &source).map(Buffer::from).map_err(Error::from_reason)
}
