//! The native threads in a detached worker that let hosts in, one at a time.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::transport::Stream;
use crate::transport::lifeline::WorkerEnd;
use crate::transport::named::{Admitted, Guest, Listener};

/// They only wait and read a line.
const STACK: usize = 128 * 1024;
/// How many guests are heard at the same time. One that says nothing takes a thread for a second.
const GUESTS: usize = 64;
/// How long a guest waits for the place of a host that is about to leave: the worker may not have noticed yet that its
/// host is dead.
const ROOM: Duration = Duration::from_millis(250);

/// A number of places.
#[derive(Debug)]
struct Places {
    taken: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    fn new(taken: usize) -> Self {
        Self { taken: Mutex::new(taken), freed: Condvar::new() }
    }

    fn taken(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until fewer than `most` are taken, and takes one; tells whether that came in time.
    fn take(&self, most: usize, patience: Duration) -> bool {
        let waited = self.freed.wait_timeout_while(self.taken(), patience, |taken| *taken >= most);
        let (mut taken, result) = waited.unwrap_or_else(PoisonError::into_inner);
        if result.timed_out() && *taken >= most {
            return false;
        }
        *taken += 1;
        true
    }

    fn free(&self) {
        let mut taken = self.taken();
        *taken = taken.saturating_sub(1);
        drop(taken);
        self.freed.notify_all();
    }
}

/// The hosts that are connected: one, or two while the second takes over. The first is there from the beginning.
#[derive(Debug, Clone)]
pub struct Occupancy(Arc<Places>);

impl Default for Occupancy {
    fn default() -> Self {
        Self(Arc::new(Places::new(1)))
    }
}

impl Occupancy {
    fn enter(&self, take_over: bool) -> bool {
        if take_over {
            *self.0.taken() += 1;
            return true;
        }
        self.0.take(1, ROOM)
    }

    /// A host has left; to be called once for each.
    pub fn leave(&self) {
        self.0.free();
    }
}

/// Whom the threads tell.
pub trait House: Send + Sync + 'static {
    /// A host has connected.
    fn connected(&self, stream: Stream);
    /// A host wants to ping.
    fn lifeline(&self, end: WorkerEnd);
}

/// Lets hosts in that know the token, for as long as the process lives. Each guest is heard on a thread of its own, so
/// none can keep others waiting by silence.
///
/// # Errors
/// No thread can be started.
pub fn open(listener: Listener, token: String, occupancy: Occupancy, house: impl House) -> io::Result<()> {
    let house = Arc::new(house);
    let token: Arc<str> = token.into();
    let guests = Arc::new(Places::new(0));
    thread::Builder::new().name("doorman".to_owned()).stack_size(STACK).spawn(move || {
        loop {
            let guest = listener.accept();
            while !guests.take(GUESTS, Duration::from_secs(1)) {}
            let (house, token, occupancy) = (Arc::clone(&house), Arc::clone(&token), occupancy.clone());
            let done = Arc::clone(&guests);
            let heard = thread::Builder::new().name("guest".to_owned()).stack_size(STACK).spawn(move || {
                hear(guest, &token, &occupancy, &*house);
                done.free();
            });
            // Without a thread it is turned away unheard.
            if heard.is_err() {
                guests.free();
            }
        }
    })?;
    Ok(())
}

fn hear(guest: Guest, token: &str, occupancy: &Occupancy, house: &impl House) {
    match guest.admit(token, |take_over| occupancy.enter(take_over)) {
        Ok(Admitted::Messages(stream)) => house.connected(stream),
        Ok(Admitted::Lifeline(end)) => house.lifeline(end),
        // It was told.
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_place_unless_one_takes_over() {
        let occupancy = Occupancy::default();
        assert!(!occupancy.enter(false));
        assert!(occupancy.enter(true));
        occupancy.leave();
        assert!(!occupancy.enter(false));
        occupancy.leave();
        assert!(occupancy.enter(false));
        assert!(!occupancy.enter(false));
    }

    #[test]
    fn a_guest_waits_for_a_host_that_is_leaving() {
        let occupancy = Occupancy::default();
        let leaving = occupancy.clone();
        let thread = thread::spawn(move || leaving.leave());
        assert!(occupancy.enter(false));
        assert!(thread.join().is_ok());
    }
}
