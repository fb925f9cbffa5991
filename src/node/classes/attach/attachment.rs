//! A host's connection to a detached worker.

use std::path::PathBuf;
use std::time::Duration;

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

use super::outcome::{refused, resolution};
use crate::attach::connector::{Request, attach, report};
use crate::error::code;
use crate::node::classes::lifeline::NativeLifeline;
use crate::node::classes::pair::NativePair;
use crate::node::values::failure::{Failure, NativeFailure, system};
use crate::sys::attach_socket::{End, Purpose, stream_from};
use crate::sys::lifeline::HostEnd;
use crate::sys::process::Process as PeerProcess;

/// A host's connection to a detached worker.
#[napi]
pub struct NativeAttachment {
    end: Option<End>,
    pid: i32,
    process: Option<PeerProcess>,
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
            deferred.resolve(resolution(Err(NativeFailure::new(code::SYSTEM, text))));
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
