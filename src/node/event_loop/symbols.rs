//! The few functions of libuv that the engine calls, looked up in the running program: all of them, or none.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use crate::sys::program::program;

/// A handle; its layout is private to libuv.
pub(super) type Handle = *mut c_void;
pub(super) type Loop = *mut c_void;
pub(super) type PollCallback = unsafe extern "C" fn(Handle, c_int, c_int);
pub(super) type HandleCallback = unsafe extern "C" fn(Handle);

/// `UV_CHECK`, `UV_POLL`, `UV_PREPARE` and `UV_TIMER` of `uv_handle_type`.
pub(super) const CHECK: c_int = 2;
pub(super) const POLL: c_int = 8;
pub(super) const PREPARE: c_int = 9;
pub(super) const TIMER: c_int = 13;
/// `UV_READABLE` and `UV_WRITABLE`.
pub(super) const READABLE: c_int = 1;
pub(super) const WRITABLE: c_int = 2;

macro_rules! symbols {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        #[derive(Debug)]
        pub(super) struct Symbols {
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Symbols {
            fn load() -> Option<Self> {
                let program = program()?;
                Some(Self {
                    // SAFETY: the names and signatures are those of libuv 1, whose ABI is stable; the program is never
                    // unloaded. Whether it is a program with a real libuv is decided before this is called.
                    $($name: unsafe {
                        *program.get::<unsafe extern "C" fn($($argument),*) $(-> $result)?>(stringify!($name)).ok()?
                    },)*
                })
            }
        }
    };
}

symbols! {
    uv_handle_size: fn(c_int) -> usize;
    uv_handle_set_data: fn(Handle, *mut c_void);
    uv_handle_get_data: fn(Handle) -> *mut c_void;
    uv_close: fn(Handle, Option<HandleCallback>);
    uv_ref: fn(Handle);
    uv_unref: fn(Handle);
    uv_update_time: fn(Loop);
    uv_backend_fd: fn(Loop) -> c_int;
    uv_backend_timeout: fn(Loop) -> c_int;
    uv_poll_init: fn(Loop, Handle, c_int) -> c_int;
    uv_poll_start: fn(Handle, c_int, PollCallback) -> c_int;
    uv_poll_stop: fn(Handle) -> c_int;
    uv_timer_init: fn(Loop, Handle) -> c_int;
    uv_timer_start: fn(Handle, HandleCallback, u64, u64) -> c_int;
    uv_timer_stop: fn(Handle) -> c_int;
    uv_prepare_init: fn(Loop, Handle) -> c_int;
    uv_prepare_start: fn(Handle, HandleCallback) -> c_int;
    uv_check_init: fn(Loop, Handle) -> c_int;
    uv_check_start: fn(Handle, HandleCallback) -> c_int;
    uv_metrics_idle_time: fn(Loop) -> u64;
}

impl Symbols {
    /// The functions, if the program has all of them.
    pub(super) fn get() -> Option<&'static Self> {
        static SYMBOLS: OnceLock<Option<Symbols>> = OnceLock::new();
        SYMBOLS.get_or_init(Self::load).as_ref()
    }
}
