//! Memory that JavaScript receives, and returns when it has collected it.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::rc::Weak;

use napi::bindgen_prelude::Unknown;
use napi::{JsValue, sys};
use napi_derive::napi;

use super::{Block, BufferPool};
use crate::node::classes::environment::NativeEnvironment;
use crate::node::delivery::Driver;
use crate::node::event_loop::environment::Environment;
use crate::node::values::reference::Reference;

/// The data of an `ArrayBuffer`.
struct Lent {
    block: Block,
    driver: Weak<Driver>,
}

impl BufferPool {
    /// A `Uint8Array` alone in its memory, for the caller to fill. `None`: this thread reuses none, or there is none.
    pub(in crate::node) fn lend<'a>(
        &self,
        environment: &Environment,
        driver: &Weak<Driver>,
        length: usize,
    ) -> Option<(sys::napi_value, &'a mut [MaybeUninit<u8>])> {
        let transfer = environment.recycling.get()?;
        let mut block = self.take(length).or_else(|| Block::create(length))?;
        let part = block.part(length);
        let memory = to_array_buffer(environment.env, Lent { block, driver: Weak::clone(driver) }, length)?;
        let memory = transfer.apply(environment.env, memory, part)?;
        let mut view = ptr::null_mut();
        // SAFETY: the caller has opened a handle scope; the view covers the memory exactly.
        let status = unsafe {
            let kind = sys::TypedarrayType::uint8_array;
            sys::napi_create_typedarray(environment.env, kind, length, memory, 0, &raw mut view)
        };
        (status == sys::Status::napi_ok).then_some((view, part))
    }
}

/// How the pool's memory becomes ordinary memory of V8.
#[derive(Debug)]
pub(in crate::node) struct Transfer(Option<Reference>);

impl Transfer {
    /// This memory in an `ArrayBuffer` that may be transferred to threads, if the runtime can make one.
    fn apply(&self, env: sys::napi_env, memory: sys::napi_value, part: &[MaybeUninit<u8>]) -> Option<sys::napi_value> {
        let Some(function) = &self.0 else { return Some(memory) };
        let mut moved = ptr::null_mut();
        let (mut data, mut length) = (ptr::null_mut(), 0);
        // SAFETY: the caller has opened a handle scope. The function is one of V8's own: no code of the user runs.
        let status = unsafe {
            match sys::napi_call_function(env, memory, function.get(), 0, ptr::null(), &raw mut moved) {
                sys::Status::napi_ok => sys::napi_get_arraybuffer_info(env, moved, &raw mut data, &raw mut length),
                failed => {
                    let mut thrown = ptr::null_mut();
                    sys::napi_get_and_clear_last_exception(env, &raw mut thrown);
                    failed
                }
            }
        };
        // A program may have replaced the function by one that returns a copy.
        (status == sys::Status::napi_ok && data.cast_const().cast() == part.as_ptr() && length == part.len())
            .then_some(moved)
    }
}

fn to_array_buffer(env: sys::napi_env, lent: Lent, length: usize) -> Option<sys::napi_value> {
    let data: *mut c_void = lent.block.start.as_ptr().cast();
    let lent = Box::into_raw(Box::new(lent));
    let mut memory = ptr::null_mut();
    // SAFETY: `release` takes it back, on this thread, when nobody refers to the memory any more.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(env, data, length, Some(release), lent.cast(), &raw mut memory)
    };
    if status == sys::Status::napi_no_external_buffers_allowed {
        // SAFETY: nobody took it over. After other failures somebody may have: better lost than given back twice.
        drop(unsafe { Box::from_raw(lent) });
    }
    (status == sys::Status::napi_ok).then_some(memory)
}

/// V8 has collected an `ArrayBuffer`.
unsafe extern "C" fn release(_: sys::napi_env, _: *mut c_void, lent: *mut c_void) {
    // SAFETY: it was made by `to_array_buffer` for this call, which comes once.
    let Lent { block, driver } = *unsafe { Box::from_raw(lent.cast::<Lent>()) };
    if let Some(driver) = driver.upgrade()
        && !driver.is_closed()
    {
        driver.user().buffer_pool.give_back(block, driver.now());
        driver.update();
    }
}

#[napi]
impl NativeEnvironment {
    /// From now on the pool reuses memory of large results. `transfer` is that of `ArrayBuffer.prototype`, if the
    /// runtime has it: its results can be transferred to threads. The memory ends with this thread, which must outlive
    /// those: call it in the main thread.
    #[napi(catch_unwind, ts_args_type = "transfer?: () => ArrayBuffer")]
    pub fn recycle(&self, transfer: Option<Unknown<'_>>) {
        let function = transfer.map(|function| Reference::new(self.inner.env, function.raw()));
        // Requested once.
        let _ = self.inner.recycling.set(Transfer(function));
    }
}
