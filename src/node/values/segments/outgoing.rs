//! The segments of an outgoing payload: they are copied into the frame, or into shared memory.

use std::ptr;
use std::sync::Arc;

use napi::sys;

use super::Staging;
use crate::error::Error;
use crate::io::{Bypass, SegmentSizes};
use crate::node::classes::shared_buffers::NativeSharedMemory;
use crate::node::delivery::{Delivery, Driver};
use crate::node::event_loop::environment::Environment;
use crate::node::values::failure::Failure;
use crate::node::values::payload::Append;
use crate::node::values::text::{self, Scratch};
use crate::protocol::multipart::{self, Content, ShmRange, Writer};
use crate::shm::{LARGE, ShmSender};
use crate::sys::mapping::Mapping;

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
            // SAFETY: `array` is an argument of the call that is being made; an element that is missing is `undefined`.
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
