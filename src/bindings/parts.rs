//! Payloads of several parts across the boundary: each part is copied once each way.

use std::mem::MaybeUninit;
use std::ptr;
use std::rc::Rc;

use napi::sys;

use super::environment::Environment;
use super::link::Link;
use super::recycler;
use super::text::{self, Scratch};
use crate::beside::{LARGE, Outbox};
use crate::parts::{self, Content, Place, Writer};
use crate::transport::large_pages;
use crate::transport::mapping::Mapping;

/// Memory of this size gets large pages, where the system has them.
const HUGE: usize = 4 << 20;
/// Above this capacity memory for what is under way is given back after use.
const KEEP: usize = 2 << 20;

/// One part on its way out. Valid during the call that was given it.
#[derive(Debug, Clone)]
enum Part {
    Bytes {
        data: *const u8,
        length: usize,
    },
    Text {
        value: sys::napi_value,
        units: usize,
        /// One byte for each unit is enough, for certain.
        narrow: bool,
    },
    /// It is not copied.
    Shared {
        mapping: Rc<Mapping>,
        offset: usize,
        length: usize,
    },
}

/// The parts of a payload on its way out.
#[derive(Debug)]
pub(super) struct Parts {
    env: sys::napi_env,
    parts: Vec<Part>,
}

/// Memory that is used again and again, for what is under way between JavaScript and elsewhere.
#[derive(Debug, Default)]
pub(super) struct Staging(Vec<u8>);

impl Staging {
    fn with<T>(&mut self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.0.clear();
        let done = act(&mut self.0);
        if self.0.capacity() > KEEP {
            self.0 = Vec::new();
        }
        done
    }
}

impl Parts {
    /// Looks at an array of bytes and strings. `None`: it is something else.
    pub(super) fn read(environment: &Environment, array: sys::napi_value) -> Option<Self> {
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
        let mut parts = Vec::with_capacity(count as usize);
        for index in 0..count {
            let mut value = ptr::null_mut();
            // SAFETY: as above; an element that is missing is `undefined`.
            unsafe { sys::napi_get_element(env, array, index, &raw mut value) };
            parts.push(look_at(environment, value)?);
        }
        let mut parts = Self { env, parts };
        if parts.has_large() && text::is_true(env, array, c"isNarrow") {
            parts.note_narrow();
        }
        Some(parts)
    }

    fn note_narrow(&mut self) {
        for part in &mut self.parts {
            if let Part::Text { narrow, .. } = part {
                *narrow = true;
            }
        }
    }

    /// About how many bytes it becomes.
    pub(super) fn length(&self) -> usize {
        parts::size_of(self.parts.iter().map(Part::length))
    }

    /// Whether there are some that may go beside the stream.
    pub(super) fn has_large(&self) -> bool {
        self.parts.iter().any(|part| part.length() >= LARGE)
    }

    /// How many have to go beside the stream.
    pub(super) fn shared(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part, Part::Shared { .. })).count()
    }

    /// Appends the payload. What is large goes into the outbox, where there is one.
    pub(super) fn append_to(
        &self,
        out: &mut Vec<u8>,
        mut outbox: Option<&mut Outbox>,
        scratch: &mut Scratch,
        staging: &mut Staging,
    ) {
        if outbox.is_none() {
            out.reserve(self.length());
        }
        let mut writer = Writer::new(out, self.parts.len());
        for part in &self.parts {
            if let Some(outbox) = outbox.as_deref_mut() {
                if let Part::Shared { mapping, offset, length } = part {
                    let (offset, length) = (*offset as u64, *length as u64);
                    outbox.pass(mapping);
                    writer.shared(Place { memory: mapping.memory().id(), offset, length });
                    continue;
                }
                if part.length() >= LARGE
                    && let Some((content, place)) = self.put(part, outbox, scratch, staging)
                {
                    writer.in_lane(content, place);
                    continue;
                }
            }
            writer.here(|out| match *part {
                Part::Shared { .. } => unreachable!("it is refused where nothing goes beside the stream"),
                Part::Bytes { length: 0, .. } => Content::Bytes,
                Part::Bytes { data, length } => {
                    // SAFETY: they describe the memory of a live view, and no JavaScript has run since they were read.
                    out.extend_from_slice(unsafe { std::slice::from_raw_parts(data, length) });
                    Content::Bytes
                }
                Part::Text { value, .. } => self.append_text(value, scratch, out),
            });
        }
    }

    fn append_text(&self, value: sys::napi_value, scratch: &mut Scratch, out: &mut Vec<u8>) -> Content {
        if text::append_units(self.env, value, scratch, out) { Content::Latin1 } else { Content::Utf16 }
    }

    fn put(
        &self,
        part: &Part,
        outbox: &mut Outbox,
        scratch: &mut Scratch,
        staging: &mut Staging,
    ) -> Option<(Content, Place)> {
        match *part {
            Part::Shared { .. } => None,
            Part::Bytes { data, length } => {
                // SAFETY: as in `append_to`; it is not empty.
                let bytes = unsafe { std::slice::from_raw_parts(data, length) };
                Some((Content::Bytes, outbox.put(bytes)?))
            }
            Part::Text { value, units, narrow: true } => {
                // One more for the zero behind it.
                let (place, start) = outbox.reserve(units + 1)?;
                // SAFETY: there is room for all units and the zero.
                unsafe { text::write_narrow(self.env, value, units, start) };
                Some((Content::Latin1, Place { length: units as u64, ..place }))
            }
            Part::Text { value, .. } => staging.with(|bytes| {
                let content = self.append_text(value, scratch, bytes);
                Some((content, outbox.put(bytes)?))
            }),
        }
    }
}

impl Part {
    fn length(&self) -> usize {
        match *self {
            Part::Bytes { length, .. } => length,
            Part::Text { units, .. } => units,
            Part::Shared { .. } => 0,
        }
    }
}

fn look_at(environment: &Environment, value: sys::napi_value) -> Option<Part> {
    let env = environment.env;
    if let Some(units) = text::units(env, value) {
        return Some(Part::Text { value, units, narrow: false });
    }
    let mut is_view = false;
    let (mut data, mut length) = (ptr::null_mut(), 0);
    // SAFETY: `value` is an element of an argument of the call that is being made.
    let status = unsafe {
        sys::napi_is_buffer(env, value, &raw mut is_view);
        if is_view {
            sys::napi_get_buffer_info(env, value, &raw mut data, &raw mut length)
        } else {
            sys::Status::napi_invalid_arg
        }
    };
    if status != sys::Status::napi_ok {
        return None;
    }
    let data = data.cast_const().cast();
    Some(match environment.shared_buffers.find(data, length) {
        Some((mapping, offset)) => Part::Shared { mapping, offset, length },
        None => Part::Bytes { data, length },
    })
}

/// Where parts on their way in may be: in the payload, and elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) link: &'a Link,
    /// The most bytes a payload may have.
    pub(super) limit: usize,
}

impl Sources<'_> {
    /// The parts as an array of `Buffer`s and strings, each in memory of its own; `null`: the payload is broken; an
    /// error: what else is wrong with it.
    pub(super) fn to_js(self, payload: &[u8]) -> sys::napi_value {
        let mut value = ptr::null_mut();
        if let Some(parts) = parts::cut(payload) {
            value = match self.array_of(&parts) {
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

    pub(super) fn env(self) -> sys::napi_env {
        self.link.environment.env
    }

    fn array_of(self, parts: &[parts::Part<'_>]) -> Result<sys::napi_value, String> {
        let env = self.env();
        let mut array = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope.
        let status = unsafe { sys::napi_create_array_with_length(env, parts.len(), &raw mut array) };
        if status != sys::Status::napi_ok {
            return Err(String::new());
        }
        let mut left = self.limit;
        let mut seen = Vec::new();
        for (index, part) in (0..).zip(parts) {
            let value = match *part {
                parts::Part::Here(Content::Bytes, bytes) => super::batch::buffer_to_js(env, bytes),
                parts::Part::Here(content, bytes) => text_of(env, content, bytes),
                parts::Part::Lane(content, place) => self.copy_out(content, place, &mut left)?,
                parts::Part::Shared(place) => self.share(place, &mut seen)?,
            };
            if value.is_null() {
                return Err(String::new());
            }
            // SAFETY: both are values of this scope.
            unsafe { sys::napi_set_element(env, array, index, value) };
        }
        Ok(array)
    }

    /// `seen` are the memories that came with this payload.
    fn share(self, place: Place, seen: &mut Vec<Rc<Mapping>>) -> Result<sys::napi_value, String> {
        let mapping = match seen.iter().find(|mapping| mapping.memory().id() == place.memory) {
            Some(mapping) => Rc::clone(mapping),
            None => {
                let mut intake = self.link.intake.borrow_mut();
                let Some(intake) = &mut *intake else { return Err("this side shares no memory".to_owned()) };
                seen.push(Rc::new(intake.take(place.memory)?));
                Rc::clone(&seen[seen.len() - 1])
            }
        };
        let part =
            usize::try_from(place.length).ok().and_then(|length| Some((mapping.part(place.offset, length)?, length)));
        let Some((data, length)) = part else {
            let Place { offset, length, .. } = place;
            let size = mapping.length();
            return Err(format!("a part of {length} bytes at {offset} does not lie in a shared buffer of {size}"));
        };
        Ok(self.link.environment.shared_buffers.to_js(self.env(), mapping, data, length))
    }

    fn copy_out(self, content: Content, place: Place, left: &mut usize) -> Result<sys::napi_value, String> {
        let mut intake = self.link.intake.borrow_mut();
        let Some(intake) = &mut *intake else { return Err("this side shares no memory".to_owned()) };
        let (length, data) = intake.find(place, *left, self.limit)?;
        *left -= length;
        if content == Content::Bytes {
            let (value, memory) = self.new_memory(length);
            let is_copied = intake.copy(place, memory);
            return if is_copied { Ok(value) } else { Err(String::new()) };
        }
        // SAFETY: it lies in its memory, which is mapped as long as the intake is borrowed.
        Ok(unsafe { text::from_shared(self.env(), data, length, content == Content::Latin1) })
    }

    /// A view alone in its memory, which is to be filled. Null and nothing when there is none.
    fn new_memory<'a>(self, length: usize) -> (sys::napi_value, &'a mut [MaybeUninit<u8>]) {
        let recycled = if length >= recycler::LEAST { self.link.lend(length) } else { None };
        recycled.unwrap_or_else(|| new_buffer(self.env(), length))
    }
}

fn error_of(env: sys::napi_env, reason: &str) -> sys::napi_value {
    let mut error = ptr::null_mut();
    let text = text::to_js(env, reason.as_bytes(), reason.is_ascii());
    // SAFETY: the caller has opened a handle scope. Without memory for the text there is no error either.
    unsafe { sys::napi_create_error(env, ptr::null_mut(), text, &raw mut error) };
    error
}

fn text_of(env: sys::napi_env, content: Content, bytes: &[u8]) -> sys::napi_value {
    if content == Content::Utf16 { text::from_units(env, bytes) } else { text::to_js(env, bytes, true) }
}

/// A `Buffer` and its memory, which is to be filled. Null and nothing when there is none.
fn new_buffer<'a>(env: sys::napi_env, length: usize) -> (sys::napi_value, &'a mut [MaybeUninit<u8>]) {
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
        large_pages::ask_for(memory);
    }
    (value, memory)
}
