//! Memory that JavaScript gets, and gives back when it has forgotten it.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::rc::Weak;

use napi::bindgen_prelude::Unknown;
use napi::{JsValue, sys};
use napi_derive::napi;

use super::{Block, Recycler};
use crate::bindings::environment::{Environment, NativeEnvironment};
use crate::bindings::link::Link;
use crate::bindings::reference::Reference;

/// What an `ArrayBuffer` owns.
struct Lent {
    block: Block,
    link: Weak<Link>,
}

impl Recycler {
    /// A `Uint8Array` alone in its memory, which is to be filled. `None`: this thread recycles none, or there is none.
    pub(in crate::bindings) fn lend<'a>(
        &self,
        environment: &Environment,
        link: &Weak<Link>,
        length: usize,
    ) -> Option<(sys::napi_value, &'a mut [MaybeUninit<u8>])> {
        let transfer = environment.recycling.get()?;
        let mut block = self.take(length).or_else(|| Block::create(length))?;
        let part = block.part(length);
        let memory = to_array_buffer(environment.env, Lent { block, link: Weak::clone(link) }, length)?;
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

/// How memory of ours becomes such as V8 has itself.
#[derive(Debug)]
pub(in crate::bindings) struct Transfer(Option<Reference>);

impl Transfer {
    /// The same memory in an `ArrayBuffer` that may be transferred to threads, where the runtime can make one.
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
        // Whoever has put another function there may give a copy.
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

/// An `ArrayBuffer` is gone.
unsafe extern "C" fn release(_: sys::napi_env, _: *mut c_void, lent: *mut c_void) {
    // SAFETY: it was made by `to_array_buffer` for this call, which comes once.
    let Lent { block, link } = *unsafe { Box::from_raw(lent.cast::<Lent>()) };
    if let Some(link) = link.upgrade()
        && !link.is_closed()
    {
        link.recycler.give_back(block, link.now());
        link.update();
    }
}

#[napi]
impl NativeEnvironment {
    /// From now on memory of large results is used again. `transfer` is that of `ArrayBuffer.prototype`, where the runtime
    /// has it: what it gives can be transferred to threads. The memory goes with this thread, which must outlive those: it
    /// is to be the main thread.
    #[napi(catch_unwind, ts_args_type = "transfer?: () => ArrayBuffer")]
    pub fn recycle(&self, transfer: Option<Unknown<'_>>) {
        let function = transfer.map(|function| Reference::new(self.inner.env, function.raw()));
        // It is asked for once.
        let _ = self.inner.recycling.set(Transfer(function));
    }
}
