//! Memory that several processes see, as JavaScript has it: an `ArrayBuffer` whose memory is not V8's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;
use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{Env, Unknown};
use napi::{JsValue, sys};
use napi_derive::napi;

use super::environment::NativeEnvironment;
use super::failure::{Failure, system};
use crate::transport::mapping::Mapping;

/// No runtime has a longer `ArrayBuffer` for certain.
const LONGEST: usize = u32::MAX as usize;

/// The shared memories of one JavaScript thread, by address. An `ArrayBuffer` owns a share of its own; when the last is
/// collected, the memory is unmapped.
#[derive(Debug, Default)]
pub(super) struct SharedBuffers(RefCell<BTreeMap<usize, Weak<Mapping>>>);

impl SharedBuffers {
    /// The memory that a part is in, and its offset there.
    pub(super) fn find(&self, data: *const u8, length: usize) -> Option<(Rc<Mapping>, usize)> {
        let mappings = self.0.borrow();
        if length == 0 || mappings.is_empty() {
            return None;
        }
        let mapping = mappings.range(..=data.addr()).next_back()?.1.upgrade()?;
        let offset = mapping.offset_of(data, length)?;
        Some((mapping, offset))
    }

    /// A `Uint8Array` of bytes that lie in it. Null where the runtime has no such thing.
    pub(super) fn to_js(
        &self,
        env: sys::napi_env,
        mapping: Rc<Mapping>,
        data: *mut u8,
        length: usize,
    ) -> sys::napi_value {
        if length > LONGEST {
            return ptr::null_mut();
        }
        let mut mappings = self.0.borrow_mut();
        mappings.retain(|_, mapping| mapping.strong_count() > 0);
        mappings.insert(mapping.start().addr(), Rc::downgrade(&mapping));
        drop(mappings);
        let data: *mut c_void = data.cast();
        let share = Box::into_raw(Box::new(mapping));
        let mut memory = ptr::null_mut();
        let mut view = ptr::null_mut();
        // SAFETY: `release` gives the share back, on this thread, when nobody refers to the memory any more.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(env, data, length, Some(release), share.cast(), &raw mut memory)
        };
        if status == sys::Status::napi_no_external_buffers_allowed {
            // SAFETY: nobody took it over. After other failures somebody may have: better lost than given back twice.
            drop(unsafe { Box::from_raw(share) });
        }
        if status != sys::Status::napi_ok {
            return ptr::null_mut();
        }
        // SAFETY: a handle scope is open; the view covers the memory exactly.
        unsafe { sys::napi_create_typedarray(env, sys::TypedarrayType::uint8_array, length, memory, 0, &raw mut view) };
        view
    }
}

/// An `ArrayBuffer` is gone.
unsafe extern "C" fn release(_: sys::napi_env, _: *mut c_void, share: *mut c_void) {
    // SAFETY: it was made by `to_js` for this call, which comes once.
    drop(unsafe { Box::from_raw(share.cast::<Rc<Mapping>>()) });
}

#[napi]
impl NativeEnvironment {
    /// Memory that is passed by reference, all zeros.
    #[napi(catch_unwind, ts_return_type = "Uint8Array")]
    pub fn create_shared_buffer(&self, env: Env, size: f64) -> Result<Unknown<'_>, Failure> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks the range")]
        let length = size as usize;
        let mapping = Mapping::create(length)
            .map_err(|error| system(&format!("cannot make a shared buffer of {length} bytes"), &error))?;
        let start = mapping.start();
        let view = self.inner.shared_buffers.to_js(env.raw(), Rc::new(mapping), start, length);
        if view.is_null() {
            let text = "this runtime takes no memory from outside: it has no shared buffers".to_owned();
            return Err(Failure::new("ERR_UNSUPPORTED_PLATFORM".to_owned(), text));
        }
        // SAFETY: the value was just made in this environment, in the scope of this call.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), view) })
    }

    /// Whether the memory of a view is that of a shared buffer.
    #[napi(catch_unwind, ts_args_type = "view: Uint8Array")]
    pub fn is_shared(&self, view: Unknown<'_>) -> bool {
        let (mut data, mut length) = (ptr::null_mut(), 0);
        // SAFETY: `view` is an argument of the call that is being made; for something else the call fails.
        let status = unsafe { sys::napi_get_buffer_info(self.inner.env, view.raw(), &raw mut data, &raw mut length) };
        status == sys::Status::napi_ok && self.inner.shared_buffers.find(data.cast(), length).is_some()
    }
}
