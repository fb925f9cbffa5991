//! Events for JavaScript: one call for many, as integers in shared memory and one string.

use std::ptr;

use napi::sys;

use super::text;
use crate::boundary::{NO_PAYLOAD, RECORD, RecordKind, SEGMENTS};
use crate::node::event_loop::environment::Environment;
use crate::node::values::segments::{Sources, error_of};
use crate::protocol::connection::Connection;
use crate::protocol::event::Payload;
use crate::protocol::message::Kind;
use crate::protocol::multipart;

/// The form of payloads in JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node) enum Form {
    /// JSON: a batch has one array, a single payload stands alone.
    Json,
    /// Other text: a batch has one string, divided by the lengths in the records.
    Text,
    /// Bytes: a batch has one `Buffer`, divided likewise.
    Binary,
    /// JSON, or several segments. A batch with segments is an array: the JSON, small payloads unchanged in one
    /// `Buffer`, and the segments of each of the others.
    Structured,
}

/// Up to this size a payload with segments does not get its own `Buffer`.
const SMALL: usize = 4096;
/// Payloads of more bytes are not joined: every runtime's strings can be twice this long.
const MOST_JOINED: usize = 128 << 20;

impl RecordKind {
    pub(in crate::node) fn of_request(kind: Kind) -> Self {
        match kind {
            Kind::Stream => Self::Stream,
            Kind::Upload => Self::Upload,
            Kind::Duplex => Self::Duplex,
            _ => Self::Request,
        }
    }
}

/// Records in shared memory that wait for the call.
#[derive(Debug, Default)]
pub(in crate::node) struct Batch {
    records: usize,
    payloads: Vec<Payload>,
    /// Payloads that are not text.
    parts: Vec<Payload>,
    /// Bytes of all payloads.
    bytes: usize,
    joined: Vec<u8>,
}

impl Batch {
    /// Adds a record; `false`: there is no space, deliver the batch first.
    pub(in crate::node) fn push(
        &mut self,
        environment: &Environment,
        connection: &Connection,
        form: Form,
        kind: RecordKind,
        numbers: [i32; 2],
        payload: Option<Payload>,
    ) -> bool {
        let bytes = payload.as_ref().map_or(0, |payload| payload.range.len());
        if self.records == environment.records.record_capacity()
            || (self.records > 0 && self.bytes + bytes > MOST_JOINED)
        {
            return false;
        }
        self.bytes += bytes;
        let length = payload.map_or(NO_PAYLOAD, |payload| self.add(connection, form, payload));
        let record: [i32; RECORD] = [kind as i32, numbers[0], numbers[1], length];
        environment.records.write_record(self.records, record);
        self.records += 1;
        true
    }

    /// Adds a payload; returns its length in JavaScript.
    fn add(&mut self, connection: &Connection, form: Form, mut payload: Payload) -> i32 {
        let bytes = connection.bytes(payload.range.clone());
        if form == Form::Structured {
            let Some(ascii) = json_in(bytes) else {
                // Segments in shared memory are large, however few bytes are here.
                let least = if multipart::is_elsewhere(bytes) { SMALL + 1 } else { 0 };
                let length = length_of(bytes.len().max(least));
                self.parts.push(payload);
                return SEGMENTS - length.min(i32::MAX - 1);
            };
            payload.ascii = ascii;
        }
        let units = if form == Form::Binary || payload.ascii { bytes.len() } else { text::utf16_length(bytes) };
        self.payloads.push(payload);
        length_of(units)
    }

    /// Empties the batch into the arguments of the call: how many records, and their payloads.
    pub(in crate::node) fn take(
        &mut self,
        sources: Sources<'_>,
        connection: &Connection,
        form: Form,
    ) -> [sys::napi_value; 2] {
        let env = sources.env();
        let count = i32::try_from(self.records).unwrap_or(i32::MAX);
        let mut number = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope.
        unsafe { sys::napi_create_int32(env, count, &raw mut number) };
        let value = self.payloads(sources, connection, form);
        let value = if value.is_null() { unreadable(env, self.bytes) } else { value };
        self.clear();
        [number, value]
    }

    /// Drops the batch undelivered.
    pub(in crate::node) fn clear(&mut self) {
        self.records = 0;
        self.bytes = 0;
        self.payloads.clear();
        self.parts.clear();
    }

    /// Payloads with segments, as an array: all JSON together, and the segments of each.
    fn with_parts(&mut self, sources: Sources<'_>, connection: &Connection) -> sys::napi_value {
        let env = sources.env();
        let mut array = ptr::null_mut();
        let text = self.joined(sources, connection, Form::Json);
        self.joined.clear();
        let mut large = Vec::new();
        for payload in &self.parts {
            let bytes = connection.bytes(payload.range.clone());
            if bytes.len() <= SMALL && !multipart::is_elsewhere(bytes) {
                self.joined.extend_from_slice(bytes);
            } else {
                large.push(sources.to_js(bytes));
            }
        }
        let small = if self.joined.is_empty() { undefined(env) } else { buffer_to_js(env, &self.joined) };
        let [text, small] =
            [text, small].map(|value| if value.is_null() { unreadable(env, self.bytes) } else { value });
        let values: Vec<_> = [text, small].into_iter().chain(large).collect();
        // SAFETY: the caller has opened a handle scope, and the values are of it.
        unsafe {
            sys::napi_create_array_with_length(env, values.len(), &raw mut array);
            for (index, value) in (0..).zip(values) {
                sys::napi_set_element(env, array, index, value);
            }
        }
        array
    }

    fn payloads(&mut self, sources: Sources<'_>, connection: &Connection, form: Form) -> sys::napi_value {
        match form {
            Form::Structured if !self.parts.is_empty() => self.with_parts(sources, connection),
            Form::Structured => self.joined(sources, connection, Form::Json),
            _ => self.joined(sources, connection, form),
        }
    }

    fn joined(&mut self, sources: Sources<'_>, connection: &Connection, form: Form) -> sys::napi_value {
        let env = sources.env();
        if let [payload] = &*self.payloads {
            return payload_to_js(sources, connection, form, payload);
        }
        if self.payloads.is_empty() {
            return undefined(env);
        }
        let (separator, ends): (&[u8], [&[u8]; 2]) =
            if form == Form::Json { (b",", [b"[", b"]"]) } else { (b"", [b"", b""]) };
        self.joined.clear();
        self.joined.extend_from_slice(ends[0]);
        for (index, payload) in self.payloads.iter().enumerate() {
            if index > 0 {
                self.joined.extend_from_slice(separator);
            }
            self.joined.extend_from_slice(connection.bytes(payload.range.clone()));
        }
        self.joined.extend_from_slice(ends[1]);
        let ascii = self.payloads.iter().all(|payload| payload.ascii);
        let value =
            if form == Form::Binary { buffer_to_js(env, &self.joined) } else { text::to_js(env, &self.joined, ascii) };
        if self.joined.capacity() > 1 << 20 {
            self.joined = Vec::new();
        }
        value
    }
}

/// The length in a record. No frame is longer ([`LARGEST_FRAME`]).
///
/// [`LARGEST_FRAME`]: crate::protocol::frame::LARGEST_FRAME
fn length_of(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// Replaces a payload that the runtime cannot represent.
fn unreadable(env: sys::napi_env, bytes: usize) -> sys::napi_value {
    let error = error_of(env, &format!("the runtime has no memory, or no strings so long, for its {bytes} bytes"));
    if error.is_null() { undefined(env) } else { error }
}

/// One payload as a string or a `Buffer`; an error if the runtime cannot represent it.
pub(in crate::node) fn payload_to_js(
    sources: Sources<'_>,
    connection: &Connection,
    form: Form,
    payload: &Payload,
) -> sys::napi_value {
    let env = sources.env();
    let bytes = connection.bytes(payload.range.clone());
    let value = match form {
        Form::Binary => buffer_to_js(env, bytes),
        Form::Structured => match json_in(bytes) {
            Some(ascii) => text::to_js(env, bytes, ascii),
            None => sources.to_js(bytes),
        },
        Form::Json | Form::Text => text::to_js(env, bytes, payload.ascii),
    };
    if value.is_null() { unreadable(env, bytes.len()) } else { value }
}

/// Whether an unchecked payload is text, and then whether it is ASCII only.
fn json_in(bytes: &[u8]) -> Option<bool> {
    if multipart::has_segments(bytes) {
        return None;
    }
    let ascii = bytes.is_ascii();
    (ascii || std::str::from_utf8(bytes).is_ok()).then_some(ascii)
}

pub(in crate::node) fn undefined(env: sys::napi_env) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: the caller has opened a handle scope.
    unsafe { sys::napi_get_undefined(env, &raw mut value) };
    value
}

/// A copy of the bytes in new memory. Null if there is none.
pub(in crate::node) fn buffer_to_js(env: sys::napi_env, bytes: &[u8]) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: pointer and length describe `bytes`; the function copies them.
    unsafe {
        sys::napi_create_buffer_copy(env, bytes.len(), bytes.as_ptr().cast(), ptr::null_mut(), &raw mut value);
    }
    value
}
