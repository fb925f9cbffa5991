//! Node-API: an isolate as an object of JavaScript.

mod home;

mod memory;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{Array, Buffer, Env, Function, Unknown};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Error, Result};
use napi_derive::napi;

use crate::boundary::{self, ENDED, RUNNABLE};
use crate::engine::{Library, Setup, compile as compile_module};
use crate::fiber::{Fiber, Turn};
use crate::limits::Limits;
use crate::mail::{Command, Inbox, Outbox, Parcel, Refusal};
use crate::shared::{self, SharedMemory};
use crate::thread;
use crate::values::Sharing;
use home::{Controls, Home};

/// What an isolate is started with. Sizes are in bytes, times in milliseconds; `Infinity`: none.
#[napi(object)]
pub struct NativeSetup {
    /// The name of the library.
    pub library: String,
    /// The name of the script's module.
    pub entry: String,
    /// The text of that module; absent: the isolate asks for it.
    pub source: Option<String>,
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
    /// Whether it shares memory.
    pub shares: bool,
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
    controls: Arc<Controls>,
    outbox: Arc<Outbox>,
    /// Of an isolate without a thread of its own.
    fiber: Rc<RefCell<Option<Fiber>>>,
    /// The shared memories of events that were taken, in their order.
    memories: VecDeque<Vec<SharedMemory>>,
}

#[napi]
impl NativeIsolate {
    /// Starts an isolate on a thread of its own. `on_events` is called when there is something to take, once for all that is taken
    /// together.
    ///
    /// # Errors
    ///
    /// The system has no further thread.
    #[napi(factory)]
    pub fn thread(env: Env, setup: NativeSetup, on_events: Function<'_, (), ()>) -> Result<Self> {
        let on_events = on_events.build_threadsafe_function::<()>().weak::<true>().callee_handled::<false>().build()?;
        let limits = setup.limits();
        let outbox = Outbox::new(limits.queued, move || {
            on_events.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        let alive = if setup.shares { Some(Home::of(env)?.count_thread()) } else { None };
        let isolate = Self::new(env, Arc::default(), outbox, None, setup.shares)?;
        thread::start(
            setup_of(env, setup)?,
            limits,
            Arc::clone(&isolate.controls.inbox),
            Arc::clone(&isolate.outbox),
            Arc::clone(&isolate.controls.is_killed),
            Arc::clone(&isolate.controls.watch),
            alive,
        )
        .map_err(|error| Error::from_reason(format!("cannot start a thread for an isolate: {error}")))?;
        Ok(isolate)
    }

    /// Prepares an isolate that runs in [`NativeIsolate::turn`] alone, for about `slice` milliseconds each time. `on_wake` is called
    /// when another thread has woken it.
    ///
    /// # Errors
    ///
    /// The system has no memory for a further stack.
    #[napi(factory)]
    pub fn cooperative(env: Env, setup: NativeSetup, slice: f64, on_wake: Function<'_, (), ()>) -> Result<Self> {
        let on_wake = on_wake.build_threadsafe_function::<()>().weak::<true>().callee_handled::<false>().build()?;
        let limits = setup.limits();
        let inbox = Arc::new(Inbox::of_turns(move || {
            on_wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }));
        let (outbox, is_killed) = (Outbox::new(limits.queued, || {}), Arc::default());
        let shares = setup.shares;
        let fiber = Fiber::new(
            setup_of(env, setup)?,
            limits,
            duration(slice),
            Arc::clone(&inbox),
            Arc::clone(&outbox),
            Arc::clone(&is_killed),
        )
        .map_err(|error| Error::from_reason(format!("cannot make a stack for an isolate: {error}")))?;
        let controls = Controls { inbox, is_killed, watch: Arc::default() };
        Self::new(env, Arc::new(controls), outbox, Some(fiber), shares)
    }

    fn new(env: Env, controls: Arc<Controls>, outbox: Arc<Outbox>, fiber: Option<Fiber>, shares: bool) -> Result<Self> {
        let fiber = Rc::new(RefCell::new(fiber));
        if shares {
            Home::of(env)?.add(&controls, &fiber);
        }
        Ok(Self { controls, outbox, fiber, memories: VecDeque::new() })
    }

    /// Runs a cooperative isolate for a slice. Returns in how many milliseconds it wants its next turn, `Infinity`: with the next
    /// message; -1: at once; -2: it has ended.
    #[napi]
    pub fn turn(&mut self) -> f64 {
        let mut fiber = self.fiber.borrow_mut();
        match fiber.as_mut().map_or(Turn::Ended, Fiber::turn) {
            Turn::Runnable => f64::from(RUNNABLE),
            Turn::Sleeping(None) => f64::INFINITY,
            Turn::Sleeping(Some(until)) => until.saturating_duration_since(Instant::now()).as_secs_f64() * 1000.0,
            Turn::Ended => {
                *fiber = None;
                f64::from(ENDED)
            }
        }
    }

    /// The number of the limit that an isolate with a thread has overrun without ending; -1: none.
    #[napi]
    pub fn overrun(&self) -> i32 {
        self.controls.watch.overrun().map_or(-1, |limit| limit as i32)
    }

    /// Sends a value in V8's format. `memories` has a `Uint8Array` of each `SharedArrayBuffer` in it, by their numbers.
    ///
    /// # Errors
    ///
    /// An isolate cannot have one of the memories.
    #[napi(ts_args_type = "message: Buffer, memories?: readonly Uint8Array[] | undefined | null")]
    pub fn post(&self, env: Env, message: Buffer, memories: Option<Array<'_>>) -> Result<()> {
        let mut list = Vec::new();
        if let Some(memories) = memories {
            let home = Home::of(env)?;
            for at in 0..memories.len() {
                let view: Option<Unknown<'_>> = memories.get(at)?;
                list.push(home.memory_of(view)?);
            }
        }
        self.controls.inbox.push(Command::Message(Parcel { bytes: message.to_vec(), memories: list }));
        Ok(())
    }

    /// Sends the source that it waits for, or why there is none, and the code of that error.
    #[napi]
    pub fn supply(&self, source: Option<String>, reason: Option<String>, code: Option<String>) {
        let refusal = || Refusal { text: reason.unwrap_or_default(), code };
        self.controls.inbox.push(Command::Source(source.ok_or_else(refusal)));
    }

    /// The events since the last call: of each its number, the length of its bytes, and these.
    #[napi]
    pub fn take(&mut self) -> Buffer {
        let events = self.outbox.take();
        let mut batch = Vec::with_capacity(events.iter().map(|event| event.size() + 16).sum());
        for event in events {
            boundary::write(&mut batch, event, &mut self.memories);
        }
        batch.into()
    }

    /// The shared memories of the next event that has any, each as a `SharedArrayBuffer` or a view of one; `null`: this runtime cannot
    /// make one.
    ///
    /// # Errors
    ///
    /// The runtime has no memory for the object.
    #[napi(ts_return_type = "(SharedArrayBuffer | Uint8Array | null)[]")]
    pub fn take_memories<'env>(&mut self, env: &'env Env) -> Result<Vec<Option<Unknown<'env>>>> {
        let home = Home::of(*env)?;
        self.memories.pop_front().unwrap_or_default().into_iter().map(|memory| home.object_of(env, memory)).collect()
    }

    /// Ends the isolate as soon as its code is asked.
    #[napi]
    pub fn kill(&self) {
        self.controls.kill();
    }
}

impl Drop for NativeIsolate {
    /// Nobody can reach the isolate any more, or the thread of the host has ended.
    fn drop(&mut self) {
        self.kill();
    }
}

/// The libraries, once for all isolates of this process.
static LIBRARIES: Mutex<Vec<Arc<Library>>> = Mutex::new(Vec::new());

/// Gives the modules of the library with this name as bytecode, before the first isolate with it; later calls do nothing.
#[napi]
pub fn use_library(library: String, names: Vec<String>, codes: Vec<Buffer>) {
    let mut libraries = LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner);
    if libraries.iter().all(|known| known.name() != library) {
        let modules = names.into_iter().zip(codes.into_iter().map(|code| code.to_vec())).collect();
        libraries.push(Arc::new(Library::new(library, modules)));
    }
}

fn library(name: &str) -> Result<Arc<Library>> {
    let libraries = LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner);
    let found = libraries.iter().find(|library| library.name() == name).map(Arc::clone);
    found.ok_or_else(|| Error::from_reason(format!("there is no library \"{name}\"")))
}

fn setup_of(env: Env, setup: NativeSetup) -> Result<Setup> {
    let sharing = match setup.shares {
        false => Sharing::None,
        true if memory::can_share(env) => Sharing::All,
        true => Sharing::OfHost,
    };
    Ok(Setup {
        library: library(&setup.library)?,
        entry: setup.entry,
        source: setup.source,
        data: setup.data.to_vec(),
        sharing,
    })
}

/// Identifies the engine whose bytecode this addon reads.
#[napi]
pub fn engine() -> String {
    let bits = usize::BITS;
    let order = if cfg!(target_endian = "little") { "little" } else { "big" };
    format!("{} {bits} {order}", env!("CARGO_PKG_VERSION"))
}

/// The bytecode of a module of a library.
///
/// # Errors
///
/// Its source is wrong.
#[napi]
pub fn compile(name: String, source: String) -> Result<Buffer> {
    compile_module(&name, &source).map(Buffer::from).map_err(Error::from_reason)
}

/// Wakes those who wait for a word of shared memory, isolates first, then threads that wait by the system, at most `count`; returns how
/// many it has woken. `words` is an `Int32Array` or a
/// `BigInt64Array`.
///
/// # Errors
///
/// It has no such word.
#[napi(ts_args_type = "words: Int32Array | BigInt64Array, index: number, count: number")]
pub fn notify_isolates(env: Env, words: Unknown<'_>, index: u32, count: u32) -> Result<u32> {
    let address = memory::word_of(env, &words, index)?;
    Ok(shared::notify_all_kinds(address, count))
}

/// How many shared memories isolates and their messages hold in this process, and how many bytes isolates have made.
#[napi]
pub fn shared_memories() -> Vec<f64> {
    let (count, bytes) = shared::live();
    vec![count as f64, bytes as f64]
}
