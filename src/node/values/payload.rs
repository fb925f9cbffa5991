//! An encoded payload to be sent: text, bytes, several segments, or none.

use napi::bindgen_prelude::{BufferSlice, FromNapiValue};
use napi::sys;

use super::batch::Form;
use super::failure::Failure;
use super::text::read_short;
use crate::error::Error;
use crate::error::code;
use crate::io::Bypass;
use crate::node::delivery::Driver;
use crate::node::values::segments::Parts;
use crate::protocol::connection::Connection;

/// Appends an encoded payload to the output.
pub(in crate::node) type Append<'a> = &'a mut dyn FnMut(&mut Vec<u8>);

/// Calls `act` with a function that appends the payload, or with `None` for `undefined`; unless there is no capacity
/// for its size: then `None`.
pub(in crate::node) fn with_payload<T>(
    driver: &Driver,
    value: sys::napi_value,
    bypass: Bypass,
    has_capacity: impl FnOnce(usize) -> bool,
    act: impl FnOnce(Option<Append<'_>>) -> Result<T, Error>,
) -> Result<Option<T>, Failure> {
    let environment = &driver.user().environment;
    let env = environment.env;
    let form = driver.user().form();
    if form == Form::Binary {
        // SAFETY: `value` is an argument of the call that is being made.
        if let Ok(bytes) = unsafe { BufferSlice::from_napi_value(env, value) } {
            let append: Append<'_> = &mut |out| out.extend_from_slice(&bytes);
            return Ok(has_capacity(bytes.len()).then(|| act(Some(append))).transpose()?);
        }
    } else {
        let mut scratch = environment.scratch.borrow_mut();
        if scratch.read(env, value) {
            if !has_capacity(scratch.length()) {
                scratch.release();
                return Ok(None);
            }
            return Ok(Some(act(Some(&mut |out: &mut Vec<u8>| scratch.append_to(out)))?));
        }
        drop(scratch);
        if form == Form::Structured
            && let Some(parts) = Parts::read(environment, value)
        {
            let sizes = parts.sizes();
            let is_held =
                bypass == Bypass::LargeIfGranted && !driver.channel().connection.borrow().exchange.has_grant();
            if is_held && sizes.shared > 0 {
                // A descriptor belongs to a position in the stream, which a message that waits for a grant lacks.
                driver.request_grant();
                return Ok(None);
            }
            let bypass = if is_held { Bypass::Nothing } else { bypass };
            return has_capacity(sizes.length).then(|| parts.write(driver, sizes, bypass, act)).transpose();
        }
    }
    let mut kind = sys::ValueType::napi_undefined;
    // SAFETY: `value` is an argument of the call that is being made.
    unsafe { sys::napi_typeof(env, value, &raw mut kind) };
    if kind == sys::ValueType::napi_undefined {
        return Ok(has_capacity(0).then(|| act(None)).transpose()?);
    }
    let expected = if form == Form::Binary { "a Uint8Array" } else { "a string" };
    Err(Failure::new(code::NOT_SERIALIZABLE.to_owned(), format!("the serializer must return {expected}")))
}

/// Like [`with_payload`], for a message of a type.
pub(in crate::node) fn with_message<T>(
    driver: &Driver,
    message_type: sys::napi_value,
    payload: sys::napi_value,
    act: impl FnOnce(&mut Connection, &str, Option<Append<'_>>) -> Result<T, Error>,
) -> Result<Option<T>, Failure> {
    let environment = &driver.user().environment;
    let mut short = environment.short.borrow_mut();
    let name = read_short(environment.env, message_type, &mut short)
        .ok_or_else(|| Failure::new(code::INVALID_OPTION.to_owned(), "a message type must be a string".to_owned()))?;
    let has_capacity = |bytes| driver.has_capacity(bytes);
    let act = |payload: Option<Append<'_>>| act(&mut driver.channel().connection.borrow_mut(), name, payload);
    with_payload(driver, payload, Bypass::LargeIfGranted, has_capacity, act)
}
