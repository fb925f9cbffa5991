//! A JavaScript function without a class around it: the shortest way into the addon, for calls per message or tick.

use crate::error::code;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::{Env, FromNapiValue, Unknown};
use napi::{JsError, sys};

use super::failure::{Failure, node};

/// The most arguments of such a function.
const MOST: usize = 4;

type Act = Box<dyn Fn(&Arguments) -> Result<Outcome, Failure>>;

/// The arguments of the call. Valid during the call.
pub(in crate::node) struct Arguments {
    env: sys::napi_env,
    /// A missing argument is `undefined`.
    values: [sys::napi_value; MOST],
}

/// The return value of the function.
#[derive(Debug, Clone, Copy)]
pub(in crate::node) enum Outcome {
    Nothing,
    Number(i64),
    Truth(bool),
}

impl Arguments {
    pub(in crate::node) fn value(&self, index: usize) -> sys::napi_value {
        self.values[index]
    }

    /// NaN if it is not a number.
    pub(in crate::node) fn number(&self, index: usize) -> f64 {
        let mut number = f64::NAN;
        // SAFETY: the value is an argument of the call that is being made; on failure nothing is written.
        unsafe { sys::napi_get_value_double(self.env, self.values[index], &raw mut number) };
        number
    }

    /// `None` for `undefined`.
    pub(in crate::node) fn text(&self, index: usize) -> Result<Option<String>, Failure> {
        // SAFETY: as for `number`.
        unsafe { Option::from_napi_value(self.env, self.values[index]) }.map_err(node)
    }

    /// 0 if it is not a number.
    pub(in crate::node) fn integer(&self, index: usize) -> u32 {
        let mut integer = 0;
        // SAFETY: as for `number`.
        unsafe { sys::napi_get_value_uint32(self.env, self.values[index], &raw mut integer) };
        integer
    }
}

/// Makes a function that calls `act`; it is dropped when JavaScript has collected the function.
pub(in crate::node) fn create<'a>(
    env: Env,
    act: impl Fn(&Arguments) -> Result<Outcome, Failure> + 'static,
) -> Result<Unknown<'a>, Failure> {
    let env = env.raw();
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
        // SAFETY: it was just made in this environment.
        return Ok(unsafe { Unknown::from_raw_unchecked(env, function) });
    }
    Err(Failure::new(code::SYSTEM.to_owned(), format!("cannot make a function: status {status}")))
}

unsafe extern "C" fn call(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut data = ptr::null_mut();
    let mut values = [ptr::null_mut(); MOST];
    let mut count = MOST;
    // SAFETY: Node calls this with the data of `create`, and only while the function is alive; `values` has room for as
    // many as `count` says.
    let act = unsafe {
        sys::napi_get_cb_info(env, info, &raw mut count, values.as_mut_ptr(), ptr::null_mut(), &raw mut data);
        &*data.cast::<Act>()
    };
    let arguments = Arguments { env, values };
    let outcome = catch_unwind(AssertUnwindSafe(|| act(&arguments))).unwrap_or_else(|_| {
        Err(Failure::new(code::SYSTEM.to_owned(), "the addon has failed: this is a bug".to_owned()))
    });
    match outcome {
        Ok(outcome) => to_js(env, outcome),
        Err(failure) => {
            // SAFETY: `env` is the environment of this call, in which nothing else was thrown.
            unsafe { JsError::from(failure).throw_into(env) };
            ptr::null_mut()
        }
    }
}

fn to_js(env: sys::napi_env, outcome: Outcome) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: Node has opened a handle scope for the call. What fails leaves null, which is `undefined`.
    unsafe {
        match outcome {
            Outcome::Nothing => sys::Status::napi_ok,
            Outcome::Number(number) => sys::napi_create_int64(env, number, &raw mut value),
            Outcome::Truth(truth) => sys::napi_get_boolean(env, truth, &raw mut value),
        };
    }
    value
}

unsafe extern "C" fn drop_act(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `create` boxed it, and a finalizer runs once.
    drop(unsafe { Box::from_raw(data.cast::<Act>()) });
}
