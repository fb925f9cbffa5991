//! Waiting for a word of shared memory, and waking those that wait, in any process.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use napi::bindgen_prelude::{Env, Function, JsValue, Unknown};
use napi::sys;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;

use super::shared_buffers::NativeSharedMemory;
use crate::error::code;
use crate::node::values::failure::{Failure, node, system};
use crate::sys::futex::{self, HAS_FUTEX, Woken};

#[napi]
impl NativeSharedMemory {
    /// Blocks this thread while the word of 32 bits has this value, until somebody notifies it, for at most `timeout`
    /// milliseconds.
    #[napi(catch_unwind, ts_return_type = "'ok' | 'not-equal' | 'timed-out'")]
    pub fn wait(&self, index: u32, expected: i32, timeout: f64) -> Result<&'static str, Failure> {
        wait(self.mapping.word(index.into()), expected, timeout)
    }

    /// Like `wait`, on a thread of its own: `done` receives the outcome, 0: notified, 1: another value, 2: timed out. It does not keep
    /// the event loop alive.
    #[napi(catch_unwind, ts_args_type = "index: number, expected: number, timeout: number, done: OnWaited")]
    pub fn wait_later(
        &self,
        index: u32,
        expected: i32,
        timeout: f64,
        done: Function<'_, u32, ()>,
    ) -> Result<(), Failure> {
        known("sharedWaitAsync", self.mapping.word(index.into()))?;
        let done =
            done.build_threadsafe_function::<u32>().weak::<true>().callee_handled::<false>().build().map_err(node)?;
        // Without an end, if it is infinite.
        let timeout = Duration::try_from_secs_f64(timeout / 1000.0).unwrap_or(Duration::MAX);
        let mapping = Arc::clone(&self.mapping);
        let waiting = move || {
            let Some(word) = mapping.word(index.into()) else { return };
            let outcome = wait_in_slices(word, expected, timeout, || done.aborted());
            done.call(outcome as u32, ThreadsafeFunctionCallMode::NonBlocking);
        };
        let started = std::thread::Builder::new().name("isolated-wait".to_owned()).spawn(waiting);
        started.map(drop).map_err(|error| system("sharedWaitAsync cannot start a thread", &error))
    }

    /// Wakes threads of any process that wait for the word, at most `count`; returns their number.
    #[napi(catch_unwind)]
    pub fn notify(&self, index: u32, count: u32) -> Result<u32, Failure> {
        notify(self.mapping.word(index.into()), count)
    }

    /// Like `wait`, for a word of a view of a `SharedArrayBuffer`.
    #[napi(
        catch_unwind,
        ts_args_type = "words: Int32Array, index: number, expected: number, timeout: number",
        ts_return_type = "'ok' | 'not-equal' | 'timed-out'"
    )]
    pub fn wait_at(
        env: Env,
        words: Unknown<'_>,
        index: u32,
        expected: i32,
        timeout: f64,
    ) -> Result<&'static str, Failure> {
        wait(word_of(env, &words, index), expected, timeout)
    }

    /// Like `notify`, for a word of a view of a `SharedArrayBuffer`.
    #[napi(catch_unwind, ts_args_type = "words: Int32Array, index: number, count: number")]
    pub fn notify_at(env: Env, words: Unknown<'_>, index: u32, count: u32) -> Result<u32, Failure> {
        notify(word_of(env, &words, index), count)
    }
}

fn wait(word: Option<&AtomicU32>, expected: i32, timeout: f64) -> Result<&'static str, Failure> {
    let word = known("sharedWait", word)?;
    // The facade checks the range.
    let timeout = Duration::try_from_secs_f64(timeout / 1000.0).unwrap_or_default();
    let woken = futex::wait(word, expected.cast_unsigned(), timeout);
    woken.map_err(|error| system("sharedWait cannot wait", &error)).map(|woken| match woken {
        Woken::Notified => "ok",
        Woken::NotEqual => "not-equal",
        Woken::TimedOut => "timed-out",
    })
}

fn notify(word: Option<&AtomicU32>, count: u32) -> Result<u32, Failure> {
    let word = known("sharedNotify", word)?;
    let woken = futex::notify(word, count).map_err(|error| system("sharedNotify cannot wake", &error))?;
    Ok(u32::try_from(woken).unwrap_or(u32::MAX))
}

/// How long a waiting thread of its own does not look whether anybody still wants its outcome.
const SLICE: Duration = Duration::from_millis(100);

fn wait_in_slices(word: &AtomicU32, expected: i32, timeout: Duration, is_over: impl Fn() -> bool) -> Woken {
    let mut left = timeout;
    loop {
        let slice = left.min(SLICE);
        match futex::wait(word, expected.cast_unsigned(), slice) {
            Ok(Woken::TimedOut) if left > slice && !is_over() => left -= slice,
            Ok(outcome) => return outcome,
            Err(_) => return Woken::TimedOut,
        }
    }
}

fn known<'a>(operation: &str, word: Option<&'a AtomicU32>) -> Result<&'a AtomicU32, Failure> {
    if !HAS_FUTEX {
        let text = format!(
            "{operation} needs Linux: on this system no process can wake another by an address of memory. Between the threads \
             of one process use Atomics.wait and Atomics.notify, between processes a message"
        );
        return Err(Failure::new(code::UNSUPPORTED_PLATFORM.to_owned(), text));
    }
    word.ok_or_else(|| {
        Failure::new(code::INVALID_OPTION.to_owned(), format!("{operation}: the memory has no such word"))
    })
}

/// The word of a view of a `SharedArrayBuffer`; the facade has checked that it is one. `None`: the view is shorter.
fn word_of<'a>(env: Env, words: &'a Unknown<'_>, index: u32) -> Option<&'a AtomicU32> {
    let (mut kind, mut length, mut start) = (0, 0, ptr::null_mut::<c_void>());
    // SAFETY: `words` is a value of this call; each out-pointer is valid or null, which Node-API allows.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env.raw(),
            words.raw(),
            &raw mut kind,
            &raw mut length,
            &raw mut start,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    let index = usize::try_from(index).ok()?;
    let fits = status == sys::Status::napi_ok
        && kind == sys::TypedarrayType::int32_array
        && index < length
        && !start.is_null()
        && start.cast::<AtomicU32>().is_aligned();
    // SAFETY: the word lies in the view, whose memory is shared: nothing moves or frees it while the view lives, and the view
    // lives until this call returns. This only gives the word to the system.
    fits.then(|| unsafe { AtomicU32::from_ptr(start.cast::<u32>().add(index)) })
}
