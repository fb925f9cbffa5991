//! Events on their way to JavaScript: one call for many, as integers in shared memory and one string.

use std::ptr;

use napi::sys;

use super::environment::{Environment, RECORD};
use super::parts::Sources;
use super::text;
use crate::connection::Connection;
use crate::event::Payload;
use crate::message::Kind;
use crate::parts;

/// How payloads look to JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON: those of a batch are one array, a single one stands alone.
    Json,
    /// Other text: those of a batch are one string, cut by the lengths in the records.
    Text,
    /// Bytes: likewise one `Buffer`.
    Binary,
    /// JSON, or several parts. Where a batch has such, it is an array: the JSON, those that are small as they came in one
    /// `Buffer`, and the parts of each of the others.
    Structured,
}

/// In place of a length: there is no payload.
const NONE: i32 = -1;
/// In place of a length: the payload has parts. Its bytes are subtracted.
const PARTS: i32 = -2;
/// Up to this size a payload with parts is not worth a `Buffer` of its own.
const SMALL: usize = 4096;

/// The first integer of a record.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub(super) enum RecordKind {
    Result = 1,
    RemoteError = 2,
    TimedOut = 3,
    Request = 4,
    Notification = 5,
    // The others have the numbers of the wire.
    Stream = 9,
    Upload = 10,
    Duplex = 11,
    Cancel = 12,
    Progress = 13,
    Chunk = 14,
    Credit = 15,
    Input = 16,
    InputEnd = 17,
    Demand = 18,
    /// Of the record behind it.
    Context = 19,
}

impl RecordKind {
    pub(super) fn of_request(kind: Kind) -> Self {
        match kind {
            Kind::Stream => Self::Stream,
            Kind::Upload => Self::Upload,
            Kind::Duplex => Self::Duplex,
            _ => Self::Request,
        }
    }
}

/// Records that have been written to shared memory and wait for the call.
#[derive(Debug, Default)]
pub(super) struct Batch {
    records: usize,
    payloads: Vec<Payload>,
    /// Those that are no text.
    parts: Vec<Payload>,
    joined: Vec<u8>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Adds a record; `false`: there is no room, the batch must be delivered first.
    pub(super) fn push(
        &mut self,
        environment: &Environment,
        connection: &Connection,
        form: Form,
        kind: RecordKind,
        numbers: [i32; 2],
        payload: Option<Payload>,
    ) -> bool {
        if self.records == environment.record_capacity() {
            return false;
        }
        let length = payload.map_or(NONE, |payload| self.add(connection, form, payload));
        let record: [i32; RECORD] = [kind as i32, numbers[0], numbers[1], length];
        environment.write_record(self.records, record);
        self.records += 1;
        true
    }

    /// Adds a payload; gives its length as JavaScript has it.
    fn add(&mut self, connection: &Connection, form: Form, mut payload: Payload) -> i32 {
        let bytes = connection.bytes(payload.range.clone());
        if form == Form::Structured {
            let Some(ascii) = json_in(bytes) else {
                // What is elsewhere is large, however little is here.
                let least = if parts::is_elsewhere(bytes) { SMALL + 1 } else { 0 };
                let length = i32::try_from(bytes.len().max(least)).unwrap_or(i32::MAX);
                self.parts.push(payload);
                return PARTS - length.min(i32::MAX - 1);
            };
            payload.ascii = ascii;
        }
        let units = if form == Form::Binary || payload.ascii { bytes.len() } else { text::utf16_length(bytes) };
        self.payloads.push(payload);
        i32::try_from(units).unwrap_or(i32::MAX)
    }

    /// Empties the batch into the arguments of the call: how many records, and their payloads.
    pub(super) fn take(&mut self, sources: Sources<'_>, connection: &Connection, form: Form) -> [sys::napi_value; 2] {
        let env = sources.env();
        let count = i32::try_from(self.records).unwrap_or(i32::MAX);
        let mut number = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope.
        unsafe { sys::napi_create_int32(env, count, &raw mut number) };
        let value = self.payloads(sources, connection, form);
        self.clear();
        [number, value]
    }

    /// Drops what was added: nobody wants to know.
    pub(super) fn clear(&mut self) {
        self.records = 0;
        self.payloads.clear();
        self.parts.clear();
    }

    /// Of payloads with parts, an array: all JSON together, and the parts of each.
    fn with_parts(&mut self, sources: Sources<'_>, connection: &Connection) -> sys::napi_value {
        let env = sources.env();
        let mut array = ptr::null_mut();
        let text = self.joined(sources, connection, Form::Json);
        self.joined.clear();
        let mut large = Vec::new();
        for payload in &self.parts {
            let bytes = connection.bytes(payload.range.clone());
            if bytes.len() <= SMALL && !parts::is_elsewhere(bytes) {
                self.joined.extend_from_slice(bytes);
            } else {
                large.push(sources.to_js(bytes));
            }
        }
        let small = if self.joined.is_empty() { undefined(env) } else { buffer_to_js(env, &self.joined) };
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

/// One payload as a string or a `Buffer`.
pub(super) fn payload_to_js(
    sources: Sources<'_>,
    connection: &Connection,
    form: Form,
    payload: &Payload,
) -> sys::napi_value {
    let env = sources.env();
    let bytes = connection.bytes(payload.range.clone());
    match form {
        Form::Binary => buffer_to_js(env, bytes),
        Form::Structured => match json_in(bytes) {
            Some(ascii) => text::to_js(env, bytes, ascii),
            None => sources.to_js(bytes),
        },
        Form::Json | Form::Text => text::to_js(env, bytes, payload.ascii),
    }
}

/// Whether the payload, of which nothing is known, is text, and then whether it is ASCII only.
fn json_in(bytes: &[u8]) -> Option<bool> {
    if parts::is_parts(bytes) {
        return None;
    }
    let ascii = bytes.is_ascii();
    (ascii || std::str::from_utf8(bytes).is_ok()).then_some(ascii)
}

pub(super) fn undefined(env: sys::napi_env) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: the caller has opened a handle scope.
    unsafe { sys::napi_get_undefined(env, &raw mut value) };
    value
}

/// A copy of the bytes in memory of its own. Null when there is none.
pub(super) fn buffer_to_js(env: sys::napi_env, bytes: &[u8]) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: pointer and length describe `bytes`; the function copies them.
    unsafe {
        sys::napi_create_buffer_copy(env, bytes.len(), bytes.as_ptr().cast(), ptr::null_mut(), &raw mut value);
    }
    value
}
