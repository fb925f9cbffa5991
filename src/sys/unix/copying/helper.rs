//! The thread that copies half of a very large copy. The process has one, which it starts for the first such copy and keeps:
//! starting a thread for each copy took its part of the gain.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError, TryLockError};
use std::thread;

use super::streaming_copy;

/// The thread only copies.
const STACK: usize = 128 * 1024;

/// The part of a copy that the helper makes.
pub(super) struct Share {
    pub(super) from: *const u8,
    pub(super) to: *mut u8,
    pub(super) length: usize,
}

// SAFETY: it says where memory is. No other thread of this process touches that until the helper has finished.
unsafe impl Send for Share {}

impl Share {
    /// # Safety
    /// As for [`super::copy`].
    unsafe fn copy(&self) {
        // SAFETY: the caller says so.
        unsafe { streaming_copy::copy(self.from, self.to, self.length) };
    }
}

/// The way to the helper. It blocks in `recv` while there is nothing to do, and ends with the process: it keeps nothing
/// alive.
struct Helper {
    shares: SyncSender<Share>,
    done: Receiver<()>,
}

/// `None`: there is only one processor, or the system had no thread for it.
static HELPER: LazyLock<Option<Mutex<Helper>>> = LazyLock::new(|| {
    let has_processor = thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    has_processor.then(start).flatten().map(Mutex::new)
});

fn start() -> Option<Helper> {
    let (shares, received) = sync_channel::<Share>(1);
    let (finished, done) = sync_channel(1);
    let run = move || {
        for share in received {
            // SAFETY: the caller of `with` has vouched for it, and waits for the end of the copy.
            unsafe { share.copy() };
            if finished.send(()).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("copying".to_owned()).stack_size(STACK).spawn(run).ok()?;
    Some(Helper { shares, done })
}

/// Copies the share while the caller does its own part. Where the helper is busy with the copy of another thread, the
/// caller copies both.
///
/// # Safety
/// As for [`super::copy`], for the share. `own` does not touch it, and does not panic.
pub(super) unsafe fn with(share: Share, own: impl FnOnce()) {
    let helper = HELPER.as_ref().and_then(|helper| match helper.try_lock() {
        Ok(helper) => Some(helper),
        Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
        Err(TryLockError::WouldBlock) => None,
    });
    let unsent = match &helper {
        Some(helper) => helper.shares.send(share).err().map(|error| error.0),
        None => Some(share),
    };
    own();
    if let Some(share) = unsent {
        // SAFETY: the caller says so.
        return unsafe { share.copy() };
    }
    if let Some(helper) = helper {
        // The helper never ends before it has answered.
        helper.done.recv().expect("the helper answers each share");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    fn helpers() -> usize {
        let threads = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
        let names = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "copying").count()
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[cfg_attr(miri, ignore = "it reads the system's list of threads")]
    fn many_copies_of_many_threads_have_one_helper() {
        use super::super::{VERY_MUCH, copy};

        thread::scope(|scope| {
            for number in 1..=3_u8 {
                scope.spawn(move || {
                    let from = vec![number; VERY_MUCH + 4096];
                    for _ in 0..4 {
                        let mut to = vec![0; from.len()];
                        // SAFETY: so many bytes are there.
                        unsafe { copy(from.as_ptr(), to.as_mut_ptr(), from.len()) };
                        assert!(to == from);
                    }
                });
            }
        });
        assert_eq!(helpers(), usize::from(HELPER.is_some()));
    }

    #[test]
    fn a_caller_whose_helper_is_busy_copies_all() {
        let from: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let mut to = vec![0; from.len()];
        let share = |to: &mut [u8]| Share { from: from.as_ptr(), to: to.as_mut_ptr(), length: from.len() };
        let busy = HELPER.as_ref().map(|helper| helper.lock().unwrap_or_else(PoisonError::into_inner));
        // SAFETY: so many bytes are there.
        unsafe { with(share(&mut to), || ()) };
        assert!(to == from);
        drop(busy);
        to.fill(0);
        // SAFETY: both have the length of the share.
        unsafe { with(share(&mut to), || ()) };
        assert!(to == from);
    }
}
