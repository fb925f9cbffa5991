//! Named sockets as the facade sees them: a worker's door, and a host that knocks.

use std::os::fd::{IntoRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi::bindgen_prelude::{AsyncTask, Env, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Status, Task};
use napi_derive::napi;

use super::failure::{Failure, node, system};
use super::lifeline::NativeLifeline;
use super::pair::NativePair;
use super::uv::pulse::LoopPulse;
use crate::doorman::{House, Occupied, open};
use crate::lifeline::answer;
use crate::transport::Stream;
use crate::transport::lifeline::{HostEnd, WorkerEnd};
use crate::transport::named::{Listener, Purpose, Refusal, is_stale, knock, stream_from};

type OnStream = ThreadsafeFunction<i32, (), i32, Status, false, true>;

/// The door of a detached worker.
#[napi]
pub struct NativeDoor {
    occupied: Occupied,
}

/// The worker behind it.
struct Process {
    pulse: Option<Arc<LoopPulse>>,
    on_stream: OnStream,
}

impl House for Process {
    fn connected(&self, stream: Stream) {
        self.on_stream.call(stream.into_raw_fd(), ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn lifeline(&self, end: WorkerEnd) {
        let pulse = self.pulse.clone();
        // Without a thread the host gets no answers, and says so.
        let _ = answer(end, move || pulse.as_deref().and_then(LoopPulse::busy));
    }
}

#[napi]
impl NativeDoor {
    /// Listens at `path` for hosts that know the token. `onStream` is called with the descriptor of each connection. A
    /// socket that a dead worker left there is removed. `uv`: the runtime has the real libuv. Throws `ERR_SYSTEM`.
    #[napi(
        constructor,
        catch_unwind,
        ts_args_type = "path: string, token: string, uv: boolean, onStream: (fd: number) => void"
    )]
    pub fn new(
        env: Env,
        path: String,
        token: String,
        uv: bool,
        on_stream: Function<'_, i32, ()>,
    ) -> Result<Self, Failure> {
        let listener = Listener::bind(&PathBuf::from(&path))
            .map_err(|error| system(&format!("cannot listen at {path}"), &error))?;
        let on_stream = on_stream
            .build_threadsafe_function::<i32>()
            .weak::<true>()
            .callee_handled::<false>()
            .build()
            .map_err(node)?;
        let pulse = if uv { LoopPulse::start(env).map(Arc::new) } else { None };
        let occupied: Occupied = Arc::new(AtomicBool::new(true));
        open(listener, token, Arc::clone(&occupied), Process { pulse, on_stream })
            .map_err(|error| system("cannot start the thread that lets hosts in", &error))?;
        Ok(Self { occupied })
    }

    /// Whether a host is connected: then another is turned away unless it takes over.
    #[napi(catch_unwind)]
    pub fn set_occupied(&self, occupied: bool) {
        self.occupied.store(occupied, Ordering::Release);
    }
}

/// A host on its way to a worker's door, on a thread of the pool.
pub struct Knock {
    path: PathBuf,
    token: String,
    take_over: bool,
}

/// What a host has of a detached worker.
#[napi]
pub struct NativeAttachment {
    messages: Option<OwnedFd>,
    lifeline: Option<OwnedFd>,
    pid: u32,
}

impl Task for Knock {
    type Output = (OwnedFd, OwnedFd, u32);
    type JsValue = NativeAttachment;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let fail = |code: &str, text: String| napi::Error::from_reason(format!("{code} {text}"));
        let reach = |purpose| match knock(&self.path, &self.token, purpose) {
            Ok(Ok(knocked)) => Ok(knocked),
            Ok(Err(refusal @ Refusal::Occupied)) => Err(fail("ERR_WORKER_OCCUPIED", refusal.to_string())),
            Ok(Err(refusal)) => Err(fail("ERR_ATTACH_REFUSED", refusal.to_string())),
            Err(error) => Err(fail("ERR_NO_SUCH_WORKER", error.to_string())),
        };
        let (lifeline, _) = reach(Purpose::Lifeline)?;
        let (messages, pid) = reach(Purpose::Messages { take_over: self.take_over })?;
        Ok((messages, lifeline, pid))
    }

    fn resolve(&mut self, _env: Env, (messages, lifeline, pid): Self::Output) -> napi::Result<NativeAttachment> {
        Ok(NativeAttachment { messages: Some(messages), lifeline: Some(lifeline), pid })
    }
}

#[napi]
impl NativeAttachment {
    /// Connects to the worker that listens at `path`. Rejects with a text that begins with a code.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeAttachment>")]
    pub fn knock(path: String, token: String, take_over: bool) -> AsyncTask<Knock> {
        AsyncTask::new(Knock { path: PathBuf::from(path), token, take_over })
    }

    /// Whether there is a socket at `path` at which nobody listens any more.
    #[napi(catch_unwind)]
    pub fn is_stale(path: String) -> bool {
        is_stale(&PathBuf::from(path))
    }

    /// The worker's process id.
    #[napi(getter, catch_unwind)]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The host's end of the connection for messages; once.
    #[napi(catch_unwind)]
    pub fn pair(&mut self) -> Result<NativePair, Failure> {
        let fd = self.messages.take().ok_or_else(|| taken("connection"))?;
        let stream = stream_from(fd).map_err(|error| system("cannot use the connection", &error))?;
        Ok(NativePair::of(stream))
    }

    /// The host's end of the lifeline; once.
    #[napi(catch_unwind)]
    pub fn lifeline(&mut self) -> Result<NativeLifeline, Failure> {
        let fd = self.lifeline.take().ok_or_else(|| taken("lifeline"))?;
        let end = HostEnd::from_fd(fd).map_err(|error| system("cannot use the lifeline", &error))?;
        Ok(NativeLifeline::of(end))
    }
}

fn taken(what: &str) -> Failure {
    Failure::new("ERR_SYSTEM".to_owned(), format!("the {what} was taken before"))
}
