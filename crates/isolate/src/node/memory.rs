//! Shared memory as Node-API has it.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use napi::bindgen_prelude::{Env, JsValue, Unknown};
use napi::{Error, Result, sys};

use crate::shared::SharedMemory;

#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;

type Finalize = unsafe extern "C" fn(*mut c_void, *mut c_void);
type Create = unsafe extern "C" fn(
    sys::napi_env,
    *mut c_void,
    usize,
    Finalize,
    *mut c_void,
    *mut sys::napi_value,
) -> sys::napi_status;

#[cfg(unix)]
fn program() -> Option<Library> {
    Some(Library::this())
}

#[cfg(windows)]
fn program() -> Option<Library> {
    Library::this().ok()
}

/// `node_api_create_external_sharedarraybuffer`, if the running program has it: headers declare it as an experiment, so the addon does
/// not link to it.
fn create() -> Option<Create> {
    static CREATE: OnceLock<Option<Create>> = OnceLock::new();
    *CREATE.get_or_init(|| {
        let program = program()?;
        // SAFETY: name and signature are those of Node's headers since version 22.23; the program is never unloaded.
        unsafe { program.get::<Create>("node_api_create_external_sharedarraybuffer") }.ok().map(|symbol| *symbol)
    })
}

/// Whether this runtime makes a `SharedArrayBuffer` of memory that it has not made. Some have the function, and refuse.
pub fn can_share(env: Env) -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    static TRIAL: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
    *CAN.get_or_init(|| {
        let Some(create) = create() else { return false };
        let start = TRIAL.as_ptr().cast_mut().cast();
        let mut object = ptr::null_mut();
        // SAFETY: the memory is there for ever, and may be written by anyone.
        let status = unsafe { create(env.raw(), start, 16, keep, ptr::null_mut(), &raw mut object) };
        status == sys::Status::napi_ok
    })
}

unsafe extern "C" fn keep(_: *mut c_void, _: *mut c_void) {}

/// What `finalize` gets, on any thread, when the last thread of the runtime has released the memory.
pub struct Lent {
    /// The memory, which stays as long as the runtime has it.
    pub memory: SharedMemory,
    /// Called then.
    pub on_release: Box<dyn FnOnce() + Send>,
}

/// A `SharedArrayBuffer` of this memory. `None`: the runtime makes none.
pub fn lend(env: sys::napi_env, lent: Lent) -> Option<sys::napi_value> {
    let create = create()?;
    let (start, size) = (lent.memory.start(), lent.memory.size());
    let lent = Box::into_raw(Box::new(lent));
    let mut object = ptr::null_mut();
    // SAFETY: the memory stays until `release` gives it back, when no thread refers to it any more.
    let status = unsafe { create(env, start.cast(), size, release, lent.cast(), &raw mut object) };
    if status == sys::Status::napi_no_external_buffers_allowed {
        // SAFETY: the runtime did not take it. After other failures it may have: better lost than given back twice.
        drop(unsafe { Box::from_raw(lent) });
    }
    (status == sys::Status::napi_ok).then_some(object)
}

unsafe extern "C" fn release(_: *mut c_void, lent: *mut c_void) {
    // SAFETY: `lend` made it for this call, which comes once.
    let Lent { memory, on_release } = *unsafe { Box::from_raw(lent.cast::<Lent>()) };
    drop(memory);
    on_release();
}

/// The kind, the number of elements and the first byte of a typed array.
pub fn parts_of(env: Env, view: &Unknown<'_>) -> Option<(sys::napi_typedarray_type, usize, *mut u8)> {
    let (mut kind, mut length, mut start) = (0, 0, ptr::null_mut::<c_void>());
    // SAFETY: the value is one of this call; each out-pointer is valid or null, which Node-API allows.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env.raw(),
            view.raw(),
            &raw mut kind,
            &raw mut length,
            &raw mut start,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    (status == sys::Status::napi_ok).then_some((kind, length, start.cast()))
}

/// The address of a word.
pub fn word_of(env: Env, words: &Unknown<'_>, index: u32) -> Result<usize> {
    let none = || Error::from_reason("the array has no such word");
    let (kind, length, start) = parts_of(env, words).ok_or_else(none)?;
    let size = match kind {
        sys::TypedarrayType::int32_array => 4,
        sys::TypedarrayType::bigint64_array => 8,
        _ => return Err(none()),
    };
    let index = index as usize;
    if index >= length || start.is_null() { Err(none()) } else { Ok(start as usize + index * size) }
}
