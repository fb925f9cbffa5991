//! Payloads of several parts: bytes and large strings beside what refers to them, each copied once each way.
//!
//! A payload begins with [`MARK`], three zeros and the number of parts; then, for each part, its length and its kind, four
//! bytes each; then the parts, without gaps. Integers are little-endian. JSON text never begins with that byte.

use std::ptr;

use napi::sys;

use super::text::{self, Scratch};

/// What a payload of parts begins with.
const MARK: u8 = 1;
const HEAD: usize = 8;
const ENTRY: usize = 8;

const BYTES: u8 = 0;
/// A string whose characters are all below U+0100, one byte each.
const LATIN1: u8 = 1;
/// Any other string: two bytes for each UTF-16 unit.
const UTF16: u8 = 2;

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
        self.parts.iter().map(|part| ENTRY + part.length()).sum::<usize>() + HEAD
    }

    /// Appends the payload.
    pub(super) fn append_to(&self, out: &mut Vec<u8>, scratch: &mut Scratch) {
        out.reserve(self.length());
        // More than four billion bytes never fit into a frame: that is noticed when it ends.
        let four = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        out.extend_from_slice(&[MARK, 0, 0, 0]);
        out.extend_from_slice(&four(self.parts.len()));
        let mut entry = out.len();
        out.resize(entry + self.parts.len() * ENTRY, 0);
        for part in &self.parts {
            let start = out.len();
            let kind = match *part {
                Part::Bytes { length: 0, .. } => BYTES,
                Part::Bytes { data, length } => {
                    // SAFETY: they describe the memory of a live view, and no JavaScript has run since they were read.
                    out.extend_from_slice(unsafe { std::slice::from_raw_parts(data, length) });
                    BYTES
                }
                Part::Text { value, .. } => {
                    if text::append_units(self.env, value, scratch, out) {
                        LATIN1
                    } else {
                        UTF16
                    }
                }
            };
            let length = four(out.len() - start);
            out[entry..entry + 4].copy_from_slice(&length);
            out[entry + 4] = kind;
            entry += ENTRY;
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

/// Whether it is a payload of parts, however broken.
pub(super) fn is_parts(payload: &[u8]) -> bool {
    payload.first().is_none_or(|first| *first == MARK)
}

/// The parts as an array of `Buffer`s and strings, each in memory of its own; `null`: the payload is broken.
pub(super) fn to_js(env: sys::napi_env, payload: &[u8]) -> sys::napi_value {
    let mut value = ptr::null_mut();
    if let Some(parts) = cut(payload) {
        value = array_of(env, &parts).unwrap_or(ptr::null_mut());
    }
    if value.is_null() {
        let mut thrown = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope. What may have been thrown is told by the value instead.
        unsafe {
            sys::napi_get_and_clear_last_exception(env, &raw mut thrown);
            sys::napi_get_null(env, &raw mut value);
        }
    }
    value
}

/// Kind and bytes of each part, if the lengths are exactly those of the payload.
fn cut(payload: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let (head, rest) = payload.split_first_chunk::<HEAD>()?;
    if head[..4] != [MARK, 0, 0, 0] {
        return None;
    }
    let count = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let (table, mut rest) = rest.split_at_checked(count.checked_mul(ENTRY)?)?;
    let mut parts = Vec::with_capacity(count);
    for entry in table.chunks_exact(ENTRY) {
        let length = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) as usize;
        let kind = entry[4];
        if kind > UTF16 || entry[5..] != [0; 3] || (kind == UTF16 && !length.is_multiple_of(2)) {
            return None;
        }
        let (part, others) = rest.split_at_checked(length)?;
        parts.push((kind, part));
        rest = others;
    }
    rest.is_empty().then_some(parts)
}

fn array_of(env: sys::napi_env, parts: &[(u8, &[u8])]) -> Option<sys::napi_value> {
    let mut array = ptr::null_mut();
    // SAFETY: the caller has opened a handle scope.
    let status = unsafe { sys::napi_create_array_with_length(env, parts.len(), &raw mut array) };
    if status != sys::Status::napi_ok {
        return None;
    }
    for (index, (kind, bytes)) in (0..).zip(parts) {
        let value = match *kind {
            BYTES => super::batch::buffer_to_js(env, bytes),
            LATIN1 => text::to_js(env, bytes, true),
            _ => text::from_units(env, bytes),
        };
        if value.is_null() {
            return None;
        }
        // SAFETY: both are values of this scope.
        unsafe { sys::napi_set_element(env, array, index, value) };
    }
    Some(array)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(parts: &[(u8, &[u8])]) -> Vec<u8> {
        let mut payload = vec![MARK, 0, 0, 0];
        payload.extend(u32::try_from(parts.len()).unwrap().to_le_bytes());
        for (kind, bytes) in parts {
            payload.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
            payload.extend([*kind, 0, 0, 0]);
        }
        payload.extend(parts.iter().flat_map(|(_, bytes)| *bytes));
        payload
    }

    #[test]
    fn parts_are_cut_as_they_were_joined() {
        for parts in
            [&[][..], &[(BYTES, &b""[..])], &[(BYTES, b"abc"), (LATIN1, b""), (UTF16, b"\x00\xd8"), (BYTES, b"z")]]
        {
            assert_eq!(cut(&payload(parts)).unwrap(), parts);
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let whole = payload(&[(BYTES, b"abc"), (UTF16, b"de")]);
        for length in 0..whole.len() {
            assert_eq!(cut(&whole[..length]), None, "cut at {length}");
        }
        for position in 0..HEAD + 2 * ENTRY {
            for value in [1, 3, 0x7f, 0xff] {
                let mut lying = whole.clone();
                if lying[position] != value {
                    lying[position] = value;
                    // A kind may become another that is as good.
                    assert!(cut(&lying).is_none() || position % ENTRY == 4, "{position} {value}");
                }
            }
        }
        assert_eq!(cut(&[whole, vec![0]].concat()), None);
    }
}
