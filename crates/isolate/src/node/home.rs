//! What the isolates of one environment of Node have of its memory, and what must happen before it is gone.
//!
//! Node-API keeps the memory of a `SharedArrayBuffer` by a reference, which only the thread of its environment may delete. And it
//! keeps it no longer than the environment: so an environment does not end before the isolates that have its memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::rc::{Rc, Weak as RcWeak};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use napi::bindgen_prelude::{Env, JsValue, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Error, Result, Status, sys};

use super::memory::{Lent, lend, parts_of};
use crate::fiber::Fiber;
use crate::mail::Inbox;
use crate::shared::{SharedMemory, WeakMemory};
use crate::watch::Watch;

/// The engine has no longer memories.
const LONGEST: usize = i32::MAX as usize;
/// The address of memory without bytes.
static EMPTY: AtomicU64 = AtomicU64::new(0);
/// Words of 64 bits must be whole.
const ALIGNMENT: usize = 8;

/// What ends an isolate.
#[derive(Default)]
pub struct Controls {
    pub inbox: Arc<Inbox>,
    pub is_killed: Arc<AtomicBool>,
    pub watch: Arc<Watch>,
}

impl Controls {
    /// Ends it as soon as its code is asked.
    pub fn kill(&self) {
        self.is_killed.store(true, Ordering::Relaxed);
        self.watch.kill();
        self.inbox.wake();
    }
}

type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// What must be done on the thread of the environment.
enum Chore {
    /// Nobody has the memory any more that this reference keeps.
    Delete(usize),
    /// The runtime has released so many bytes of an isolate.
    Uncount(usize),
}

/// Chores, from any thread. `None`: the environment has ended, and with it all its references.
struct Chores {
    list: Mutex<Option<Vec<Chore>>>,
    wake: Wake,
}

impl Chores {
    fn list(&self) -> MutexGuard<'_, Option<Vec<Chore>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, chore: Chore) {
        if let Some(list) = &mut *self.list() {
            list.push(chore);
            if list.len() == 1 {
                self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }
        }
    }
}

/// Keeps memory of the host until it is dropped, on any thread.
struct Kept {
    reference: usize,
    chores: Arc<Chores>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.chores.add(Chore::Delete(self.reference));
    }
}

/// The threads of isolates that may have memory of this environment.
#[derive(Default)]
struct Threads {
    count: Mutex<usize>,
    change: Condvar,
}

/// One such thread.
pub struct Counted(Arc<Threads>);

impl Drop for Counted {
    fn drop(&mut self) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.change.notify_all();
    }
}

/// An isolate that shares memory, and what runs it if it has no thread.
type Member = (Weak<Controls>, RcWeak<RefCell<Option<Fiber>>>);

/// The environment as the home of isolates.
pub struct Home {
    env: sys::napi_env,
    chores: Arc<Chores>,
    /// Memories that isolates have, by their address.
    known: RefCell<HashMap<usize, WeakMemory>>,
    isolates: RefCell<Vec<Member>>,
    threads: Arc<Threads>,
}

thread_local! {
    /// Each environment has a thread of its own.
    static HOME: RefCell<Option<Rc<Home>>> = const { RefCell::new(None) };
}

impl Home {
    /// That of this environment.
    pub fn of(env: Env) -> Result<Rc<Self>> {
        if let Some(home) = HOME.with_borrow(Clone::clone) {
            return Ok(home);
        }
        let act = env.create_function_from_closure::<(), (), _>("release", |_| {
            if let Some(home) = HOME.with_borrow(Clone::clone) {
                home.work();
            }
            Ok(())
        })?;
        let wake: Wake = act.build_threadsafe_function::<()>().weak::<true>().callee_handled::<false>().build()?;
        let home = Rc::new(Self {
            env: env.raw(),
            chores: Arc::new(Chores { list: Mutex::new(Some(Vec::new())), wake }),
            known: RefCell::default(),
            isolates: RefCell::default(),
            threads: Arc::default(),
        });
        // SAFETY: the hook needs no data.
        let status = unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(end), ptr::null_mut()) };
        checked(status, "no hook for the end of an environment")?;
        HOME.set(Some(Rc::clone(&home)));
        Ok(home)
    }

    /// Counts a thread, until what this returns is dropped.
    pub fn count_thread(&self) -> Counted {
        *self.threads.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Counted(Arc::clone(&self.threads))
    }

    /// An isolate that shares memory.
    pub fn add(&self, controls: &Arc<Controls>, fiber: &Rc<RefCell<Option<Fiber>>>) {
        let mut isolates = self.isolates.borrow_mut();
        isolates.retain(|(controls, _)| controls.strong_count() > 0);
        isolates.push((Arc::downgrade(controls), Rc::downgrade(fiber)));
    }

    /// The memory of a `Uint8Array` of a whole `SharedArrayBuffer`.
    pub fn memory_of(&self, view: Option<Unknown<'_>>) -> Result<SharedMemory> {
        let env = Env::from_raw(self.env);
        let parts = view.and_then(|view| parts_of(env, &view).map(|parts| (view, parts)));
        let Some((view, (kind, size, start))) = parts else {
            return Err(Error::from_reason("a Uint8Array of a SharedArrayBuffer is needed"));
        };
        if kind != sys::TypedarrayType::uint8_array {
            return Err(Error::from_reason("a Uint8Array of a SharedArrayBuffer is needed"));
        }
        // A runtime gives an empty memory any address, or none: they all get one address here.
        let Some(start) = NonNull::new(if size == 0 { EMPTY.as_ptr().cast() } else { start }) else {
            return Err(Error::from_reason("a SharedArrayBuffer has no memory"));
        };
        if size > LONGEST {
            return Err(Error::from_reason(format!("a SharedArrayBuffer of {size} bytes has more than {LONGEST}")));
        }
        let address = start.as_ptr() as usize;
        if !address.is_multiple_of(ALIGNMENT) {
            return Err(Error::from_reason("the memory of a SharedArrayBuffer is not aligned to 8 bytes"));
        }
        let known = self.known.borrow().get(&address).and_then(WeakMemory::upgrade);
        if let Some(memory) = known.filter(|memory| memory.size() == size) {
            return Ok(memory);
        }
        let mut reference = ptr::null_mut();
        // SAFETY: the view is a value of this call, in this environment.
        let status = unsafe { sys::napi_create_reference(self.env, view.raw(), 1, &raw mut reference) };
        checked(status, "no reference to a SharedArrayBuffer")?;
        let kept = Kept { reference: reference as usize, chores: Arc::clone(&self.chores) };
        // SAFETY: the memory of a SharedArrayBuffer stays where it is, and does not shrink, as long as the reference keeps the view:
        // until `kept` is dropped. The environment ends after all isolates that have it.
        let memory = unsafe { SharedMemory::of_host(start, size, Box::new(kept)) };
        self.known.borrow_mut().insert(address, memory.downgrade());
        Ok(memory)
    }

    /// The object of a memory: a `SharedArrayBuffer`, or a view of one. `None`: this runtime can make none.
    pub fn object_of<'env>(&self, env: &'env Env, memory: SharedMemory) -> Result<Option<Unknown<'env>>> {
        if let Some(owner) = memory.host() {
            let kept = owner.downcast_ref::<Kept>().filter(|kept| Arc::ptr_eq(&kept.chores, &self.chores));
            let Some(kept) = kept else { return Ok(None) };
            let mut view = ptr::null_mut();
            // SAFETY: the reference is one of this environment, and is deleted on this thread, when nobody has the memory.
            let status =
                unsafe { sys::napi_get_reference_value(self.env, kept.reference as sys::napi_ref, &raw mut view) };
            checked(status, "a SharedArrayBuffer is lost")?;
            // SAFETY: the value was just made in this environment, in the scope of this call.
            return Ok(Some(unsafe { Unknown::from_raw_unchecked(env.raw(), view) }));
        }
        let (address, size, weak) = (memory.address(), memory.size(), memory.downgrade());
        memory.make_known();
        let chores = Arc::clone(&self.chores);
        let on_release = Box::new(move || chores.add(Chore::Uncount(size)));
        let Some(object) = lend(self.env, Lent { memory, on_release }) else { return Ok(None) };
        // The runtime does not know its size, and would keep it for long.
        env.adjust_external_memory(i64::try_from(size).unwrap_or(i64::MAX))?;
        self.known.borrow_mut().insert(address, weak);
        // SAFETY: `lend` has just made the value in this environment, in the scope of this call.
        Ok(Some(unsafe { Unknown::from_raw_unchecked(env.raw(), object) }))
    }

    /// Does the chores so far.
    fn work(&self) {
        let list = self.chores.list().as_mut().map(std::mem::take).unwrap_or_default();
        for chore in list {
            match chore {
                Chore::Delete(reference) => {
                    // SAFETY: the reference is one of this environment, on its thread, and nobody has it any more.
                    unsafe { sys::napi_delete_reference(self.env, reference as sys::napi_ref) };
                }
                Chore::Uncount(size) => {
                    let _ = Env::from_raw(self.env).adjust_external_memory(-i64::try_from(size).unwrap_or(i64::MAX));
                }
            }
        }
        self.known.borrow_mut().retain(|_, memory| !memory.is_gone());
    }

    /// Ends all isolates that may have memory of this environment, and waits until they have none.
    fn end(&self) {
        *self.chores.list() = None;
        for (controls, fiber) in self.isolates.take() {
            if let Some(controls) = controls.upgrade() {
                controls.kill();
            }
            // It ends on this thread, and releases what it has.
            let fiber = fiber.upgrade().and_then(|fiber| fiber.take());
            drop(fiber);
        }
        let mut count = self.threads.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *count > 0 {
            count = self.threads.change.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn checked(status: sys::napi_status, what: &str) -> Result<()> {
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Error::new(Status::from(status), what.to_owned())) }
}

unsafe extern "C" fn end(_: *mut c_void) {
    if let Some(home) = HOME.take() {
        home.end();
    }
}
