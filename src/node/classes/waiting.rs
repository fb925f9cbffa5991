//! Waiting for one answer with the thread blocked, for the facade.

use napi::bindgen_prelude::{Env, Unknown};
use napi_derive::napi;

use super::connection::NativeConnection;
use crate::boundary::WaitOutcome;
use crate::io::RequestOutcome;
use crate::node::values::batch::undefined;
use crate::node::values::failure::NativeFailure;
use crate::protocol::event::Payload;
use crate::protocol::transactions::Slot;
use crate::sys::exit_status::{self, Exit};

#[napi]
impl NativeConnection {
    /// Blocks this thread until a request has its outcome. Returns its payload; the failure for
    /// `WaitOutcome.Refused`; the error of the peer, if known, for `WaitOutcome.Lost`. The head of the shared memory
    /// has the `WaitOutcome`, the timeout in milliseconds, and whether other messages arrived, which the next
    /// `takeTurn()` delivers. Requests of the peer fail with `ERR_HOST_BLOCKED` meanwhile.
    #[napi(catch_unwind, ts_return_type = "Buffer | string | NativeFailure | undefined")]
    pub fn wait_for(&self, env: Env, slot: u32) -> Unknown<'_> {
        // A failed driver counts as a lost peer.
        let seen = self.driver.guarded("waitFor", || self.driver.wait_for(Slot(slot)));
        let Fields { outcome, payload, millis, failure } = fields_of(seen.unwrap_or(RequestOutcome::Lost(None)));
        self.driver.flush_pending();
        let delivery = self.driver.user();
        delivery.environment.records.write_head([outcome as i32, millis, self.driver.has_events().into()]);
        let env = env.raw();
        let value = match payload {
            Some(payload) => delivery.payload_to_js(self.driver.channel(), &payload),
            None => failure.map_or_else(|| undefined(env), |failure| failure.into_js(env)),
        };
        self.driver.release_segments();
        // SAFETY: the value was just made in this environment, in the scope of this call.
        unsafe { Unknown::from_raw_unchecked(env, value) }
    }

    /// How a child process has ended, without reaping it; `null` if unknown. Waits at most `timeout` milliseconds.
    #[napi(catch_unwind)]
    pub fn exit_of(pid: i32, timeout: f64) -> Option<NativeExit> {
        exit_status::peek(pid, timeout).map(|exit| match exit {
            Exit::Code(code) => NativeExit { code: Some(code), signal: None },
            Exit::Signal(signal) => NativeExit { code: None, signal: Some(signal) },
        })
    }
}

/// How a process has ended.
#[napi(object, object_from_js = false)]
pub struct NativeExit {
    /// Its exit code.
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
}

/// What JavaScript receives of the end of a wait.
struct Fields {
    outcome: WaitOutcome,
    payload: Option<Payload>,
    millis: i32,
    failure: Option<NativeFailure>,
}

impl Fields {
    fn of(outcome: WaitOutcome, payload: Option<Payload>) -> Self {
        Self { outcome, payload, millis: 0, failure: None }
    }
}

fn fields_of(outcome: RequestOutcome) -> Fields {
    match outcome {
        RequestOutcome::Result(payload) => Fields::of(WaitOutcome::Result, payload),
        RequestOutcome::RemoteError(payload) => Fields::of(WaitOutcome::RemoteError, payload),
        RequestOutcome::TimedOut(timeout) => {
            let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
            Fields { millis, ..Fields::of(WaitOutcome::TimedOut, None) }
        }
        RequestOutcome::Refused { code, message } => {
            let failure = Some(NativeFailure::new(code, message));
            Fields { failure, ..Fields::of(WaitOutcome::Refused, None) }
        }
        RequestOutcome::Lost(error) => Fields::of(WaitOutcome::Lost, error),
    }
}
