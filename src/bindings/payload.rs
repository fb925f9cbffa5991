//! An encoded payload on its way out: text, bytes, several parts, or none.

use napi::bindgen_prelude::{BufferSlice, FromNapiValue};
use napi::sys;

use super::batch::Form;
use super::failure::Failure;
use super::link::Link;
use super::parts::Parts;
use super::text::read_short;
use crate::connection::Connection;
use crate::error::Error;

/// Appends an encoded payload to the output.
pub(super) type Append<'a> = &'a mut dyn FnMut(&mut Vec<u8>);

/// What of a payload goes beside the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Large,
    /// Chunks have their own way to bound memory: by what they have in the stream.
    Nothing,
}

/// Calls `act` with what appends the payload, or with `None` for `undefined`; unless there is no room for its size:
/// then `None`.
pub(super) fn with_payload<T>(
    link: &Link,
    value: sys::napi_value,
    beside: Beside,
    has_room: impl FnOnce(usize) -> bool,
    act: impl FnOnce(Option<Append<'_>>) -> Result<T, Error>,
) -> Result<Option<T>, Failure> {
    let environment = link.environment();
    let env = environment.env;
    if link.form() == Form::Binary {
        // SAFETY: `value` is an argument of the call that is being made.
        if let Ok(bytes) = unsafe { BufferSlice::from_napi_value(env, value) } {
            let append: Append<'_> = &mut |out| out.extend_from_slice(&bytes);
            return Ok(has_room(bytes.len()).then(|| act(Some(append))).transpose()?);
        }
    } else {
        let mut scratch = environment.scratch.borrow_mut();
        if scratch.read(env, value) {
            if !has_room(scratch.length()) {
                scratch.release();
                return Ok(None);
            }
            return Ok(Some(act(Some(&mut |out: &mut Vec<u8>| scratch.append_to(out)))?));
        }
        drop(scratch);
        if link.form() == Form::Structured
            && let Some(parts) = Parts::read(environment, value)
        {
            return has_room(parts.length()).then(|| link.with_parts(&parts, beside, act)).transpose();
        }
    }
    let mut kind = sys::ValueType::napi_undefined;
    // SAFETY: as above.
    unsafe { sys::napi_typeof(env, value, &raw mut kind) };
    if kind == sys::ValueType::napi_undefined {
        return Ok(has_room(0).then(|| act(None)).transpose()?);
    }
    let expected = if link.form() == Form::Binary { "a Uint8Array" } else { "a string" };
    Err(Failure::new("ERR_NOT_SERIALIZABLE".to_owned(), format!("the serializer must return {expected}")))
}

/// As [`with_payload`], for a message of a type.
pub(super) fn with_message<T>(
    link: &Link,
    message_type: sys::napi_value,
    payload: sys::napi_value,
    act: impl FnOnce(&mut Connection, &str, Option<Append<'_>>) -> Result<T, Error>,
) -> Result<Option<T>, Failure> {
    let environment = link.environment();
    let mut short = environment.short.borrow_mut();
    let name = read_short(environment.env, message_type, &mut short)
        .ok_or_else(|| Failure::new("ERR_INVALID_OPTION".to_owned(), "a message type must be a string".to_owned()))?;
    let has_room = |size| link.has_room(size);
    let act = |payload: Option<Append<'_>>| act(&mut link.connection.borrow_mut(), name, payload);
    with_payload(link, payload, Beside::Large, has_room, act)
}
