//! The memory that a JavaScript thread and the addon share: events and commands cross the boundary as integers in it,
//! without an object each.

use napi::JsValue;
use napi::bindgen_prelude::{BufferSlice, Env};

#[cfg(unix)]
use crate::boundary::READY_HINT;
use crate::boundary::{HEAD, RECORD, SLOW_HINT};
use crate::error::code;
use crate::node::values::failure::Failure;
use crate::node::values::reference::Reference;

/// The integers of the head with data of an event or a command.
const DATA: usize = 3;

/// Integers in memory of JavaScript: a head, and records behind it.
#[derive(Debug)]
pub(in crate::node) struct Records {
    start: *mut i32,
    length: usize,
    _owner: Reference,
}

impl Records {
    /// Uses this memory from now on.
    pub(super) fn new(env: Env, memory: &BufferSlice<'_>) -> Result<Self, Failure> {
        let length = memory.len() / size_of::<i32>();
        let start = memory.as_ptr().cast_mut();
        if !start.cast::<i32>().is_aligned() || length < HEAD + RECORD {
            return Err(Failure::new(code::INVALID_OPTION.to_owned(), "the memory for records is unfit".to_owned()));
        }
        Ok(Self { start: start.cast(), length, _owner: Reference::new(env.raw(), memory.raw()) })
    }

    /// Whether JavaScript has scheduled a flush at the end of this tick.
    pub(in crate::node) fn set_flush_scheduled(&self, scheduled: bool) {
        self.write_memory(0, scheduled.into());
    }

    /// Whether a recent batch, with all that followed it, has taken long.
    pub(in crate::node) fn set_slow(&self, is_slow: bool) {
        self.write_memory(SLOW_HINT, is_slow.into());
    }

    /// How many records fit.
    pub(in crate::node) fn record_capacity(&self) -> usize {
        (self.length - HEAD) / RECORD
    }

    pub(in crate::node) fn write_record(&self, index: usize, record: [i32; RECORD]) {
        for (offset, value) in record.into_iter().enumerate() {
            self.write_memory(HEAD + index * RECORD + offset, value);
        }
    }

    /// Writes the integers behind the first one of the head.
    pub(in crate::node) fn write_head(&self, numbers: [i32; DATA]) {
        for (offset, value) in numbers.into_iter().enumerate() {
            self.write_memory(1 + offset, value);
        }
    }

    /// How many numbers go in, and how many come out.
    pub(in crate::node) fn exchange_counts(&self) -> (usize, usize) {
        // SAFETY: the head is inside the buffer; as for `write_memory`.
        let (finished, begun) = unsafe { (self.start.add(1).read(), self.start.add(2).read()) };
        (usize::try_from(finished).unwrap_or(0), usize::try_from(begun).unwrap_or(0))
    }

    /// The number at this index behind the head of the shared memory, read as floating-point numbers.
    pub(in crate::node) fn read_number(&self, index: usize) -> f64 {
        let at = self.number_at(index);
        // SAFETY: `number_at` has checked the place; as for `write_memory`.
        unsafe { at.read() }
    }

    pub(in crate::node) fn write_number(&self, index: usize, value: f64) {
        let at = self.number_at(index);
        // SAFETY: `number_at` has checked the place; as for `write_memory`.
        unsafe { at.write(value) };
    }

    fn number_at(&self, index: usize) -> *mut f64 {
        assert!(HEAD + 2 * index + 1 < self.length, "a number outside the shared memory");
        // SAFETY: the index is inside the buffer. A `SharedArrayBuffer` is aligned for floating-point numbers, and its
        // head has the size of three.
        let at = unsafe { self.start.add(HEAD + 2 * index) }.cast::<f64>();
        assert!(at.is_aligned(), "the shared memory is aligned");
        at
    }

    fn write_memory(&self, index: usize, value: i32) {
        assert!(index < self.length, "a record outside the shared memory");
        // SAFETY: the index is inside the buffer, which `_owner` keeps alive. JavaScript reads it on this very
        // thread, never at the same time.
        unsafe { self.start.add(index).write(value) };
    }

    /// Whether Node has delivered messages since the last call.
    #[cfg(unix)]
    pub(in crate::node) fn take_ready_hint(&self) -> bool {
        assert!(READY_HINT < self.length, "the shared header is smaller than its layout");
        // SAFETY: the place is inside the buffer; as for `write_memory`.
        let came = unsafe { self.start.add(READY_HINT).read() } != 0;
        if came {
            self.write_memory(READY_HINT, 0);
        }
        came
    }
}
