//! The memories that the objects of one engine refer to. The engine counts by address; this holds what the address stands for.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use rquickjs::{Ctx, Error, JsLifetime, Object, Result, Value, qjs};

use super::block::SharedMemory;
use crate::memory::Usage;
use crate::values::raw;

/// The size from which on the clocks are asked.
const LARGE: usize = 4096;

struct Held {
    memory: SharedMemory,
    /// Objects of the engine.
    count: usize,
}

/// The memories of one engine. It outlives the engine.
pub struct Table {
    held: RefCell<HashMap<usize, Held>>,
    usage: Rc<Usage>,
    limit: usize,
    /// Whether the time is over: as the allocator of the engine, this looks at the clocks for large memories.
    is_over: Box<dyn Fn() -> bool>,
    /// For the exception where there is no memory.
    context: Cell<*mut qjs::JSContext>,
}

/// The table of a context.
#[derive(Clone)]
struct Kept(Rc<Table>);

// SAFETY: it holds nothing of JavaScript.
unsafe impl<'js> JsLifetime<'js> for Kept {
    type Changed<'to> = Kept;
}

/// The table of a context, if it has one.
pub fn table_of(ctx: &Ctx<'_>) -> Option<Rc<Table>> {
    ctx.userdata::<Kept>().map(|kept| Rc::clone(&kept.0))
}

impl Table {
    /// A table of an isolate that may use `limit` bytes in all, and no more when `is_over`.
    pub fn new(usage: Rc<Usage>, limit: usize, is_over: impl Fn() -> bool + 'static) -> Rc<Self> {
        let context = Cell::new(ptr::null_mut());
        Rc::new(Self { held: RefCell::default(), usage, limit, is_over: Box::new(is_over), context })
    }

    /// Has the engine of a context make and release shared memory by this table.
    ///
    /// # Safety
    ///
    /// The caller keeps the table until the runtime of the context is freed.
    pub unsafe fn install(self: &Rc<Self>, ctx: &Ctx<'_>) {
        let context = ctx.as_raw().as_ptr();
        self.context.set(context);
        let _ = ctx.store_userdata(Kept(Rc::clone(self)));
        let functions = qjs::JSSharedArrayBufferFunctions {
            sab_alloc: Some(alloc),
            sab_free: Some(free),
            sab_dup: Some(dup),
            sab_opaque: Rc::as_ptr(self).cast_mut().cast(),
        };
        // SAFETY: the context is live, so its runtime is; the engine copies the functions, and the table outlives their last call.
        unsafe { qjs::JS_SetSharedArrayBufferFunctions(qjs::JS_GetRuntime(context), &raw const functions) };
    }

    /// The memory of a `SharedArrayBuffer` of this engine.
    pub fn find(&self, buffer: &Object<'_>) -> Option<SharedMemory> {
        let address = raw::place_of(buffer)?.0 as usize;
        self.held.borrow().get(&address).map(|held| held.memory.clone())
    }

    /// A `SharedArrayBuffer` of this engine with this memory.
    ///
    /// # Errors
    ///
    /// The engine has no memory for the object.
    pub fn object<'js>(&self, ctx: &Ctx<'js>, memory: &SharedMemory) -> Result<Object<'js>> {
        let address = memory.address();
        self.held.borrow_mut().entry(address).or_insert_with(|| Held { memory: memory.clone(), count: 0 });
        // SAFETY: the memory has this size, and the table holds it until the engine has released it as often as it has counted
        // it, by `dup` and `free`. The value is a reference of ours.
        let value = unsafe {
            let context = ctx.as_raw().as_ptr();
            let size = memory.size() as _;
            let buffer = qjs::JS_NewArrayBuffer(context, memory.start(), size, 0, None, ptr::null_mut(), true);
            Value::from_raw(ctx.clone(), buffer)
        };
        if value.is_exception() {
            self.release(address, 0);
            return Err(Error::Exception);
        }
        value.into_object().ok_or(Error::Unknown)
    }

    /// How many memories the engine holds.
    pub fn len(&self) -> usize {
        self.held.borrow().len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn make(&self, size: usize) -> *mut u8 {
        if (size >= LARGE && (self.is_over)()) || !self.usage.admits(size, self.limit) {
            return ptr::null_mut();
        }
        let Some(memory) = SharedMemory::new(size, self.usage.shared()) else { return ptr::null_mut() };
        let start = memory.start();
        self.held.borrow_mut().insert(memory.address(), Held { memory, count: 1 });
        start
    }

    /// Takes away so many objects, and the memory with the last one.
    fn release(&self, address: usize, count: usize) {
        let mut held = self.held.borrow_mut();
        let Some(found) = held.get_mut(&address) else { return };
        found.count = found.count.saturating_sub(count);
        if found.count > 0 {
            return;
        }
        let last = held.remove(&address);
        drop(held);
        // Its owner may do anything.
        drop(last);
    }
}

/// # Safety
///
/// `table` is a table that lives.
unsafe fn table<'a>(table: *mut c_void) -> &'a Table {
    // SAFETY: the caller's promise.
    unsafe { &*table.cast::<Table>() }
}

unsafe extern "C" fn alloc(opaque: *mut c_void, size: qjs::size_t) -> *mut c_void {
    // SAFETY: the engine gives what `install` has given it.
    let table = unsafe { table(opaque) };
    let start = table.make(size as usize);
    if start.is_null() {
        // SAFETY: the context is that of `install`, and the engine calls this while it runs code of it. The engine itself throws
        // nothing where this function has no memory.
        unsafe { qjs::JS_ThrowOutOfMemory(table.context.get()) };
    }
    start.cast()
}

unsafe extern "C" fn free(opaque: *mut c_void, start: *mut c_void) {
    // SAFETY: the engine gives what `install` has given it.
    unsafe { table(opaque) }.release(start as usize, 1);
}

unsafe extern "C" fn dup(opaque: *mut c_void, start: *mut c_void) {
    // SAFETY: the engine gives what `install` has given it.
    if let Some(held) = unsafe { table(opaque) }.held.borrow_mut().get_mut(&(start as usize)) {
        held.count += 1;
    }
}

impl Drop for Table {
    /// An engine that has lost objects releases their memory here.
    fn drop(&mut self) {
        drop(self.held.take());
    }
}
