//! Both ends of a lifeline for the facade.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use napi::Status;
use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use super::debugger::NativeDebugger;
use super::pair::NativePair;
use crate::boundary::PulseState;
use crate::error::code;
use crate::liveness::lifeline::{Worker, guard};
use crate::node::classes::environment::NativeEnvironment;
use crate::node::event_loop::pulse::LoopPulse;
use crate::node::values::failure::{Failure, closed, node, system};
use crate::sys::lifeline::{HostEnd, Pulse, WorkerEnd, lifeline};
use crate::sys::process::end_now;
use crate::sys::rlimits::{Limits, watch_memory};
use crate::sys::{ChildEnd, Stream};

/// The host's end of a lifeline, and the worker's too until the worker has it.
#[napi]
pub struct NativeLifeline {
    host: Rc<RefCell<Option<HostEnd>>>,
    theirs: Option<ChildEnd>,
}

impl NativeLifeline {
    pub(in crate::node) fn of(end: HostEnd) -> Self {
        Self { host: Rc::new(RefCell::new(Some(end))), theirs: None }
    }
}

/// The state of a worker according to its lifeline.
#[napi(object, object_from_js = false)]
pub struct NativePulse {
    /// A `PulseState`.
    #[napi(ts_type = "PulseState")]
    pub state: i32,
    /// For `PulseState.Busy`: how many milliseconds its JavaScript has run without a pause; 0: it waits. Else 0.
    pub millis: f64,
}

impl NativePulse {
    fn of(state: PulseState) -> Self {
        Self { state: state as i32, millis: 0.0 }
    }

    fn failed(error: &io::Error) -> Self {
        Self::of(if error.kind() == io::ErrorKind::WouldBlock { PulseState::Silent } else { PulseState::Gone })
    }
}

/// The guards of a worker.
#[napi(object)]
pub struct GuardOptions {
    /// The death of the host ends the whole process group.
    pub kill_group: bool,
    /// The runtime has the real libuv.
    pub uv: bool,
    /// The worker outlives its host.
    pub detached: bool,
    /// The most bytes of resident memory.
    pub max_rss: Option<f64>,
    /// The most seconds of processor time.
    pub max_cpu_seconds: Option<u32>,
    /// The most file descriptors.
    pub max_open_files: Option<u32>,
    /// The scheduling priority.
    pub nice: Option<i32>,
}

type OnStream = ThreadsafeFunction<Option<i32>, (), Option<i32>, Status, false, true>;

/// The worker of this process, for its lifeline.
struct Process {
    pulse: Option<LoopPulse>,
    on_stream: OnStream,
    kill_group: bool,
    detached: bool,
}

impl Worker for Process {
    fn busy(&self) -> Option<Duration> {
        self.pulse.as_ref().and_then(LoopPulse::busy)
    }

    fn connected(&self, stream: Stream) {
        // The facade takes it over, or the process ends.
        self.on_stream.call(Some(stream.hand_over()), ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn orphaned(&self) {
        if self.detached {
            return;
        }
        self.on_stream.call(None, ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn end(&self) {
        if !self.detached {
            end_now(self.kill_group);
        }
    }
}

#[napi]
impl NativeLifeline {
    /// Throws `ERR_SYSTEM` if no file descriptors are left.
    #[napi(constructor, catch_unwind)]
    pub fn new(environment: &NativeEnvironment) -> Result<Self, Failure> {
        let (host, theirs) = lifeline().map_err(|error| system("cannot make a lifeline", &error))?;
        let host = Rc::new(RefCell::new(Some(host)));
        environment.inner.add_lifeline(&host);
        Ok(Self { host, theirs: Some(theirs) })
    }

    /// The descriptor for the child's `stdio`. Throws `ERR_SYSTEM` after it was closed.
    #[napi(getter, catch_unwind)]
    pub fn child_fd(&self) -> Result<i32, Failure> {
        self.theirs.as_ref().map(ChildEnd::fd).ok_or_else(closed)
    }

    /// Sends a detached worker its token, before its start.
    #[napi(catch_unwind)]
    pub fn give_token(&self, token: String) -> Result<(), Failure> {
        let host = self.host.borrow();
        let given = host.as_ref().map_or(Ok(()), |end| end.give_token(&token));
        given.map_err(|error| system("cannot write to the lifeline", &error))
    }

    /// Where the child finds its end; `null`: it inherits the descriptor.
    #[napi(getter, catch_unwind)]
    pub fn child_address(&self) -> Option<String> {
        self.theirs.as_ref().and_then(ChildEnd::address)
    }

    /// The child has started: closes this process's copy of what the child has inherited. Otherwise this process would
    /// not notice the end of the child.
    #[napi(catch_unwind)]
    pub fn child_started(&mut self) {
        self.theirs = self.theirs.take().and_then(ChildEnd::started);
    }

    /// Pings the worker. Returns `null`, or the state that made it impossible: the worker has not read the previous
    /// ping, or has ended.
    #[napi(catch_unwind)]
    pub fn ping(&mut self) -> Option<NativePulse> {
        let mut host = self.host.borrow_mut();
        let Some(end) = host.as_mut() else { return Some(NativePulse::of(PulseState::Gone)) };
        end.ping().err().as_ref().map(NativePulse::failed)
    }

    /// The answer to the last ping, once.
    #[napi(catch_unwind)]
    pub fn pulse(&mut self) -> NativePulse {
        let mut host = self.host.borrow_mut();
        let Some(end) = host.as_mut() else { return NativePulse::of(PulseState::Gone) };
        match end.pulse() {
            Ok(Pulse::Busy(duration)) => {
                NativePulse { millis: duration.as_secs_f64() * 1e3, ..NativePulse::of(PulseState::Busy) }
            }
            Ok(Pulse::Unknown) => NativePulse::of(PulseState::Alive),
            Err(error) => NativePulse::failed(&error),
        }
    }

    /// Whether a debugger may stop the worker, according to its reports.
    #[napi(getter, catch_unwind)]
    pub fn is_debugged(&self) -> bool {
        self.host.borrow_mut().as_mut().is_some_and(HostEnd::is_debugged)
    }

    /// The resident bytes of an ended worker that exceeded its limit; `null` if it did not.
    #[napi(catch_unwind)]
    pub fn report(&self) -> Option<f64> {
        let report = self.host.borrow_mut().as_mut().and_then(HostEnd::report);
        #[expect(clippy::cast_precision_loss, reason = "memory has fewer bytes than 2^53")]
        let report = report.map(|bytes| bytes as f64);
        report
    }

    /// Passes the worker the child's end of a new pair, and closes it here.
    #[napi(catch_unwind)]
    pub fn pass(&self, pair: &mut NativePair) -> Result<(), Failure> {
        let gone = || Failure::new(code::WORKER_CLOSED.to_owned(), "the worker is gone".to_owned());
        let end = pair.take_child_end().ok_or_else(gone)?;
        let host = self.host.borrow();
        let host = host.as_ref().ok_or_else(gone)?;
        host.pass(&end).map_err(|error| system("cannot connect to the worker again", &error))
    }

    /// Closes the rest of both ends: an undetached worker takes this for its host's death.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.theirs = None;
        self.host.borrow_mut().take();
    }

    /// In a worker: watches its end, which this process inherited, on a separate thread. Calls `onStream` with the
    /// descriptor of each new connection, and with `null` when the host has ended; kills a worker that still runs 600 ms
    /// after that, with `killGroup` together with its process group. `uv`: the runtime has the real libuv. Returns the
    /// token of a detached worker.
    #[napi(
        catch_unwind,
        ts_args_type = "fd: number, options: GuardOptions, debuggers: NativeDebugger, onStream: OnStream"
    )]
    pub fn guard(
        env: Env,
        fd: i32,
        options: GuardOptions,
        debuggers: &NativeDebugger,
        on_stream: Function<'_, Option<i32>, ()>,
    ) -> Result<Option<String>, Failure> {
        let end = WorkerEnd::adopt(fd).map_err(|error| system(&format!("cannot use the descriptor {fd}"), &error))?;
        let token = if options.detached {
            Some(end.take_token().map_err(|error| system("cannot read the token of this detached worker", &error))?)
        } else {
            None
        };
        let limits = Limits {
            cpu_seconds: options.max_cpu_seconds.map(u64::from),
            open_files: options.max_open_files.map(u64::from),
            nice: options.nice,
        };
        limits.apply().map_err(|(name, error)| system(&format!("cannot apply resourceLimits.{name}"), &error))?;
        if let Some(bytes) = options.max_rss {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the host checks the range")]
            let limit = bytes as u64;
            let thread = "cannot start the thread that watches memory";
            let reporter = end.reporter().map_err(|error| system(thread, &error))?;
            let kill_group = options.kill_group;
            watch_memory(limit, move |used| {
                reporter.report(used);
                end_now(kill_group);
            })
            .map_err(|error| system(thread, &error))?;
        }
        let on_stream = on_stream
            .build_threadsafe_function::<Option<i32>>()
            .weak::<true>()
            .callee_handled::<false>()
            .build()
            .map_err(node)?;
        let pulse = if options.uv { LoopPulse::start(env) } else { None };
        guard(
            end,
            &debuggers.inner,
            Process { pulse, on_stream, kill_group: options.kill_group, detached: options.detached },
        )
        .map_err(|error| system("cannot start the thread of the lifeline", &error))?;
        Ok(token)
    }
}
