//! Errors for JavaScript: each has a stable code, and fields instead of a text that the facade would have to read.

use std::ptr;

use napi::bindgen_prelude::ToNapiValue;
use napi::sys;
use napi_derive::napi;

use crate::error::Error;
use crate::error::code;
use crate::node::delivery::Driver;
use crate::protocol::handshake::Mismatch;

/// The error of a method of the addon: its status is the error's `code`.
pub(in crate::node) type Failure = napi::Error<String>;

/// A failure that the addon reports instead of throwing it.
#[derive(Debug)]
#[napi(object, object_from_js = false)]
pub struct NativeFailure {
    /// The stable code that users switch on.
    pub code: String,
    /// The text for users.
    pub message: String,
    /// Of a mismatch of serializers: what each side uses, without the advice at the end of the text.
    pub difference: Option<String>,
}

impl NativeFailure {
    pub(in crate::node) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), difference: None }
    }

    /// The value for JavaScript; null if it could not be made. The caller has opened a handle scope.
    pub(in crate::node) fn into_js(self, env: sys::napi_env) -> sys::napi_value {
        // SAFETY: `env` is the environment of this thread, and a handle scope is open.
        unsafe { Self::to_napi_value(env, self) }.unwrap_or(ptr::null_mut())
    }
}

impl From<&Mismatch> for NativeFailure {
    fn from(mismatch: &Mismatch) -> Self {
        Self { difference: mismatch.difference(), ..Self::new(mismatch.code(), mismatch.to_string()) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.code().to_owned(), error.to_string())
    }
}

/// Runs an entry into a driver that JavaScript calls: if it panics, JavaScript gets an error.
pub(in crate::node) fn entry<T>(driver: &Driver, name: &'static str, act: impl FnOnce() -> T) -> Result<T, Failure> {
    driver.guarded(name, act).ok_or_else(|| {
        let text = "the addon has failed, and has ended this connection: this is a bug of isolated-workers".to_owned();
        Failure::new(code::SYSTEM.to_owned(), text)
    })
}

/// A failed operation of the system.
pub(in crate::node) fn system(operation: &str, error: &std::io::Error) -> Failure {
    Failure::new(code::SYSTEM.to_owned(), format!("{operation}: {error}"))
}

/// A descriptor that this process has closed.
pub(in crate::node) fn closed() -> Failure {
    Failure::new(code::SYSTEM.to_owned(), "the descriptor is closed".to_owned())
}

/// A failed call of Node-API itself.
pub(in crate::node) fn node(error: napi::Error) -> Failure {
    Failure::new(code::SYSTEM.to_owned(), format!("{}: {}", error.status.as_ref(), error.reason))
}
