//! `Atomics.wait` and `Atomics.notify` between isolates of one process, on whatever threads.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rquickjs::JsLifetime;

use super::block::SharedMemory;
use crate::engine::Carrier;
use crate::mail::Inbox;

/// Those who wait, by address, the first one first.
static WAITING: Mutex<BTreeMap<usize, VecDeque<Arc<Waiter>>>> = Mutex::new(BTreeMap::new());

fn waiting() -> MutexGuard<'static, BTreeMap<usize, VecDeque<Arc<Waiter>>>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Waiter {
    is_notified: AtomicBool,
    inbox: Arc<Inbox>,
}

/// A word of shared memory, and the value with which it is waited for.
#[derive(Debug, Clone, Copy)]
pub enum Word {
    /// Of 32 bits.
    Narrow(*const AtomicI32, i32),
    /// Of 64 bits.
    Wide(*const AtomicI64, i64),
}

impl Word {
    fn address(self) -> usize {
        match self {
            Self::Narrow(word, _) => word as usize,
            Self::Wide(word, _) => word as usize,
        }
    }

    /// # Safety
    ///
    /// The word is in memory that is alive, and aligned.
    unsafe fn is_equal(self) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Narrow(word, value) => (*word).load(Ordering::SeqCst) == value,
                Self::Wide(word, value) => (*word).load(Ordering::SeqCst) == value,
            }
        }
    }
}

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Somebody has notified the word.
    Notified,
    /// It had another value.
    NotEqual,
    /// The time is over.
    TimedOut,
    /// The isolate must end.
    Ended,
}

/// What an isolate needs to wait.
#[derive(Clone)]
pub struct Parking {
    /// What runs it.
    pub carrier: Rc<dyn Carrier>,
    /// What wakes it.
    pub inbox: Arc<Inbox>,
    /// Tells the host of a notification of a word of memory that it has, at this offset, for so many that wait.
    pub tell: Rc<dyn Fn(SharedMemory, usize, u32)>,
}

// SAFETY: it holds nothing of JavaScript.
unsafe impl<'js> JsLifetime<'js> for Parking {
    type Changed<'to> = Parking;
}

/// Waits until somebody notifies the word, the time is over, or the isolate must end. Other code may run on this thread meanwhile.
///
/// # Safety
///
/// The word is in memory that the caller holds meanwhile, and aligned.
pub unsafe fn wait(parking: &Parking, word: Word, until: Option<Instant>) -> Wait {
    let waiter = Arc::new(Waiter { is_notified: AtomicBool::new(false), inbox: Arc::clone(&parking.inbox) });
    {
        // Who changes the word and notifies then comes before this lock, and the change is seen, or after, and finds the waiter.
        let mut waiting = waiting();
        // SAFETY: the caller's promise.
        if !unsafe { word.is_equal() } {
            return Wait::NotEqual;
        }
        waiting.entry(word.address()).or_default().push_back(Arc::clone(&waiter));
    }
    let is_notified = || waiter.is_notified.load(Ordering::SeqCst);
    let mut must_end = false;
    while !is_notified() && until.is_none_or(|until| Instant::now() < until) {
        must_end = parking.carrier.poll();
        if must_end {
            break;
        }
        parking.carrier.park(until, &is_notified);
    }
    let mut waiting = waiting();
    if !is_notified() {
        if let Some(queue) = waiting.get_mut(&word.address()) {
            queue.retain(|other| !Arc::ptr_eq(other, &waiter));
            if queue.is_empty() {
                waiting.remove(&word.address());
            }
        }
        return if must_end { Wait::Ended } else { Wait::TimedOut };
    }
    drop(waiting);
    if parking.carrier.poll() { Wait::Ended } else { Wait::Notified }
}

/// Wakes at most so many isolates that wait for the word at this address, in their order. Returns how many.
pub fn notify(address: usize, most: usize) -> usize {
    let mut waiting = waiting();
    let Some(queue) = waiting.get_mut(&address) else { return 0 };
    let woken: Vec<_> = queue.drain(..most.min(queue.len())).collect();
    if queue.is_empty() {
        waiting.remove(&address);
    }
    for waiter in &woken {
        waiter.is_notified.store(true, Ordering::SeqCst);
    }
    drop(waiting);
    for waiter in &woken {
        waiter.inbox.wake();
    }
    woken.len()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::thread;
    use std::time::Duration;

    use super::*;

    struct Blocking(Arc<Inbox>);

    impl Carrier for Blocking {
        fn poll(&self) -> bool {
            false
        }

        fn sleep(&self, _: Option<Instant>, _: usize) {}

        fn park(&self, until: Option<Instant>, is_woken: &dyn Fn() -> bool) {
            self.0.sleep(until, usize::MAX, is_woken);
        }
    }

    fn parking() -> Parking {
        let inbox = Arc::<Inbox>::default();
        Parking { carrier: Rc::new(Blocking(Arc::clone(&inbox))), inbox, tell: Rc::new(|_, _, _| {}) }
    }

    #[test]
    fn a_word_with_another_value_and_a_time_that_is_over_end_a_wait() {
        let word = AtomicI32::new(1);
        // SAFETY: the word outlives the waits.
        unsafe {
            assert_eq!(wait(&parking(), Word::Narrow(&raw const word, 0), None), Wait::NotEqual);
            let soon = Some(Instant::now() + Duration::from_millis(5));
            assert_eq!(wait(&parking(), Word::Narrow(&raw const word, 1), soon), Wait::TimedOut);
        }
        assert_eq!(notify(&raw const word as usize, 1), 0);
    }

    #[test]
    fn those_who_wait_wake_in_their_order() {
        let word = AtomicI32::new(0);
        let address = &raw const word as usize;
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for number in 0..4 {
                let (word, order) = (&word, &order);
                scope.spawn(move || {
                    // SAFETY: the word outlives the threads.
                    assert_eq!(unsafe { wait(&parking(), Word::Narrow(word, 0), None) }, Wait::Notified);
                    order.lock().expect("nobody panics").push(number);
                });
                while waiting().get(&address).is_none_or(|queue| queue.len() <= number) {
                    thread::yield_now();
                }
            }
            for number in 0..4 {
                assert_eq!(notify(address, 1), 1);
                while order.lock().expect("nobody panics").len() <= number {
                    thread::yield_now();
                }
            }
        });
        assert_eq!(*order.lock().expect("nobody panics"), [0, 1, 2, 3]);
    }

    #[test]
    fn as_many_wake_as_are_notified_and_no_notification_is_lost() {
        let word = AtomicI64::new(0);
        let woken = AtomicUsize::new(0);
        let address = &raw const word as usize;
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    // SAFETY: the word outlives the threads.
                    assert_eq!(unsafe { wait(&parking(), Word::Wide(&raw const word, 0), None) }, Wait::Notified);
                    woken.fetch_add(1, Ordering::SeqCst);
                });
            }
            let mut told = 0;
            while told < 5 {
                told += notify(address, 1);
                assert!(woken.load(Ordering::SeqCst) <= told);
            }
            while told < 8 {
                told += notify(address, usize::MAX);
            }
        });
        assert_eq!(woken.load(Ordering::SeqCst), 8);
        assert!(waiting().get(&address).is_none());
    }
}
