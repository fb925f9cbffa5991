//! Models of the places where threads meet. Each is the file of the package itself, with the types of `loom` for its locks, and
//! `loom` runs each interleaving of its threads: `npm run check:deep -- --only loom`.

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[path = "../../src/attach/places.rs"]
mod places;
#[path = "../../src/node/event_loop/tokio/wakes.rs"]
mod wakes;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;

    use super::places::Places;
    use super::wakes::Wakes;

    /// Longer than any model runs: in a model time does not pass.
    const PATIENCE: Duration = Duration::from_secs(3600);

    #[test]
    fn a_place_is_never_taken_twice_and_nobody_waits_for_a_place_that_is_free() {
        loom::model(|| {
            let places = Arc::new(Places::new(0));
            let inside = Arc::new(AtomicUsize::new(0));
            let pending: Vec<_> = (0..2)
                .map(|_| {
                    let (places, inside) = (Arc::clone(&places), Arc::clone(&inside));
                    thread::spawn(move || {
                        assert!(places.take(1, PATIENCE));
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two have one place");
                        inside.fetch_sub(1, Ordering::SeqCst);
                        places.free();
                    })
                })
                .collect();
            for peer in pending {
                peer.join().unwrap();
            }
            assert!(places.take(1, Duration::ZERO), "a place that everybody has left is free");
        });
    }

    #[test]
    fn a_host_that_takes_over_leaves_the_place_of_the_first_to_nobody() {
        loom::model(|| {
            let places = Arc::new(Places::new(1));
            let second = {
                let places = Arc::clone(&places);
                thread::spawn(move || assert!(places.take_beyond()))
            };
            let first = {
                let places = Arc::clone(&places);
                thread::spawn(move || places.free())
            };
            second.join().unwrap();
            first.join().unwrap();
            assert!(!places.take(1, Duration::ZERO), "the second host is connected");
            places.free();
            assert!(places.take(1, Duration::ZERO));
        });
    }

    #[test]
    fn a_worker_that_has_closed_its_door_has_no_host() {
        loom::model(|| {
            let places = Arc::new(Places::new(0));
            let host = {
                let places = Arc::clone(&places);
                thread::spawn(move || places.take(1, Duration::ZERO))
            };
            let is_closed = places.close();
            assert_ne!(host.join().unwrap(), is_closed, "either it has entered, or it was shut out");
            assert_eq!(places.is_closed(), is_closed);
        });
    }

    #[test]
    fn no_wake_is_lost_and_one_call_serves_many() {
        loom::model(|| {
            let wakes = Arc::new(Wakes::new());
            // The calls that the JavaScript thread has still to serve.
            let calls = Arc::new(AtomicUsize::new(0));
            let io = {
                let (wakes, calls) = (Arc::clone(&wakes), Arc::clone(&calls));
                thread::spawn(move || {
                    for driver in 1..=2 {
                        if wakes.add(driver) {
                            calls.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                })
            };
            let mut seen = Vec::new();
            let mut serve = || {
                while calls.load(Ordering::SeqCst) > 0 {
                    calls.fetch_sub(1, Ordering::SeqCst);
                    seen.extend(wakes.take());
                }
            };
            serve();
            io.join().unwrap();
            serve();
            seen.sort_unstable();
            assert_eq!(seen, [1, 2]);
        });
    }
}
