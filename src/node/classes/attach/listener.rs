//! The listener of a detached worker.

use std::sync::Arc;

use napi::Status;
use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::attach::listener::{AttachHandler, Occupancy, open};
use crate::liveness::debugger::Debugger;
use crate::liveness::lifeline::answer;
use crate::node::classes::debugger::NativeDebugger;
use crate::node::event_loop::pulse::LoopPulse;
use crate::node::values::failure::{Failure, node, system};
use crate::sys::attach_socket::Listener;
use crate::sys::lifeline::WorkerEnd;
use crate::sys::{Stream, adopt};

type OnStream = ThreadsafeFunction<Option<i32>, (), Option<i32>, Status, false, true>;
type OnReport = ThreadsafeFunction<i32, (), i32, Status, false, true>;

/// What a listener accepts.
#[napi(object)]
pub struct NativeListenerOptions {
    /// The listening socket that this process inherited.
    pub fd: i32,
    /// The token that a host must know.
    pub token: String,
    /// The most hosts that may be connected at once.
    pub max_hosts: u32,
    /// The runtime has the real libuv.
    pub uv: bool,
}

/// The listener of a detached worker.
#[napi]
pub struct NativeAttachListener {
    occupancy: Occupancy,
}

/// The worker that listens.
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
impl NativeAttachListener {
    /// Accepts hosts, as the options say, until `close`. Calls `onStream` with the descriptor of each connection, and `onReport` with that
    /// of each peer that waits for `report`. Throws `ERR_SYSTEM`.
    #[napi(
        constructor,
        catch_unwind,
        ts_args_type = "options: NativeListenerOptions, debuggers: NativeDebugger, onStream: OnStream, onReport: OnReport"
    )]
    pub fn new(
        env: Env,
        options: NativeListenerOptions,
        debuggers: &NativeDebugger,
        on_stream: Function<'_, Option<i32>, ()>,
        on_report: Function<'_, i32, ()>,
    ) -> Result<Self, Failure> {
        let NativeListenerOptions { fd, token, max_hosts, uv } = options;
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
        let occupancy = Occupancy::new(usize::try_from(max_hosts).unwrap_or(usize::MAX));
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
