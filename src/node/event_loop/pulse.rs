//! Whether Node's loop waits for events or runs JavaScript, and for how long: for another thread.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::Env;
use napi::sys;

use super::symbols::{Handle, Loop, PREPARE, Symbols};
use crate::sync::lock;

/// How long to observe a waiting loop, to see that its idle time grows.
const LOOK: Duration = Duration::from_millis(1);

/// The monitor of one loop.
#[derive(Debug)]
pub(crate) struct LoopPulse(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    uv: &'static Symbols,
    /// `None` after the loop has ended.
    uv_loop: Option<LoopPointer>,
    /// When the loop last began to wait, and its total idle time by then.
    turn: Instant,
    idle: Duration,
}

#[derive(Debug, Clone, Copy)]
struct LoopPointer(Loop);

// SAFETY: another thread passes it to `uv_metrics_idle_time` only, which libuv lets every thread call, and under the lock
// that `stop` takes before the loop goes.
unsafe impl Send for LoopPointer {}

/// The handle's memory and its callback's data; lives as long as the loop.
struct Prepare {
    _memory: Box<[u64]>,
    state: Arc<Mutex<State>>,
}

impl LoopPulse {
    /// Monitors the loop of this thread from now on; `None` if the runtime has no libuv.
    pub(crate) fn start(env: Env) -> Option<Self> {
        let uv = Symbols::get()?;
        let mut uv_loop = ptr::null_mut();
        // SAFETY: the environment of the calling thread.
        if unsafe { sys::napi_get_uv_event_loop(env.raw(), &raw mut uv_loop) } != sys::Status::napi_ok {
            return None;
        }
        let uv_loop: Loop = uv_loop.cast();
        let state = State { uv, uv_loop: Some(LoopPointer(uv_loop)), turn: Instant::now(), idle: Duration::ZERO };
        let state = Arc::new(Mutex::new(state));
        // SAFETY: a pure function.
        let size = unsafe { (uv.uv_handle_size)(PREPARE) };
        let mut memory = vec![0_u64; size.div_ceil(8)].into_boxed_slice();
        let handle: Handle = memory.as_mut_ptr().cast();
        let prepare = Box::into_raw(Box::new(Prepare { _memory: memory, state: Arc::clone(&state) }));
        // SAFETY: the memory has the size libuv asks for and is aligned to 8. It is never freed: the handle, which does
        // not keep the loop alive, is as old as the process.
        unsafe {
            (uv.uv_prepare_init)(uv_loop, handle);
            (uv.uv_handle_set_data)(handle, prepare.cast::<c_void>());
            (uv.uv_unref)(handle);
            (uv.uv_prepare_start)(handle, on_prepare);
        }
        let ending = Arc::clone(&state);
        let _ = env.add_env_cleanup_hook(handle as usize, move |handle| {
            lock(&ending).uv_loop = None;
            // SAFETY: the handle is open, and this is the only place that closes it.
            unsafe { (uv.uv_close)(handle as Handle, None) };
        });
        Some(Self(state))
    }

    /// How long JavaScript has run without a pause; zero if the loop waits; `None` if it has ended.
    pub(crate) fn busy(&self) -> Option<Duration> {
        let before = lock(&self.0).idle()?;
        thread::sleep(LOOK);
        let state = lock(&self.0);
        let idle = state.idle()?;
        if idle > before {
            return Some(Duration::ZERO);
        }
        // Time since the last wait, minus idle time, is running time.
        Some(state.turn.elapsed().saturating_sub(idle.saturating_sub(state.idle)))
    }
}

impl State {
    fn idle(&self) -> Option<Duration> {
        let LoopPointer(uv_loop) = self.uv_loop?;
        // SAFETY: the loop is there as long as the pointer is.
        Some(Duration::from_nanos(unsafe { (self.uv.uv_metrics_idle_time)(uv_loop) }))
    }
}

unsafe extern "C" fn on_prepare(handle: Handle) {
    let Some(uv) = Symbols::get() else { return };
    // SAFETY: `start` has set it, and it is never freed.
    let prepare = unsafe { &*(uv.uv_handle_get_data)(handle).cast::<Prepare>() };
    let mut state = lock(&prepare.state);
    if let Some(idle) = state.idle() {
        state.turn = Instant::now();
        state.idle = idle;
    }
}
