//! A rare event for JavaScript, which gets its own call.

use std::ptr;

use napi::sys;

use super::batch::undefined;
use super::failure::NativeFailure;
use super::text;
use crate::boundary::Control;
use crate::protocol::event::Payload;
use crate::protocol::message::Kind;

/// The arguments of the call, except for the payload, which only the connection can convert.
pub(in crate::node) struct RareEvent<'a> {
    what: Control,
    number: u32,
    pub(in crate::node) payload: Option<&'a Payload>,
    failure: Option<NativeFailure>,
    detail: &'a str,
    kind: Kind,
}

impl<'a> RareEvent<'a> {
    pub(in crate::node) fn new(what: Control) -> Self {
        Self { what, number: 0, payload: None, failure: None, detail: "", kind: Kind::Request }
    }

    /// The slot or the call that it concerns, or its own number.
    pub(in crate::node) fn number(self, number: u32) -> Self {
        Self { number, ..self }
    }

    pub(in crate::node) fn payload(self, payload: Option<&'a Payload>) -> Self {
        Self { payload, ..self }
    }

    /// JavaScript gets the failure in place of a payload.
    pub(in crate::node) fn failure(self, failure: NativeFailure) -> Self {
        Self { failure: Some(failure), ..self }
    }

    /// A name, or a text for the log.
    pub(in crate::node) fn detail(self, detail: &'a str) -> Self {
        Self { detail, ..self }
    }

    /// The kind of an unknown request.
    pub(in crate::node) fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The arguments for JavaScript. The caller has opened a handle scope.
    pub(in crate::node) fn into_arguments(
        self,
        env: sys::napi_env,
        payload: Option<sys::napi_value>,
    ) -> [sys::napi_value; 5] {
        let integer = |value: i32| {
            let mut result = ptr::null_mut();
            // SAFETY: a handle scope is open.
            unsafe { sys::napi_create_int32(env, value, &raw mut result) };
            result
        };
        let failure = self.failure.map(|failure| failure.into_js(env));
        [
            integer(self.what as i32),
            integer(self.number.cast_signed()),
            payload.or(failure).unwrap_or_else(|| undefined(env)),
            text::to_js(env, self.detail.as_bytes(), self.detail.is_ascii()),
            integer(self.kind as i32),
        ]
    }
}
