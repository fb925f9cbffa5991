//! Both ends of a lifeline as the facade sees them.

use std::cell::RefCell;
use std::io;
use std::os::fd::IntoRawFd;
use std::rc::Rc;
use std::time::Duration;

use napi::Status;
use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use super::debugger::NativeDebugger;
use super::environment::NativeEnvironment;
use super::failure::{Failure, node, system};
use super::pair::NativePair;
use super::uv::pulse::LoopPulse;
use crate::lifeline::limits::{Limits, watch_memory};
use crate::lifeline::{Worker, guard};
use crate::transport::lifeline::{HostEnd, Pulse, WorkerEnd, lifeline};
use crate::transport::{ChildEnd, Stream};

/// The host's end of a lifeline, and until the worker has it the worker's too.
#[napi]
pub struct NativeLifeline {
    host: Rc<RefCell<Option<HostEnd>>>,
    theirs: Option<ChildEnd>,
}

impl NativeLifeline {
    pub(super) fn of(end: HostEnd) -> Self {
        Self { host: Rc::new(RefCell::new(Some(end))), theirs: None }
    }
}

const UNKNOWN: f64 = -1.0;
const SILENT: f64 = -2.0;
const GONE: f64 = -3.0;

/// What the facade has for what went wrong.
fn no_pulse(error: &io::Error) -> f64 {
    if error.kind() == io::ErrorKind::WouldBlock { SILENT } else { GONE }
}

/// How a worker guards itself.
#[napi(object)]
pub struct GuardOptions {
    /// The death of the host ends the whole process group.
    pub kill_group: bool,
    /// The runtime has the real libuv.
    pub uv: bool,
    /// The worker outlives its host: nothing happens when that dies.
    pub detached: bool,
    /// The most bytes of memory that may be resident.
    pub max_rss: Option<f64>,
    /// The most seconds of processor time.
    pub max_cpu_seconds: Option<u32>,
    /// The most file descriptors.
    pub max_open_files: Option<u32>,
    /// The scheduling priority.
    pub nice: Option<i32>,
}

/// Ends this process, at once.
fn end(kill_group: bool) {
    use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
    if kill_group {
        let _ = kill_current_process_group(Signal::KILL);
    }
    let _ = kill_process(getpid(), Signal::KILL);
}

type OnStream = ThreadsafeFunction<i32, (), i32, Status, false, true>;

/// The worker of this process, as its lifeline sees it.
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
        self.on_stream.call(stream.into_raw_fd(), ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn orphaned(&self) {
        if self.detached {
            return;
        }
        self.on_stream.call(-1, ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn end(&self) {
        if !self.detached {
            end(self.kill_group);
        }
    }
}

#[napi]
impl NativeLifeline {
    /// Throws `ERR_SYSTEM` when no file descriptors are left.
    #[napi(constructor, catch_unwind)]
    pub fn new(environment: &NativeEnvironment) -> Result<Self, Failure> {
        let (host, theirs) = lifeline().map_err(|error| system("cannot make a lifeline", &error))?;
        let host = Rc::new(RefCell::new(Some(host)));
        environment.inner.add_lifeline(&host);
        Ok(Self { host, theirs: Some(theirs) })
    }

    /// The descriptor for the child's `stdio`; -1 when it was closed.
    #[napi(getter, catch_unwind)]
    pub fn child_fd(&self) -> i32 {
        self.theirs.as_ref().map_or(-1, ChildEnd::fd)
    }

    /// Closes this process's copy of the child's end: else the end of the child would not be noticed.
    #[napi(catch_unwind)]
    pub fn close_child_end(&mut self) {
        self.theirs = None;
    }

    /// Asks the worker how it is; 0, or -2: it has not read what was asked before, -3: it is gone.
    #[napi(catch_unwind)]
    pub fn ping(&mut self) -> f64 {
        self.host.borrow_mut().as_mut().map_or(GONE, |end| end.ping().map_or_else(|error| no_pulse(&error), |()| 0.0))
    }

    /// The answer to the last ping, once: for how many milliseconds its JavaScript has been running without a pause, 0
    /// where it waits; -1: it lives, more is not known; -2: no answer has come yet; -3: it is gone.
    #[napi(catch_unwind)]
    pub fn pulse(&mut self) -> f64 {
        self.host.borrow_mut().as_mut().map_or(GONE, |end| match end.pulse() {
            Ok(Pulse::Busy(duration)) => duration.as_secs_f64() * 1e3,
            Ok(Pulse::Unknown) => UNKNOWN,
            Err(error) => no_pulse(&error),
        })
    }

    /// Whether a debugger may stop the worker, as far as it has told.
    #[napi(getter, catch_unwind)]
    pub fn is_debugged(&self) -> bool {
        self.host.borrow_mut().as_mut().is_some_and(HostEnd::is_debugged)
    }

    /// How many bytes a worker that is gone had in memory when it ended itself for that; -1 where it did not.
    #[napi(catch_unwind)]
    pub fn report(&self) -> f64 {
        let report = self.host.borrow_mut().as_mut().and_then(HostEnd::report);
        #[expect(clippy::cast_precision_loss, reason = "memory has fewer bytes than 2^53")]
        let report = report.map_or(-1.0, |bytes| bytes as f64);
        report
    }

    /// Gives the worker the child's end of a new pair, and closes it here.
    #[napi(catch_unwind)]
    pub fn pass(&self, pair: &mut NativePair) -> Result<(), Failure> {
        let gone = || Failure::new("ERR_WORKER_CLOSED".to_owned(), "the worker is gone".to_owned());
        let end = pair.take_child_end().ok_or_else(gone)?;
        let host = self.host.borrow();
        let host = host.as_ref().ok_or_else(gone)?;
        host.pass(&end).map_err(|error| system("cannot connect to the worker again", &error))
    }

    /// Closes what is left of both ends: an undetached worker takes it for its host's death.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.theirs = None;
        self.host.borrow_mut().take();
    }

    /// In a worker: watches its end, which this process inherited, on a thread of its own. `onStream` is called with the
    /// descriptor of each new connection, and with -1 when the host is gone; a worker that is still there 600 ms after
    /// that is killed, with `killGroup` together with its process group. `uv`: the runtime has the real libuv.
    #[napi(
        catch_unwind,
        ts_args_type = "fd: number, options: GuardOptions, debuggers: NativeDebugger, onStream: (fd: number) => void"
    )]
    pub fn guard(
        env: Env,
        fd: i32,
        options: GuardOptions,
        debuggers: &NativeDebugger,
        on_stream: Function<'_, i32, ()>,
    ) -> Result<(), Failure> {
        let end = WorkerEnd::adopt(fd).map_err(|error| system(&format!("cannot use the descriptor {fd}"), &error))?;
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
                reporter.tell(used);
                self::end(kill_group);
            })
            .map_err(|error| system(thread, &error))?;
        }
        let on_stream = on_stream
            .build_threadsafe_function::<i32>()
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
        .map_err(|error| system("cannot start the thread of the lifeline", &error))
    }
}
