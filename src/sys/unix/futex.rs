//! Waiting for a word of memory that several processes map, and waking those that wait.

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Whether a process of this system can wake another by an address.
pub const HAS_FUTEX: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Somebody has called [`notify`].
    Notified,
    /// The word had another value.
    NotEqual,
    /// The timeout is over.
    TimedOut,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::time::Instant;

    use rustix::io::Errno;
    use rustix::thread::futex::{self, Flags, Timespec};

    use super::{AtomicU32, Duration, Woken, io};

    /// Without the flag for memory of one process, which would find no other.
    const SHARED: Flags = Flags::empty();

    /// Blocks this thread while the word has this value, until [`notify`] or the timeout. Signals do not end it.
    ///
    /// # Errors
    /// The system refuses it, as some sandboxes do.
    #[expect(clippy::disallowed_types, reason = "a signal interrupts the wait, and the rest of the time counts")]
    pub fn wait(word: &AtomicU32, expected: u32, timeout: Duration) -> io::Result<Woken> {
        let begin = Instant::now();
        loop {
            let left = Timespec::try_from(timeout.saturating_sub(begin.elapsed()))
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
            match futex::wait(word, SHARED, expected, Some(&left)) {
                Ok(()) => return Ok(Woken::Notified),
                Err(Errno::AGAIN) => return Ok(Woken::NotEqual),
                Err(Errno::TIMEDOUT) => return Ok(Woken::TimedOut),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Wakes at most this many of the threads, of any process, that wait for the word; returns their number.
    ///
    /// # Errors
    /// The system refuses it, as some sandboxes do.
    pub fn notify(word: &AtomicU32, count: u32) -> io::Result<usize> {
        // The system reads a signed number.
        let most = count.min(i32::MAX.unsigned_abs());
        if most == 0 { Ok(0) } else { Ok(futex::wake(word, SHARED, most)?) }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::{AtomicU32, Duration, Woken, io};

    /// This system has none between processes.
    ///
    /// # Errors
    /// Always.
    pub fn wait(_: &AtomicU32, _: u32, _: Duration) -> io::Result<Woken> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// This system has none between processes.
    ///
    /// # Errors
    /// Always.
    pub fn notify(_: &AtomicU32, _: u32) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

pub use system::{notify, wait};

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::SeqCst;
    use std::thread;

    use super::*;

    #[test]
    fn a_wait_ends_by_its_timeout_or_another_value() {
        let word = AtomicU32::new(3);
        assert_eq!(wait(&word, 3, Duration::from_millis(1)).unwrap(), Woken::TimedOut);
        assert_eq!(wait(&word, 3, Duration::ZERO).unwrap(), Woken::TimedOut);
        assert_eq!(wait(&word, 4, Duration::from_secs(60)).unwrap(), Woken::NotEqual);
        assert_eq!(notify(&word, u32::MAX).unwrap(), 0);
    }

    #[test]
    fn a_notification_ends_a_wait_and_counts_it() {
        let (word, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let woken = wait(&word, 0, Duration::from_secs(60)).unwrap();
                is_over.store(true, SeqCst);
                woken
            });
            assert_eq!(notify(&word, 0).unwrap(), 0);
            while notify(&word, 1).unwrap() == 0 {
                assert!(!is_over.load(SeqCst), "nobody has notified it yet");
                thread::yield_now();
            }
            assert_eq!(waiting.join().unwrap(), Woken::Notified);
        });
    }
}
