//! Payloads of several segments across the boundary: each segment is copied once in each direction.

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;

use napi::sys;

use super::failure::Failure;
use super::payload::Append;
use super::text::{self, Scratch};
use crate::error::Error;
use crate::io::{Bypass, Channel, SegmentSizes};
use crate::node::classes::shared_buffers::NativeSharedMemory;
use crate::node::delivery::{Delivery, Driver};
use crate::node::event_loop::environment::Environment;
use crate::node::values::buffer_pool;
use crate::protocol::multipart::{self, Content, ShmRange, Writer};
use crate::reuse::Kept;
use crate::shm::{LARGE, ShmSender};
use crate::sys::hugepages;
use crate::sys::mapping::Mapping;

/// Memory of this size gets huge pages, if the system has them.
const HUGE: usize = 4 << 20;
/// Above this capacity the scratch memory is released after use; below it only if the process keeps too much.
const KEEP: usize = 2 << 20;

/// One outgoing segment. Valid during the call of JavaScript. It asks JavaScript for its bytes when it copies them:
/// nothing here refers to memory of JavaScript.
#[derive(Debug, Clone)]
enum Segment {
    Bytes {
        value: sys::napi_value,
        length: usize,
    },
    Text {
        value: sys::napi_value,
        units: usize,
        /// One byte for each unit is certainly enough.
        narrow: bool,
    },
    /// The frame passes it if both sides share memory, and copies it otherwise.
    Shared(Arc<Mapping>),
}

/// The segments of an outgoing payload.
#[derive(Debug)]
pub(in crate::node) struct Parts {
    env: sys::napi_env,
    segments: Vec<Segment>,
}

/// Scratch memory between JavaScript and other memory.
#[derive(Debug, Default)]
pub(in crate::node) struct Staging {
    bytes: Vec<u8>,
    kept: Kept,
}

impl Staging {
    fn with<T>(&mut self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.bytes.clear();
        let done = act(&mut self.bytes);
        let capacity = self.bytes.capacity();
        if capacity > KEEP || !self.kept.set(capacity) {
            *self = Self::default();
        }
        done
    }
}

impl Parts {
    /// Reads an array of bytes and strings. `None`: it is something else.
    pub(in crate::node) fn read(environment: &Environment, array: sys::napi_value) -> Option<Self> {
        let env = environment.env;
        let mut is_array = false;
        let mut count = 0;
        // SAFETY: `array` is an argument of the call that is being made.
        let status = unsafe {
            sys::napi_is_array(env, array, &raw mut is_array);
            if is_array {
                sys::napi_get_array_length(env, array, &raw mut count)
            } else {
                sys::Status::napi_array_expected
            }
        };
        if status != sys::Status::napi_ok {
            return None;
        }
        let mut segments = Vec::with_capacity(count as usize);
        for index in 0..count {
            let mut value = ptr::null_mut();
            // SAFETY: as above; an element that is missing is `undefined`.
            unsafe { sys::napi_get_element(env, array, index, &raw mut value) };
            segments.push(look_at(environment, value)?);
        }
        let mut segments = Self { env, segments };
        if segments.has_large() && text::is_true(env, array, c"isNarrow") {
            segments.note_narrow();
        }
        Some(segments)
    }

    fn note_narrow(&mut self) {
        for segment in &mut self.segments {
            if let Segment::Text { narrow, .. } = segment {
                *narrow = true;
            }
        }
    }

    /// A shared buffer counts with its bytes, passed or copied.
    pub(in crate::node) fn sizes(&self) -> SegmentSizes {
        SegmentSizes {
            length: multipart::size_of(self.segments.iter().map(Segment::length)),
            has_large: self.has_large(),
            shared: self.segments.iter().filter(|segment| matches!(segment, Segment::Shared(_))).count(),
        }
    }

    fn has_large(&self) -> bool {
        self.segments.iter().any(|segment| segment.length() >= LARGE)
    }

    /// Writes a frame with this payload: `act` gets a function that appends the payload.
    pub(in crate::node) fn write<T>(
        &self,
        driver: &Driver,
        sizes: SegmentSizes,
        bypass: Bypass,
        act: impl FnOnce(Option<Append<'_>>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let Delivery { environment, shares_buffers, .. } = driver.user();
        let (mut scratch, mut staging) = (environment.scratch.borrow_mut(), environment.staging.borrow_mut());
        let written = driver.with_segments(sizes, shares_buffers.get(), bypass, |mut sender, passes| {
            act(Some(&mut |out| self.append_to(out, sender.as_deref_mut(), passes, &mut scratch, &mut staging)))
        });
        Ok(written?)
    }

    /// Appends the payload. Large segments go into the shared memory, if there is one; `passes`: shared buffers travel
    /// by reference.
    fn append_to(
        &self,
        out: &mut Vec<u8>,
        mut sender: Option<&mut ShmSender>,
        passes: bool,
        scratch: &mut Scratch,
        staging: &mut Staging,
    ) {
        if sender.is_none() {
            out.reserve(self.sizes().length);
        }
        let mut writer = Writer::new(out, self.segments.len());
        for segment in &self.segments {
            if let Some(sender) = sender.as_deref_mut() {
                if let Segment::Shared(mapping) = segment
                    && passes
                {
                    sender.pass(mapping);
                    let range = ShmRange { memory: mapping.memory().id(), offset: 0, length: mapping.length() as u64 };
                    writer.shared(range);
                    continue;
                }
                if segment.length() >= LARGE
                    && let Some((content, range)) = self.put(segment, sender, scratch, staging)
                {
                    writer.in_ring(content, range);
                    continue;
                }
            }
            writer.here(|out| match *segment {
                Segment::Shared(ref mapping) => {
                    append_shared(mapping, out);
                    Content::Bytes
                }
                Segment::Bytes { value, .. } => {
                    with_bytes(self.env, value, |bytes| out.extend_from_slice(bytes));
                    Content::Bytes
                }
                Segment::Text { value, .. } => self.append_text(value, scratch, out),
            });
        }
    }

    fn append_text(&self, value: sys::napi_value, scratch: &mut Scratch, out: &mut Vec<u8>) -> Content {
        if text::append_units(self.env, value, scratch, out) { Content::Latin1 } else { Content::Utf16 }
    }

    fn put(
        &self,
        segment: &Segment,
        sender: &mut ShmSender,
        scratch: &mut Scratch,
        staging: &mut Staging,
    ) -> Option<(Content, ShmRange)> {
        match *segment {
            Segment::Shared(ref mapping) => staging.with(|bytes| {
                append_shared(mapping, bytes);
                Some((Content::Bytes, sender.put(bytes)?))
            }),
            Segment::Bytes { value, .. } => {
                Some((Content::Bytes, with_bytes(self.env, value, |bytes| sender.put(bytes))?))
            }
            Segment::Text { value, units, narrow: true } => {
                // One more for the zero behind it.
                let (range, start) = sender.reserve(units + 1)?;
                // SAFETY: there is room for all units and the zero.
                unsafe { text::write_narrow(self.env, value, units, start) };
                Some((Content::Latin1, ShmRange { length: units as u64, ..range }))
            }
            Segment::Text { value, .. } => staging.with(|bytes| {
                let content = self.append_text(value, scratch, bytes);
                Some((content, sender.put(bytes)?))
            }),
        }
    }
}

impl Segment {
    fn length(&self) -> usize {
        match *self {
            Segment::Bytes { length, .. } => length,
            Segment::Text { units, .. } => units,
            Segment::Shared(ref mapping) => mapping.length(),
        }
    }
}

fn look_at(environment: &Environment, value: sys::napi_value) -> Option<Segment> {
    let env = environment.env;
    if let Some(units) = text::units(env, value) {
        return Some(Segment::Text { value, units, narrow: false });
    }
    let mut is_view = false;
    // SAFETY: `value` is an element of an argument of the call that is being made.
    unsafe { sys::napi_is_buffer(env, value, &raw mut is_view) };
    if !is_view {
        return NativeSharedMemory::find(env, value).map(Segment::Shared);
    }
    Some(Segment::Bytes { value, length: with_bytes(env, value, <[u8]>::len) })
}

/// Shows `act` the current bytes of a view: no JavaScript runs while it reads them.
fn with_bytes<T>(env: sys::napi_env, view: sys::napi_value, act: impl FnOnce(&[u8]) -> T) -> T {
    let (mut data, mut length) = (ptr::null_mut(), 0);
    // SAFETY: `view` is an element of an argument of the call that is being made.
    let status = unsafe { sys::napi_get_buffer_info(env, view, &raw mut data, &raw mut length) };
    if status != sys::Status::napi_ok || data.is_null() || length == 0 {
        return act(&[]);
    }
    // SAFETY: pointer and length describe the memory of a live view. `act` calls no function of the runtime, so nothing moves
    // or frees the memory meanwhile; the facade gives no view of a `SharedArrayBuffer`, so no other thread writes it.
    act(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) })
}

/// A copy of a shared buffer that does not travel by reference.
fn append_shared(mapping: &Mapping, out: &mut Vec<u8>) {
    let length = mapping.length();
    out.reserve(length);
    if mapping.read(0, &mut out.spare_capacity_mut()[..length]) {
        // SAFETY: so many bytes behind the end were just written.
        unsafe { out.set_len(out.len() + length) };
    }
}

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
                multipart::Segment::Here(Content::Bytes, bytes) => super::batch::buffer_to_js(env, bytes),
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

/// A `Buffer` and its memory, for the caller to fill. Null and nothing if there is none.
pub(in crate::node) fn new_buffer<'a>(
    env: sys::napi_env,
    length: usize,
) -> (sys::napi_value, &'a mut [MaybeUninit<u8>]) {
    let mut value = ptr::null_mut();
    let mut data = ptr::null_mut();
    // SAFETY: the caller has opened a handle scope.
    let status = unsafe { sys::napi_create_buffer(env, length, &raw mut data, &raw mut value) };
    if status != sys::Status::napi_ok || data.is_null() {
        return (ptr::null_mut(), &mut []);
    }
    // SAFETY: the memory is that of the value, which lives as long as the scope, and nobody else has seen it yet.
    let memory = unsafe { std::slice::from_raw_parts_mut(data.cast::<MaybeUninit<u8>>(), length) };
    if length >= HUGE {
        hugepages::ask_for(memory);
    }
    (value, memory)
}
