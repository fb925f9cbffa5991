//! Payloads of several parts across the boundary: each part is copied once each way.

use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::ptr;

use napi::sys;

use super::text::{self, Scratch};
use crate::beside::{Intake, LARGE, Outbox};
use crate::parts::{self, Content, Place, Writer};

/// Memory of this size gets large pages, where the system has them: touching small ones for the first time takes longer than
/// all the copying.
const HUGE: usize = 4 << 20;
/// Above this capacity memory for what is under way is given back after use.
const KEEP: usize = 2 << 20;

/// One part on its way out. Valid during the call that was given it.
#[derive(Debug, Clone, Copy)]
enum Part {
    Bytes { data: *const u8, length: usize },
    Text { value: sys::napi_value, units: usize },
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
    pub(super) fn read(env: sys::napi_env, array: sys::napi_value) -> Option<Self> {
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
            parts.push(look_at(env, value)?);
        }
        Some(Self { env, parts })
    }

    /// About how many bytes it becomes.
    pub(super) fn length(&self) -> usize {
        parts::size_of(self.parts.iter().map(Part::length))
    }

    /// Whether there are some that may go beside the stream.
    pub(super) fn has_large(&self) -> bool {
        self.parts.iter().any(|part| part.length() >= LARGE)
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
            if let Some(outbox) = outbox.as_deref_mut().filter(|_| part.length() >= LARGE)
                && let Some((content, place)) = self.put(*part, outbox, scratch, staging)
            {
                writer.in_lane(content, place);
                continue;
            }
            writer.here(|out| match *part {
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
        part: Part,
        outbox: &mut Outbox,
        scratch: &mut Scratch,
        staging: &mut Staging,
    ) -> Option<(Content, Place)> {
        match part {
            Part::Bytes { data, length } => {
                // SAFETY: as in `append_to`; it is not empty.
                let bytes = unsafe { std::slice::from_raw_parts(data, length) };
                Some((Content::Bytes, outbox.put(bytes)?))
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
        }
    }
}

fn look_at(env: sys::napi_env, value: sys::napi_value) -> Option<Part> {
    if let Some(units) = text::units(env, value) {
        return Some(Part::Text { value, units });
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
    (status == sys::Status::napi_ok).then_some(Part::Bytes { data: data.cast(), length })
}

/// Where parts on their way in may be: in the payload, and elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) env: sys::napi_env,
    pub(super) intake: &'a RefCell<Option<Intake>>,
    pub(super) staging: &'a RefCell<Staging>,
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
                Err(reason) => error_of(self.env, &reason),
            };
        }
        if value.is_null() {
            let mut thrown = ptr::null_mut();
            // SAFETY: the caller has opened a handle scope. What may have been thrown is told by the value instead.
            unsafe {
                sys::napi_get_and_clear_last_exception(self.env, &raw mut thrown);
                sys::napi_get_null(self.env, &raw mut value);
            }
        }
        value
    }

    fn array_of(self, parts: &[parts::Part<'_>]) -> Result<sys::napi_value, String> {
        let env = self.env;
        let mut array = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope.
        let status = unsafe { sys::napi_create_array_with_length(env, parts.len(), &raw mut array) };
        if status != sys::Status::napi_ok {
            return Err(String::new());
        }
        let mut left = self.limit;
        for (index, part) in (0..).zip(parts) {
            let value = match *part {
                parts::Part::Here(Content::Bytes, bytes) => super::batch::buffer_to_js(env, bytes),
                parts::Part::Here(content, bytes) => text_of(env, content, bytes),
                parts::Part::Lane(content, place) => self.from_lane(content, place, &mut left)?,
                parts::Part::Shared(_) => return Err("memory that is shared cannot come here".to_owned()),
            };
            if value.is_null() {
                return Err(String::new());
            }
            // SAFETY: both are values of this scope.
            unsafe { sys::napi_set_element(env, array, index, value) };
        }
        Ok(array)
    }

    fn from_lane(self, content: Content, place: Place, left: &mut usize) -> Result<sys::napi_value, String> {
        let mut intake = self.intake.borrow_mut();
        let Some(intake) = &mut *intake else { return Err("this side shares no memory".to_owned()) };
        let length = intake.look(place, *left)?;
        *left -= length;
        if content == Content::Bytes {
            let (value, memory) = new_buffer(self.env, length);
            intake.copy(place, memory)?;
            return Ok(value);
        }
        self.staging.borrow_mut().with(|bytes| {
            bytes.reserve_exact(length);
            intake.copy(place, &mut bytes.spare_capacity_mut()[..length])?;
            // SAFETY: they were copied.
            unsafe { bytes.set_len(length) };
            Ok(text_of(self.env, content, bytes))
        })
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
        ask_for_large_pages(memory);
    }
    (value, memory)
}

/// A wish: nothing changes but the time it takes to touch it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn ask_for_large_pages(memory: &mut [MaybeUninit<u8>]) {
    const PAGE: usize = 4096;
    let start = memory.as_ptr().align_offset(PAGE);
    let length = memory.len().saturating_sub(start) / PAGE * PAGE;
    // SAFETY: whole pages inside of the memory; the advice leaves what is in there as it is.
    let _ = unsafe {
        let first = memory.as_mut_ptr().add(start.min(memory.len())).cast();
        rustix::mm::madvise(first, length, rustix::mm::Advice::LinuxHugepage)
    };
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn ask_for_large_pages(_: &mut [MaybeUninit<u8>]) {}
