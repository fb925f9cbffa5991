//! A JavaScript function without arguments or result: the shortest way into the addon, for what runs once per tick.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::sys;

use super::failure::Failure;

type Act = Box<dyn Fn()>;

/// Makes a function that calls `act`; it is dropped when JavaScript has lost the function.
pub(super) fn create(env: sys::napi_env, act: impl Fn() + 'static) -> Result<sys::napi_value, Failure> {
    let boxed: Act = Box::new(act);
    let data: *mut c_void = Box::into_raw(Box::new(boxed)).cast();
    let mut function = ptr::null_mut();
    // SAFETY: `env` is the environment of this thread; `data` is what `call` and `drop_act` take it for.
    let status = unsafe {
        let status = sys::napi_create_function(env, ptr::null(), 0, Some(call), data, &raw mut function);
        if status == sys::Status::napi_ok {
            sys::napi_add_finalizer(env, function, data, Some(drop_act), ptr::null_mut(), ptr::null_mut())
        } else {
            status
        }
    };
    if status == sys::Status::napi_ok {
        return Ok(function);
    }
    Err(Failure::new("ERR_SYSTEM".to_owned(), format!("cannot make a function: status {status}")))
}

unsafe extern "C" fn call(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut data = ptr::null_mut();
    // SAFETY: Node calls this with the data of `create`, and only while the function is alive.
    let act = unsafe {
        sys::napi_get_cb_info(env, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &raw mut data);
        &*data.cast::<Act>()
    };
    if catch_unwind(AssertUnwindSafe(act)).is_err() {
        // SAFETY: both texts end in a zero byte.
        unsafe { sys::napi_throw_error(env, c"ERR_SYSTEM".as_ptr(), c"the addon has failed: this is a bug".as_ptr()) };
    }
    ptr::null_mut()
}

unsafe extern "C" fn drop_act(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `create` boxed it, and a finalizer runs once.
    drop(unsafe { Box::from_raw(data.cast::<Act>()) });
}
