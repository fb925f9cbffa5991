//! Memory that several processes map, for JavaScript: an object that copies bytes in and out, and, if the runtime can
//! make one, a `SharedArrayBuffer`. It is never an `ArrayBuffer`: a runtime assumes stable bytes there.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use napi::JsValue;
use napi::bindgen_prelude::{
    BufferSlice, Env, JavaScriptClassExt, ObjectFinalize, ToNapiValue, TypeTag, Unknown, validate_type_tag,
};
use napi::sys;
use napi_derive::napi;

use crate::error::code;
use crate::node::values::failure::{Failure, node};
use crate::node::values::segments::new_buffer;
use crate::sys::mapping::Mapping;
use crate::sys::memory::HAS_MEMORY;
use crate::sys::program::program;

/// Memory that several processes map. It is unmapped when JavaScript has collected it.
#[napi(custom_finalize)]
pub struct NativeSharedMemory {
    pub(in crate::node) mapping: Arc<Mapping>,
}

#[napi]
impl NativeSharedMemory {
    /// New memory, all zeros.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, size: f64) -> Result<Self, Failure> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks the range")]
        let length = size as usize;
        let mapping = Mapping::create(length).map_err(|error| {
            // A sandbox may refuse what the platform has.
            let code = if HAS_MEMORY { code::SYSTEM } else { code::UNSUPPORTED_PLATFORM };
            Failure::new(code.to_owned(), format!("cannot make a shared buffer of {length} bytes: {error}"))
        })?;
        Self::of(env, Arc::new(mapping))
    }

    /// The size in bytes.
    #[napi(getter, catch_unwind)]
    pub fn byte_length(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a memory has less than 2^53 bytes")]
        let length = self.mapping.length() as f64;
        length
    }

    /// A copy of `length` bytes at `offset`; throws if they are not within the memory.
    #[napi(catch_unwind, ts_return_type = "Buffer")]
    pub fn read(&self, env: Env, offset: f64, length: f64) -> Result<Unknown<'_>, Failure> {
        let (offset, length) = (whole(offset), whole(length));
        let Some((offset, length)) = offset.zip(length).filter(|(offset, length)| self.has(*offset, *length)) else {
            return Err(self.outside());
        };
        let length = usize::try_from(length).map_err(|_| self.outside())?;
        let (value, bytes) = new_buffer(env.raw(), length);
        if value.is_null() {
            let text = format!("cannot copy {length} bytes out of a shared buffer: the runtime has no memory for them");
            return Err(Failure::new(code::SYSTEM.to_owned(), text));
        }
        self.mapping.read(offset, bytes);
        // SAFETY: the value was just made in this environment, in the scope of this call.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
    }

    /// Copies bytes to `offset`; throws if they do not fit.
    #[napi(catch_unwind, ts_args_type = "bytes: Uint8Array, offset: number")]
    pub fn write(&self, bytes: BufferSlice, offset: f64) -> Result<(), Failure> {
        let is_written = whole(offset).is_some_and(|offset| self.mapping.write(offset, &bytes));
        is_written.then_some(()).ok_or_else(|| self.outside())
    }

    /// The memory as a `SharedArrayBuffer`; `null` if the runtime makes none of external memory.
    #[napi(catch_unwind, ts_return_type = "SharedArrayBuffer | null")]
    pub fn to_shared_array_buffer(&self, env: Env) -> Option<Unknown<'_>> {
        let value = share(env.raw(), &self.mapping)?;
        // SAFETY: the value was just made in this environment, in the scope of this call.
        Some(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
    }

    /// The memory that a view shows from its first byte to the last, if `toSharedArrayBuffer` has made its `SharedArrayBuffer`, in
    /// any thread of this process; else `null`.
    #[napi(catch_unwind, ts_args_type = "bytes: Uint8Array")]
    pub fn behind(env: Env, bytes: Unknown<'_>) -> Result<Option<Self>, Failure> {
        let Some((start, length)) = place_of(env, &bytes) else { return Ok(None) };
        let known = shown().get(&start).and_then(Weak::upgrade);
        known.filter(|mapping| mapping.length() == length).map(|mapping| Self::of(env, mapping)).transpose()
    }
}

impl ObjectFinalize for NativeSharedMemory {
    fn finalize(self, env: Env) -> napi::Result<()> {
        env.adjust_external_memory(-self.weight()).map(drop)
    }
}

impl NativeSharedMemory {
    fn of(env: Env, mapping: Arc<Mapping>) -> Result<Self, Failure> {
        let memory = Self { mapping };
        // V8 does not know its size and would keep it for long: each one also has a file descriptor.
        env.adjust_external_memory(memory.weight()).map_err(node)?;
        Ok(memory)
    }

    fn weight(&self) -> i64 {
        i64::try_from(self.mapping.length()).unwrap_or(i64::MAX)
    }

    /// The object for a received memory. `None`: the runtime has no memory for it.
    pub(in crate::node) fn to_js(env: sys::napi_env, mapping: Arc<Mapping>) -> Option<sys::napi_value> {
        let owner = Env::from_raw(env);
        let instance = Self::of(owner, mapping).ok()?.into_instance(&owner).ok()?;
        // SAFETY: the caller has opened a handle scope; the instance is of this environment.
        unsafe { ToNapiValue::to_napi_value(env, instance) }.ok()
    }

    /// The memory of such an object. `None`: the value is something else.
    pub(in crate::node) fn find(env: sys::napi_env, value: sys::napi_value) -> Option<Arc<Mapping>> {
        let mut memory = ptr::null_mut();
        // SAFETY: the caller vouches for the value. Only objects of this class have its tag, and each of them wraps one of these,
        // which lives as long as the value; no method borrows it mutably.
        unsafe {
            validate_type_tag(env, value, &Self::type_tag(), "NativeSharedMemory").ok()?;
            let status = sys::napi_unwrap(env, value, &raw mut memory);
            (status == sys::Status::napi_ok).then(|| Arc::clone(&(*memory.cast::<Self>()).mapping))
        }
    }

    fn has(&self, offset: u64, length: u64) -> bool {
        offset.checked_add(length).is_some_and(|end| end <= self.mapping.length() as u64)
    }

    fn outside(&self) -> Failure {
        let text = format!("that is outside of a shared buffer of {} bytes", self.mapping.length());
        Failure::new(code::INVALID_OPTION.to_owned(), text)
    }
}

/// A number as an offset or a length. `None`: it is not valid.
fn whole(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    let integer = number as u64;
    #[expect(clippy::cast_precision_loss, reason = "a number that does not fit is not equal")]
    let is_whole = integer as f64 == number;
    is_whole.then_some(integer)
}

/// The memories of which this process has made a `SharedArrayBuffer`, by their start. A clone of one is another object that shows the
/// same place.
static SHOWN: Mutex<BTreeMap<usize, Weak<Mapping>>> = Mutex::new(BTreeMap::new());

fn shown() -> std::sync::MutexGuard<'static, BTreeMap<usize, Weak<Mapping>>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a memory, and forgets those that are gone each time when their number may have doubled.
fn remember(mapping: &Arc<Mapping>) {
    let mut shown = shown();
    if shown.len().is_power_of_two() {
        shown.retain(|_, mapping| mapping.strong_count() > 0);
    }
    shown.insert(mapping.start().addr(), Arc::downgrade(mapping));
}

/// The address and the length of a view of bytes. `None`: it is something else.
fn place_of(env: Env, bytes: &Unknown<'_>) -> Option<(usize, usize)> {
    let (mut kind, mut length, mut start) = (0, 0, ptr::null_mut::<c_void>());
    // SAFETY: `bytes` is a value of this call; each out-pointer is valid or null, which Node-API allows.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env.raw(),
            bytes.raw(),
            &raw mut kind,
            &raw mut length,
            &raw mut start,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    (status == sys::Status::napi_ok && kind == sys::TypedarrayType::uint8_array).then(|| (start.addr(), length))
}

type Create = unsafe extern "C" fn(
    sys::napi_env,
    *mut c_void,
    usize,
    unsafe extern "C" fn(*mut c_void, *mut c_void),
    *mut c_void,
    *mut sys::napi_value,
) -> sys::napi_status;

/// `node_api_create_external_sharedarraybuffer`, if the running program has it: headers declare it as an experiment, so
/// the addon does not link to it.
fn create() -> Option<Create> {
    static CREATE: OnceLock<Option<Create>> = OnceLock::new();
    *CREATE.get_or_init(|| {
        let program = program()?;
        // SAFETY: name and signature are those of Node's headers since version 22.23; the program is never unloaded.
        unsafe { program.get::<Create>("node_api_create_external_sharedarraybuffer") }.ok().map(|symbol| *symbol)
    })
}

fn share(env: sys::napi_env, mapping: &Arc<Mapping>) -> Option<sys::napi_value> {
    let create = create()?;
    let share = Box::into_raw(Box::new(Arc::clone(mapping)));
    let mut memory = ptr::null_mut();
    // SAFETY: the memory stays mapped until `release` gives the share back, when no thread refers to it any more.
    let status =
        unsafe { create(env, mapping.start().cast(), mapping.length(), release, share.cast(), &raw mut memory) };
    if status == sys::Status::napi_no_external_buffers_allowed {
        // SAFETY: the runtime did not take it. After other failures it may have: better lost than given back twice.
        drop(unsafe { Box::from_raw(share) });
    }
    if status != sys::Status::napi_ok {
        return None;
    }
    remember(mapping);
    Some(memory)
}

/// The last thread has released a `SharedArrayBuffer`. The runtime calls this on any thread.
unsafe extern "C" fn release(_: *mut c_void, share: *mut c_void) {
    // SAFETY: `share` made it for this call, which comes once.
    drop(unsafe { Box::from_raw(share.cast::<Arc<Mapping>>()) });
}
