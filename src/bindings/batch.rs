//! Events on their way to JavaScript: one call for many, as integers in shared memory and one string.

use std::ptr;

use napi::sys;

use super::environment::{Environment, RECORD};
use super::text;
use crate::connection::Connection;
use crate::event::Payload;
use crate::message::Kind;

/// How payloads look to JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON: those of a batch are one array, a single one stands alone.
    Json,
    /// Other text: those of a batch are one string, cut by the lengths in the records.
    Text,
    /// Bytes: likewise one `Buffer`.
    Binary,
}

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
        let length = payload.as_ref().map_or(-1, |payload| {
            let units = match form {
                Form::Binary => payload.range.len(),
                _ if payload.ascii => payload.range.len(),
                _ => text::utf16_length(connection.bytes(payload.range.clone())),
            };
            i32::try_from(units).unwrap_or(i32::MAX)
        });
        let record: [i32; RECORD] = [kind as i32, numbers[0], numbers[1], length];
        environment.write_record(self.records, record);
        self.records += 1;
        self.payloads.extend(payload);
        true
    }

    /// Empties the batch into the arguments of the call: how many records, and their payloads.
    pub(super) fn take(&mut self, env: sys::napi_env, connection: &Connection, form: Form) -> [sys::napi_value; 2] {
        let count = i32::try_from(self.records).unwrap_or(i32::MAX);
        let mut number = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope.
        unsafe { sys::napi_create_int32(env, count, &raw mut number) };
        let value = self.payloads(env, connection, form);
        self.clear();
        [number, value]
    }

    /// Drops what was added: nobody wants to know.
    pub(super) fn clear(&mut self) {
        self.records = 0;
        self.payloads.clear();
    }

    fn payloads(&mut self, env: sys::napi_env, connection: &Connection, form: Form) -> sys::napi_value {
        if let [payload] = &*self.payloads {
            return payload_to_js(env, connection, form, payload);
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
    env: sys::napi_env,
    connection: &Connection,
    form: Form,
    payload: &Payload,
) -> sys::napi_value {
    let bytes = connection.bytes(payload.range.clone());
    if form == Form::Binary { buffer_to_js(env, bytes) } else { text::to_js(env, bytes, payload.ascii) }
}

pub(super) fn undefined(env: sys::napi_env) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: the caller has opened a handle scope.
    unsafe { sys::napi_get_undefined(env, &raw mut value) };
    value
}

fn buffer_to_js(env: sys::napi_env, bytes: &[u8]) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: pointer and length describe `bytes`; the function copies them.
    unsafe {
        sys::napi_create_buffer_copy(env, bytes.len(), bytes.as_ptr().cast(), ptr::null_mut(), &raw mut value);
    }
    value
}
