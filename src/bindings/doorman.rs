//! Named sockets as the facade sees them: a worker's door, and a host that knocks.

use std::io::ErrorKind;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{AsyncTask, Env, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Status, Task};
use napi_derive::napi;

use super::debugger::NativeDebugger;
use super::failure::{Failure, node, system};
use super::lifeline::NativeLifeline;
use super::pair::NativePair;
use super::uv::pulse::LoopPulse;
use crate::doorman::{House, Occupancy, open};
use crate::lifeline::answer;
use crate::lifeline::debugger::Debugger;
use crate::transport::Stream;
use crate::transport::claim::{Unclaimed, claim};
use crate::transport::lifeline::{HostEnd, WorkerEnd};
use crate::transport::named::{Listener, Purpose, Refusal, knock, stream_from};

type OnStream = ThreadsafeFunction<i32, (), i32, Status, false, true>;

/// A named socket on which a worker will listen that is being started.
#[napi]
pub struct NativeSocket {
    listener: Option<OwnedFd>,
}

#[napi]
impl NativeSocket {
    /// Listens at `path` for this user alone, and writes the token beside it. What a dead worker left there is removed;
    /// `sweep`: in the whole directory. Throws `ERR_WORKER_OCCUPIED` where a live worker listens, `ERR_INVALID_OPTION`
    /// where there is something else, `ERR_SYSTEM`.
    #[napi(constructor, catch_unwind)]
    pub fn new(path: String, token: String, sweep: bool) -> Result<Self, Failure> {
        let listener = claim(Path::new(&path), &token, sweep).map_err(|error| match error {
            Unclaimed::Live => Failure::new(
                "ERR_WORKER_OCCUPIED".to_owned(),
                format!(
                    "a live worker listens at {path} already. Attach to it with attachWorker(), or choose another name."
                ),
            ),
            Unclaimed::Foreign(file) => Failure::new(
                "ERR_INVALID_OPTION".to_owned(),
                format!(
                    "socketPath must be free, or left by a worker: {} is there, which no worker has made",
                    file.display()
                ),
            ),
            Unclaimed::Io(error) => system(&format!("cannot listen at {path}"), &error),
        })?;
        Ok(Self { listener: Some(listener) })
    }

    /// The descriptor for the child's `stdio`; -1 when it was closed.
    #[napi(getter, catch_unwind)]
    pub fn fd(&self) -> i32 {
        self.listener.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Closes this process's copy: else the end of the worker would not be noticed.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.listener = None;
    }
}

/// The door of a detached worker.
#[napi]
pub struct NativeDoor {
    occupancy: Occupancy,
}

/// The worker behind it.
struct Process {
    pulse: Option<Arc<LoopPulse>>,
    on_stream: OnStream,
    debugger: Debugger,
}

impl House for Process {
    fn connected(&self, stream: Stream) {
        self.on_stream.call(stream.into_raw_fd(), ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn lifeline(&self, end: WorkerEnd) {
        let pulse = self.pulse.clone();
        // Without a thread the host gets no answers, and says so.
        let _ = answer(end, &self.debugger, move || pulse.as_deref().and_then(LoopPulse::busy));
    }
}

#[napi]
impl NativeDoor {
    /// Lets in hosts that know the token, by the listening socket that this process inherited as `fd`. `onStream` is called
    /// with the descriptor of each connection. `uv`: the runtime has the real libuv. Throws `ERR_SYSTEM`.
    #[napi(
        constructor,
        catch_unwind,
        ts_args_type = "fd: number, token: string, uv: boolean, debuggers: NativeDebugger, onStream: (fd: number) => void"
    )]
    pub fn new(
        env: Env,
        fd: i32,
        token: String,
        uv: bool,
        debuggers: &NativeDebugger,
        on_stream: Function<'_, i32, ()>,
    ) -> Result<Self, Failure> {
        let listener =
            Listener::adopt(fd).map_err(|error| system(&format!("cannot use the descriptor {fd}"), &error))?;
        let on_stream = on_stream
            .build_threadsafe_function::<i32>()
            .weak::<true>()
            .callee_handled::<false>()
            .build()
            .map_err(node)?;
        let pulse = if uv { LoopPulse::start(env).map(Arc::new) } else { None };
        let occupancy = Occupancy::default();
        open(listener, token, occupancy.clone(), Process { pulse, on_stream, debugger: debuggers.inner.clone() })
            .map_err(|error| system("cannot start the thread that lets hosts in", &error))?;
        Ok(Self { occupancy })
    }

    /// A host has left: the first one, or one that `onStream` told of; once for each.
    #[napi(catch_unwind)]
    pub fn leave(&self) {
        self.occupancy.leave();
    }
}

/// A host on its way to a worker's door, on a thread of the pool.
pub struct Knock {
    path: PathBuf,
    token: String,
    purpose: Purpose,
    patience: Duration,
}

/// What a host has of a detached worker: one connection.
#[napi]
pub struct NativeAttachment {
    end: Option<OwnedFd>,
    pid: u32,
}

impl Task for Knock {
    type Output = (OwnedFd, u32);
    type JsValue = NativeAttachment;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let fail = |code: &str, text: String| napi::Error::from_reason(format!("{code} {text}"));
        match knock(&self.path, &self.token, self.purpose, self.patience) {
            Ok(Ok(knocked)) => Ok(knocked),
            Ok(Err(refusal)) => {
                let code = match refusal {
                    Refusal::Occupied => "ERR_WORKER_OCCUPIED",
                    Refusal::Silent => "ERR_START_TIMEOUT",
                    _ => "ERR_ATTACH_REFUSED",
                };
                Err(fail(code, refusal.to_string()))
            }
            Err(error) => {
                let code = match error.kind() {
                    ErrorKind::NotFound
                    | ErrorKind::ConnectionRefused
                    | ErrorKind::ConnectionReset
                    | ErrorKind::BrokenPipe => "ERR_NO_SUCH_WORKER",
                    ErrorKind::PermissionDenied => "ERR_ATTACH_REFUSED",
                    _ => "ERR_SYSTEM",
                };
                Err(fail(code, error.to_string()))
            }
        }
    }

    fn resolve(&mut self, _env: Env, (end, pid): Self::Output) -> napi::Result<NativeAttachment> {
        Ok(NativeAttachment { end: Some(end), pid })
    }
}

#[napi]
impl NativeAttachment {
    /// Connects to the worker that listens at `path`, which may take `patience` milliseconds to answer. `purpose`:
    /// `messages`, `take-over` or `lifeline`. Rejects with a text that begins with a code.
    #[napi(
        catch_unwind,
        ts_args_type = "path: string, token: string, purpose: 'messages' | 'take-over' | 'lifeline', patience: number",
        ts_return_type = "Promise<NativeAttachment>"
    )]
    pub fn knock(path: String, token: String, purpose: String, patience: u32) -> AsyncTask<Knock> {
        let purpose = match purpose.as_str() {
            "lifeline" => Purpose::Lifeline,
            other => Purpose::Messages { take_over: other == "take-over" },
        };
        AsyncTask::new(Knock {
            path: PathBuf::from(path),
            token,
            purpose,
            patience: Duration::from_millis(patience.into()),
        })
    }

    /// The worker's process id.
    #[napi(getter, catch_unwind)]
    pub fn pid(&self) -> u32 {
        self.pid
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
        let end = HostEnd::from_fd(self.take()?).map_err(|error| system("cannot use the lifeline", &error))?;
        Ok(NativeLifeline::of(end))
    }

    fn take(&mut self) -> Result<OwnedFd, Failure> {
        let taken = || Failure::new("ERR_SYSTEM".to_owned(), "the connection was taken before".to_owned());
        self.end.take().ok_or_else(taken)
    }
}
