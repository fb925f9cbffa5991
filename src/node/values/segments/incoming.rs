//! The segments of an incoming payload: they are copied out of the frame, or out of shared memory.

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;

use napi::sys;

use super::new_buffer;
use crate::io::Channel;
use crate::node::classes::shared_buffers::NativeSharedMemory;
use crate::node::delivery::Delivery;
use crate::node::values::batch::buffer_to_js;
use crate::node::values::buffer_pool;
use crate::node::values::text;
use crate::protocol::multipart::{self, Content, ShmRange};
use crate::sys::mapping::Mapping;

/// The sources of incoming segments: the payload, and shared memory.
#[derive(Debug, Clone, Copy)]
pub(in crate::node) struct Sources<'a> {
    pub(in crate::node) delivery: &'a Delivery,
    pub(in crate::node) channel: &'a Channel,
    /// The most bytes of a payload.
    pub(in crate::node) limit: usize,
}

impl Sources<'_> {
    /// The segments as an array of `Buffer`s and strings, each in its own memory; `null`: the payload is broken; an
    /// error: another fault.
    pub(in crate::node) fn to_js(self, payload: &[u8]) -> sys::napi_value {
        let mut value = ptr::null_mut();
        if let Some(segments) = multipart::cut(payload) {
            value = match self.array_of(&segments) {
                Ok(array) => array,
                Err(reason) if reason.is_empty() => ptr::null_mut(),
                Err(reason) => error_of(self.env(), &reason),
            };
        }
        if value.is_null() {
            let mut thrown = ptr::null_mut();
            // SAFETY: the caller has opened a handle scope. What may have been thrown is told by the value instead.
            unsafe {
                sys::napi_get_and_clear_last_exception(self.env(), &raw mut thrown);
                sys::napi_get_null(self.env(), &raw mut value);
            }
        }
        value
    }

    pub(in crate::node) fn env(self) -> sys::napi_env {
        self.delivery.environment.env
    }

    fn array_of(self, segments: &[multipart::Segment<'_>]) -> Result<sys::napi_value, String> {
        let env = self.env();
        let mut array = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope.
        let status = unsafe { sys::napi_create_array_with_length(env, segments.len(), &raw mut array) };
        if status != sys::Status::napi_ok {
            return Err(String::new());
        }
        let mut left = self.limit;
        let mut seen = Vec::new();
        for (index, segment) in (0..).zip(segments) {
            let value = match *segment {
                multipart::Segment::Here(Content::Bytes, bytes) => buffer_to_js(env, bytes),
                multipart::Segment::Here(content, bytes) => text_of(env, content, bytes),
                multipart::Segment::Ring(content, range) => self.copy_out(content, range, &mut left)?,
                multipart::Segment::Shared(range) => self.share(range, &mut seen, &mut left)?,
            };
            if value.is_null() {
                return Err(String::new());
            }
            // SAFETY: both are values of this scope.
            unsafe { sys::napi_set_element(env, array, index, value) };
        }
        Ok(array)
    }

    /// A shared buffer, if this side accepts such. `seen` are the memories that arrived with this payload, of which
    /// `left` bytes remain.
    fn share(self, range: ShmRange, seen: &mut Vec<Arc<Mapping>>, left: &mut usize) -> Result<sys::napi_value, String> {
        let ShmRange { memory, offset, length } = range;
        if !self.delivery.shares_buffers.get() {
            return Err("a shared buffer has come, and this side takes none: it needs `sharedMemory: true`".to_owned());
        }
        if length > *left as u64 {
            return Err(format!("a shared buffer has {length} bytes, the limit is {}", self.limit));
        }
        let mapping = match seen.iter().find(|mapping| mapping.memory().id() == memory) {
            Some(mapping) => Arc::clone(mapping),
            None => {
                let mut receiver = self.channel.receiver.borrow_mut();
                let Some(receiver) = &mut *receiver else { return Err("this side shares no memory".to_owned()) };
                seen.push(Arc::new(receiver.take(memory, length)?));
                Arc::clone(&seen[seen.len() - 1])
            }
        };
        let size = mapping.length();
        if offset != 0 || length != size as u64 {
            return Err(format!("{length} bytes at {offset} are not the whole of a shared buffer of {size}"));
        }
        *left -= size;
        NativeSharedMemory::to_js(self.env(), mapping).ok_or_else(String::new)
    }

    fn copy_out(self, content: Content, range: ShmRange, left: &mut usize) -> Result<sys::napi_value, String> {
        let mut receiver = self.channel.receiver.borrow_mut();
        let Some(receiver) = &mut *receiver else { return Err("this side shares no memory".to_owned()) };
        let (length, data) = receiver.find(range, *left, self.limit)?;
        *left -= length;
        if content == Content::Bytes {
            let (value, memory) = self.new_memory(length);
            let is_copied = receiver.copy(range, memory);
            return if is_copied { Ok(value) } else { Err(String::new()) };
        }
        if content == Content::Latin1 {
            // SAFETY: it lies in its memory, which is mapped as long as the receiver is borrowed.
            return Ok(unsafe { text::from_shared_latin1(self.env(), data, length) });
        }
        let mut staging = self.delivery.environment.staging.borrow_mut();
        Ok(staging.with(|bytes| {
            bytes.reserve(length);
            if !receiver.copy(range, &mut bytes.spare_capacity_mut()[..length]) {
                return ptr::null_mut();
            }
            // SAFETY: so many bytes were just written.
            unsafe { bytes.set_len(length) };
            text::from_units(self.env(), bytes)
        }))
    }

    /// A view alone in its memory, for the caller to fill. Null and nothing if there is none.
    fn new_memory<'a>(self, length: usize) -> (sys::napi_value, &'a mut [MaybeUninit<u8>]) {
        let Delivery { environment, driver, buffer_pool, .. } = self.delivery;
        let pooled = if length >= buffer_pool::LEAST { buffer_pool.lend(environment, driver, length) } else { None };
        pooled.unwrap_or_else(|| new_buffer(self.env(), length))
    }
}

/// Null if there is no memory for it. Drops a pending exception.
pub(in crate::node) fn error_of(env: sys::napi_env, reason: &str) -> sys::napi_value {
    let (mut error, mut thrown) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the caller has opened a handle scope.
    unsafe { sys::napi_get_and_clear_last_exception(env, &raw mut thrown) };
    let text = text::to_js(env, reason.as_bytes(), reason.is_ascii());
    // SAFETY: the caller has opened a handle scope. Without memory for the text there is no error either.
    unsafe { sys::napi_create_error(env, ptr::null_mut(), text, &raw mut error) };
    error
}

fn text_of(env: sys::napi_env, content: Content, bytes: &[u8]) -> sys::napi_value {
    if content == Content::Utf16 { text::from_units(env, bytes) } else { text::to_js(env, bytes, true) }
}
