//! Strings across the boundary. Node's own UTF-8 conversions take several times as long as these.

use std::ffi::CStr;
use std::ptr;

use encoding_rs::mem;
use napi::sys;

use crate::reuse::Kept;

/// Above this capacity (in UTF-16 units) the scratch memory is released after use; below it only if the process keeps too
/// much.
const KEEP: usize = 1 << 20;
/// The capacity for short strings.
const SHORT: usize = 4096;

/// An incoming JavaScript string: UTF-16 in reused memory.
#[derive(Debug, Default)]
pub(in crate::node) struct Scratch {
    units: Vec<u16>,
    length: usize,
    kept: Kept,
}

impl Scratch {
    /// Copies a string. `false`: the value is not a string.
    pub(in crate::node) fn read(&mut self, env: sys::napi_env, value: sys::napi_value) -> bool {
        if self.units.is_empty() {
            self.units.resize(SHORT, 0);
        }
        let Some(length) = read_into(env, value, &mut self.units) else { return false };
        self.length = length;
        // One unit is for the terminating zero. A full buffer may mean that there was more.
        if length + 1 == self.units.len() {
            let mut total = 0;
            // SAFETY: without a buffer the function only measures; `value` is a string of this environment.
            unsafe { sys::napi_get_value_string_utf16(env, value, ptr::null_mut(), 0, &raw mut total) };
            if total > length {
                self.units.resize(total + 1, 0);
                self.length = read_into(env, value, &mut self.units).unwrap_or(0);
            }
        }
        true
    }

    /// How many UTF-16 units the string has: its bytes, if it is ASCII.
    pub(in crate::node) fn length(&self) -> usize {
        self.length
    }

    /// Appends the string as UTF-8. Lone surrogates become U+FFFD.
    pub(in crate::node) fn append_to(&mut self, out: &mut Vec<u8>) {
        let units = &self.units[..self.length];
        // All of them, so that it can be done for many at once.
        if units.iter().fold(0, |seen, unit| seen | unit) < 0x80 {
            #[expect(clippy::cast_possible_truncation, reason = "all units are ASCII")]
            out.extend(units.iter().map(|unit| *unit as u8));
        } else {
            append_utf8(units, out);
        }
        self.release();
    }

    /// Appends the string with one byte for each unit if that is enough, else with two; `true`: one was enough.
    fn append_units_to(&mut self, out: &mut Vec<u8>) -> bool {
        let units = &self.units[..self.length];
        let is_narrow = mem::is_utf16_latin1(units);
        if is_narrow {
            #[expect(clippy::cast_possible_truncation, reason = "all units are below 256")]
            out.extend(units.iter().map(|unit| *unit as u8));
        } else {
            out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        }
        self.release();
        is_narrow
    }

    /// Releases memory that only a long string needed.
    pub(in crate::node) fn release(&mut self) {
        let bytes = size_of::<u16>() * self.units.len().saturating_sub(SHORT);
        if self.units.len() > KEEP || !self.kept.set(bytes) {
            *self = Self::default();
        }
    }
}

fn read_into(env: sys::napi_env, value: sys::napi_value, units: &mut [u16]) -> Option<usize> {
    let mut length = 0;
    // SAFETY: the buffer has the announced size, and the function writes at most that many units.
    let status =
        unsafe { sys::napi_get_value_string_utf16(env, value, units.as_mut_ptr(), units.len(), &raw mut length) };
    (status == sys::Status::napi_ok).then_some(length)
}

/// How many UTF-16 units a string has. `None`: the value is not a string.
pub(in crate::node) fn units(env: sys::napi_env, value: sys::napi_value) -> Option<usize> {
    let mut length = 0;
    // SAFETY: without a buffer the function only measures.
    let status = unsafe { sys::napi_get_value_string_utf16(env, value, ptr::null_mut(), 0, &raw mut length) };
    (status == sys::Status::napi_ok).then_some(length)
}

/// Whether a string of this many units is ASCII only.
fn is_ascii(env: sys::napi_env, value: sys::napi_value, units: usize) -> bool {
    let mut utf8 = 0;
    // SAFETY: without a buffer the function only measures.
    unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut utf8) };
    utf8 == units
}

/// Writes a string with one byte for each unit, and a zero behind it.
///
/// # Safety
/// There is space for this many units and the zero.
pub(in crate::node) unsafe fn write_narrow(env: sys::napi_env, value: sys::napi_value, units: usize, into: *mut u8) {
    let mut written = 0;
    // SAFETY: the caller says so.
    unsafe { sys::napi_get_value_string_latin1(env, value, into.cast(), units + 1, &raw mut written) };
}

/// Whether an object has a member of this name that is `true`.
pub(in crate::node) fn is_true(env: sys::napi_env, object: sys::napi_value, name: &CStr) -> bool {
    let mut value = ptr::null_mut();
    let mut is_true = false;
    // SAFETY: `object` is an argument of the call that is being made; for a value that is no boolean the call fails.
    let status = unsafe {
        sys::napi_get_named_property(env, object, name.as_ptr(), &raw mut value);
        sys::napi_get_value_bool(env, value, &raw mut is_true)
    };
    status == sys::Status::napi_ok && is_true
}

/// Appends a string unchanged: one byte for each unit if that is enough (`true`), else two.
pub(in crate::node) fn append_units(
    env: sys::napi_env,
    value: sys::napi_value,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> bool {
    let length = units(env, value).unwrap_or(0);
    if !is_ascii(env, value, length) {
        return !scratch.read(env, value) || scratch.append_units_to(out);
    }
    // ASCII needs no detour.
    let start = out.len();
    out.reserve(length + 1);
    let mut written = 0;
    // SAFETY: `reserve` has made room for all units and the zero behind them, and Node reports how many it has written.
    unsafe {
        let free = out.as_mut_ptr().add(start).cast();
        sys::napi_get_value_string_latin1(env, value, free, length + 1, &raw mut written);
        out.set_len(start + written.min(length));
    }
    true
}

/// A JavaScript string from memory that another process may write: any bytes form a valid string. Null if memory ran
/// out.
///
/// For text of this kind, and for no other, a runtime makes the string of the given length and fills it by one copy; it
/// reads the characters afterwards, in the string. So a copy before it, which large JSON would pay for, gains nothing.
///
/// # Safety
/// This many bytes are there.
pub(in crate::node) unsafe fn from_shared_latin1(
    env: sys::napi_env,
    data: *const u8,
    length: usize,
) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: the caller says so.
    unsafe { sys::napi_create_string_latin1(env, data.cast(), length.cast_signed(), &raw mut value) };
    value
}

/// A JavaScript string from its UTF-16 units as bytes. Null if memory ran out.
pub(in crate::node) fn from_units(env: sys::napi_env, bytes: &[u8]) -> sys::napi_value {
    let mut value = ptr::null_mut();
    let mut create = |units: *const u16, length: usize| {
        // SAFETY: pointer and length describe units that nobody else writes; the function copies them.
        unsafe { sys::napi_create_string_utf16(env, units, length.cast_signed(), &raw mut value) };
    };
    let units = bytes.as_ptr().cast::<u16>();
    if cfg!(target_endian = "little") && units.is_aligned() {
        create(units, bytes.len() / 2);
    } else {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        create(units.as_ptr(), units.len());
    }
    value
}

fn append_utf8(mut units: &[u16], out: &mut Vec<u8>) {
    const CHUNK: usize = 16 << 10;
    while !units.is_empty() {
        let start = out.len();
        let some = units.len().min(CHUNK);
        // Three bytes for each unit are always enough; the last unit may be half of a pair that continues behind it.
        out.resize(start + some * 3 + 4, 0);
        let take = if some < units.len() && (0xD800..0xDC00).contains(&units[some - 1]) { some + 1 } else { some };
        let (read, written) = mem::convert_utf16_to_utf8_partial(&units[..take], &mut out[start..]);
        out.truncate(start + written);
        units = &units[read..];
    }
}

/// A short JavaScript string, such as a message type. `None`: the value is not a string.
pub(in crate::node) fn read_short(env: sys::napi_env, value: sys::napi_value, buffer: &mut Vec<u8>) -> Option<&str> {
    if buffer.is_empty() {
        buffer.resize(256, 0);
    }
    loop {
        let mut length = 0;
        let room = buffer.len();
        // SAFETY: the buffer has the announced size, and the function writes at most that many bytes.
        let status =
            unsafe { sys::napi_get_value_string_utf8(env, value, buffer.as_mut_ptr().cast(), room, &raw mut length) };
        if status != sys::Status::napi_ok {
            return None;
        }
        // A character of up to four bytes may not have fitted any more.
        if length + 4 < room {
            return std::str::from_utf8(&buffer[..length]).ok();
        }
        buffer.resize(room * 2, 0);
    }
}

/// A JavaScript string from UTF-8 that is known to be valid; `ascii` if it is only that. Null if memory ran out.
pub(in crate::node) fn to_js(env: sys::napi_env, bytes: &[u8], ascii: bool) -> sys::napi_value {
    let mut value = ptr::null_mut();
    let length = bytes.len().cast_signed();
    // SAFETY: pointer and length describe `bytes`; the functions copy them.
    unsafe {
        if ascii {
            sys::napi_create_string_latin1(env, bytes.as_ptr().cast(), length, &raw mut value);
        } else {
            sys::napi_create_string_utf8(env, bytes.as_ptr().cast(), length, &raw mut value);
        }
    }
    value
}

/// How many UTF-16 units valid UTF-8 becomes.
pub(in crate::node) fn utf16_length(bytes: &[u8]) -> usize {
    // Each character's first byte is one unit, those of four bytes are a pair.
    bytes.iter().map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(*byte >= 0xF0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_string_becomes_the_utf8_rust_makes_of_it() {
        for text in ["", "plain", "größe", "日本語", "🎉🎉", &"ab🎉".repeat(20_000), &"é".repeat(16 << 10)]
        {
            let (units, length) = (text.encode_utf16().collect(), text.encode_utf16().count());
            let mut scratch = Scratch { units, length, ..Scratch::default() };
            let mut out = b"before".to_vec();
            scratch.append_to(&mut out);
            assert_eq!(std::str::from_utf8(&out[6..]).unwrap(), text);
            assert_eq!(utf16_length(text.as_bytes()), text.encode_utf16().count());
        }
    }

    #[test]
    fn a_pair_split_between_chunks_stays_a_pair() {
        for padding in (16 << 10) - 3..(16 << 10) + 3 {
            let text = format!("é{}🎉é", "x".repeat(padding));
            let units: Vec<_> = text.encode_utf16().collect();
            let mut out = Vec::new();
            append_utf8(&units, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        let mut out = Vec::new();
        append_utf8(&[0x61, 0xD800, 0x62], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a\u{FFFD}b");
    }
}
