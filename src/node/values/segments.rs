//! Payloads of several segments across the boundary: each segment is copied once in each direction.

mod incoming;
mod outgoing;

use std::mem::MaybeUninit;
use std::ptr;

use napi::sys;

use crate::reuse::Kept;
use crate::sys::hugepages;
pub(in crate::node) use incoming::{Sources, error_of};
pub(in crate::node) use outgoing::Parts;

/// Memory of this size gets huge pages, if the system has them.
const HUGE: usize = 4 << 20;
/// Above this capacity the scratch memory is released after use; below it only if the process keeps too much.
const KEEP: usize = 2 << 20;

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
