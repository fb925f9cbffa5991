//! Named sockets for the facade: a worker's listener, and a host that attaches.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use napi::Status;
use napi::bindgen_prelude::{Either, Env, Function, Object};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use super::debugger::NativeDebugger;
use super::lifeline::NativeLifeline;
use super::pair::NativePair;
use crate::attach::connector::{Request, attach, report};
use crate::attach::listener::{AttachHandler, Occupancy, open};
use crate::error::code;
use crate::liveness::debugger::Debugger;
use crate::liveness::lifeline::answer;
use crate::node::event_loop::pulse::LoopPulse;
use crate::node::values::failure::{Failure, NativeFailure, closed, node, system};
use crate::sys::attach_socket::{End, Listener, Purpose, Refusal, stream_from};
use crate::sys::lifeline::{HostEnd, WorkerEnd};
use crate::sys::path_lock::{Claim, Unclaimed, claim, release, token_file};
use crate::sys::process::Process as PeerProcess;
use crate::sys::{Stream, adopt};

type OnStream = ThreadsafeFunction<Option<i32>, (), Option<i32>, Status, false, true>;
type OnReport = ThreadsafeFunction<i32, (), i32, Status, false, true>;

/// A named socket for a worker that is about to start.
#[napi]
pub struct NativeSocket {
    claim: Option<Claim>,
}

#[napi]
impl NativeSocket {
    /// Listens at `path` for this user alone, and writes the token beside it. Removes the files of a dead worker there;
    /// `sweep`: in the whole directory. Throws `ERR_WORKER_OCCUPIED` if a live worker listens, `ERR_INVALID_OPTION` if
    /// the path has another file, `ERR_SYSTEM`.
    #[napi(constructor, catch_unwind)]
    pub fn new(path: String, token: String, sweep: bool) -> Result<Self, Failure> {
        let claim = claim(Path::new(&path), &token, sweep).map_err(|error| match error {
            Unclaimed::Live => Failure::new(
                code::WORKER_OCCUPIED.to_owned(),
                format!(
                    "a live worker listens at {path} already. Attach to it with attachWorker(), or choose another name."
                ),
            ),
            Unclaimed::Foreign(file) => Failure::new(
                code::INVALID_OPTION.to_owned(),
                format!(
                    "socketPath must be free, or left by a worker: {} is there, which no worker has made",
                    file.display()
                ),
            ),
            Unclaimed::Unlocked(directory, error) => Failure::new(
                code::SYSTEM.to_owned(),
                format!(
                    "cannot listen at {path}: the directory {} cannot be locked: {error}. Another process may hold its lock; \
                     choose a `socketPath` in a directory of your own.",
                    directory.display()
                ),
            ),
            Unclaimed::Io(error) => system(&format!("cannot listen at {path}"), &error),
        })?;
        Ok(Self { claim: Some(claim) })
    }

    /// Removes the files of an ended worker at `path`, unless the token belongs to another. Throws `ERR_SYSTEM`.
    #[napi(catch_unwind)]
    pub fn remove(path: String, token: String) -> Result<bool, Failure> {
        release(Path::new(&path), &token)
            .map_err(|error| Failure::new(code::SYSTEM.to_owned(), format!("cannot remove {path}: {error}")))
    }

    /// The descriptor for the child's `stdio`. Throws `ERR_SYSTEM` after it was closed.
    #[napi(getter, catch_unwind)]
    pub fn fd(&self) -> Result<i32, Failure> {
        self.claim.as_ref().map(Claim::fd).ok_or_else(closed)
    }

    /// Where the child finds it; `null`: it inherits the descriptor.
    #[napi(getter, catch_unwind)]
    pub fn child_address(&self) -> Option<String> {
        self.claim.as_ref().and_then(Claim::address)
    }

    /// In a worker: listens at an address, with the worker's token. Returns the number for `NativeDoor`. Throws
    /// `ERR_SYSTEM`.
    #[napi(catch_unwind)]
    pub fn open(address: String, token: String) -> Result<i32, Failure> {
        Listener::open(&address, &token).map_err(|error| system(&format!("cannot listen at {address}"), &error))
    }

    /// The file with the token of the worker at `path`.
    #[napi(catch_unwind)]
    pub fn token_file(path: String) -> String {
        token_file(Path::new(&path)).to_string_lossy().into_owned()
    }

    /// The child has started: closes this process's copy of what the child has inherited. Otherwise this process would
    /// not notice the end of the worker.
    #[napi(catch_unwind)]
    pub fn child_started(&mut self) {
        self.claim = self.claim.take().and_then(Claim::started);
    }

    /// Closes the rest.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.claim = None;
    }
}

/// The listener of a detached worker.
#[napi]
pub struct NativeDoor {
    occupancy: Occupancy,
}

/// The worker behind it.
struct Process {
    pulse: Option<Arc<LoopPulse>>,
    on_stream: OnStream,
    on_report: OnReport,
    debugger: Debugger,
}

impl AttachHandler for Process {
    fn connected(&self, stream: Stream) {
        self.on_stream.call(Some(stream.hand_over()), ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn report(&self, stream: Stream) {
        self.on_report.call(stream.hand_over(), ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn lifeline(&self, end: WorkerEnd) {
        let pulse = self.pulse.clone();
        // Without a thread the worker does not answer, and the host reports that.
        let _ = answer(end, &self.debugger, move || pulse.as_deref().and_then(LoopPulse::busy));
    }
}

#[napi]
impl NativeDoor {
    /// Accepts hosts that know the token, at most `most` at once, with the listening socket that this process inherited
    /// as `fd`. Calls `onStream` with the descriptor of each connection, and `onReport` with that of each peer that waits for `report`.
    /// `uv`: the runtime has the real libuv. Throws `ERR_SYSTEM`.
    #[napi(
        constructor,
        catch_unwind,
        ts_args_type = "fd: number, token: string, most: number, uv: boolean, debuggers: NativeDebugger, onStream: OnStream, onReport: OnReport"
    )]
    #[allow(clippy::too_many_arguments, reason = "the facade gives each once, in one place")]
    pub fn new(
        env: Env,
        fd: i32,
        token: String,
        most: u32,
        uv: bool,
        debuggers: &NativeDebugger,
        on_stream: Function<'_, Option<i32>, ()>,
        on_report: Function<'_, i32, ()>,
    ) -> Result<Self, Failure> {
        let on_report = on_report
            .build_threadsafe_function::<i32>()
            .weak::<true>()
            .callee_handled::<false>()
            .build()
            .map_err(node)?;
        let listener =
            Listener::adopt(fd).map_err(|error| system(&format!("cannot use the descriptor {fd}"), &error))?;
        let on_stream = on_stream
            .build_threadsafe_function::<Option<i32>>()
            .weak::<true>()
            .callee_handled::<false>()
            .build()
            .map_err(node)?;
        let pulse = if uv { LoopPulse::start(env).map(Arc::new) } else { None };
        let occupancy = Occupancy::new(usize::try_from(most).unwrap_or(usize::MAX));
        open(
            listener,
            token,
            occupancy.clone(),
            Process { pulse, on_stream, on_report, debugger: debuggers.inner.clone() },
        )
        .map_err(|error| system("cannot start the thread that lets hosts in", &error))?;
        Ok(Self { occupancy })
    }

    /// A host has left: the first one, or one that `onStream` reported; once for each.
    #[napi(catch_unwind)]
    pub fn leave(&self) {
        self.occupancy.leave();
    }

    /// Writes one line, of at most 256 bytes, to a peer that `onReport` has reported, and closes its descriptor.
    #[napi(catch_unwind)]
    pub fn report(fd: i32, text: String) {
        if let Ok(stream) = adopt(fd) {
            // A new connection has capacity for the line. A peer that has left gets none.
            let _ = stream.try_write(format!("{text}\n").as_bytes());
        }
    }

    /// Accepts no further host, for ever; `false`: one is connected, or its descriptor is about to be reported.
    #[napi(catch_unwind)]
    pub fn close(&self) -> bool {
        self.occupancy.close()
    }
}

/// A host's connection to a detached worker.
#[napi]
pub struct NativeAttachment {
    end: Option<End>,
    pid: i32,
    process: Option<PeerProcess>,
}

/// The failure for the facade, if it was one.
fn refused<T>(outcome: std::io::Result<Result<T, Refusal>>) -> Result<T, NativeFailure> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(refusal)) => {
            let code = match refusal {
                Refusal::Occupied => code::WORKER_OCCUPIED,
                Refusal::Ending => code::NO_SUCH_WORKER,
                Refusal::Silent => code::START_TIMEOUT,
                _ => code::ATTACH_REFUSED,
            };
            Err(NativeFailure::new(code, refusal.to_string()))
        }
        Err(error) => {
            let code = match error.kind() {
                ErrorKind::NotFound
                | ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::BrokenPipe => code::NO_SUCH_WORKER,
                ErrorKind::PermissionDenied => code::ATTACH_REFUSED,
                _ => code::SYSTEM,
            };
            Err(NativeFailure::new(code, error.to_string()))
        }
    }
}

/// Makes the value with which the promise resolves.
fn resolution<T>(outcome: Result<T, NativeFailure>) -> impl FnOnce(Env) -> napi::Result<Either<T, NativeFailure>> {
    move |_| Ok(outcome.map_or_else(Either::B, Either::A))
}

#[napi]
impl NativeAttachment {
    /// Connects to the worker that listens at `path`, which may take `patience` milliseconds to answer; 0: no limit.
    /// `purpose`: `messages`, `take-over` or `lifeline`. Resolves with the connection or the failure, never rejects.
    /// Blocks no thread that other work needs.
    #[napi(
        catch_unwind,
        ts_args_type = "path: string, token: string, purpose: 'messages' | 'take-over' | 'lifeline', patience: number",
        ts_return_type = "Promise<NativeAttachment | NativeFailure>"
    )]
    pub fn connect<'a>(
        env: &'a Env,
        path: String,
        token: String,
        purpose: String,
        patience: u32,
    ) -> napi::Result<Object<'a>> {
        let purpose = match purpose.as_str() {
            "lifeline" => Purpose::Lifeline,
            other => Purpose::Messages { take_over: other == "take-over" },
        };
        let patience = (patience > 0).then(|| Duration::from_millis(patience.into()));
        let is_lifeline = purpose == Purpose::Lifeline;
        let (deferred, promise) = env.create_deferred()?;
        let answer = deferred.clone();
        let request = Request { path: PathBuf::from(path), token, purpose, patience };
        let started = attach(request, move |outcome| {
            let attached = refused(outcome).map(|(end, pid)| {
                // The connection is open, so it is that process.
                let process = if is_lifeline { None } else { PeerProcess::open(pid).ok() };
                Self { end: Some(end), pid, process }
            });
            answer.resolve(resolution(attached));
        });
        if let Err(error) = started {
            let text = format!("cannot start the thread that attaches: {error}");
            deferred.resolve(resolution(Err(NativeFailure::new(code::SYSTEM, text))));
        }
        Ok(promise)
    }

    /// Asks the worker that listens at `path` for its figures: one line, which is empty if it has none yet. Else as `connect`.
    #[napi(catch_unwind, ts_return_type = "Promise<string | NativeFailure>")]
    pub fn report<'a>(env: &'a Env, path: String, token: String, patience: u32) -> napi::Result<Object<'a>> {
        let patience = (patience > 0).then(|| Duration::from_millis(patience.into()));
        let (deferred, promise) = env.create_deferred()?;
        let answer = deferred.clone();
        let request = Request { path: PathBuf::from(path), token, purpose: Purpose::Report, patience };
        let started = report(request, move |outcome| {
            answer.resolve(resolution(refused(outcome)));
        });
        if let Err(error) = started {
            let text = format!("cannot start the thread that asks: {error}");
            deferred.resolve(resolution(Err(NativeFailure::new("ERR_SYSTEM", text))));
        }
        Ok(promise)
    }

    /// The worker's process id.
    #[napi(getter, catch_unwind)]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Closes all descriptors.
    #[napi(catch_unwind)]
    pub fn let_go(&mut self) {
        self.end = None;
        if let Some(process) = &mut self.process {
            process.let_go();
        }
    }

    /// Sends its process a signal, by number; `false`: it has ended.
    #[napi(catch_unwind)]
    pub fn signal(&self, signal: i32) -> bool {
        self.process.as_ref().is_some_and(|process| process.signal_number(signal))
    }

    /// The host's end of the connection for messages; once.
    #[napi(catch_unwind)]
    pub fn pair(&mut self) -> Result<NativePair, Failure> {
        let stream = stream_from(self.take()?).map_err(|error| system("cannot use the connection", &error))?;
        Ok(NativePair::of(stream))
    }

    /// The host's end of the lifeline; once.
    #[napi(catch_unwind)]
    pub fn lifeline(&mut self) -> Result<NativeLifeline, Failure> {
        let end = HostEnd::from_end(self.take()?).map_err(|error| system("cannot use the lifeline", &error))?;
        Ok(NativeLifeline::of(end))
    }

    fn take(&mut self) -> Result<End, Failure> {
        let taken = || Failure::new(code::SYSTEM.to_owned(), "the connection was taken before".to_owned());
        self.end.take().ok_or_else(taken)
    }
}
