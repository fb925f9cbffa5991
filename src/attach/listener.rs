//! The native threads in a detached worker that accept hosts, as many at once as the worker serves.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::places::Places;
use crate::sys::Stream;
use crate::sys::attach_socket::{Admitted, Listener, PendingPeer, Refusal};
use crate::sys::lifeline::WorkerEnd;

/// The threads only wait and read a line.
const STACK: usize = 128 * 1024;
/// How many pending peers the worker reads at once. A silent peer occupies a thread for a second.
const MOST_PENDING: usize = 64;
/// How long a pending peer waits for the place of a host that is about to leave: the worker may not have noticed yet
/// that its host is dead.
const LEAVING: Duration = Duration::from_millis(250);

/// The connected hosts: at most as many as the worker serves, and one more during a takeover.
#[derive(Debug, Clone)]
pub struct Occupancy {
    places: Arc<Places>,
    most: usize,
}

impl Occupancy {
    /// The first host is counted from the start.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { places: Arc::new(Places::new(1)), most }
    }

    fn enter(&self, take_over: bool) -> Result<(), Refusal> {
        let has_entered = if take_over { self.places.take_beyond() } else { self.places.take(self.most, LEAVING) };
        match has_entered {
            true => Ok(()),
            false if self.places.is_closed() => Err(Refusal::Ending),
            false => Err(Refusal::Occupied),
        }
    }

    /// The worker is about to end: from now on it accepts no host. `false`: one is there.
    #[must_use]
    pub fn close(&self) -> bool {
        self.places.close()
    }

    /// A host has left; call it once for each.
    pub fn leave(&self) {
        self.places.free();
    }
}

/// The callbacks of the threads.
pub trait AttachHandler: Send + Sync + 'static {
    /// A host has connected.
    fn connected(&self, stream: Stream);
    /// A host wants to ping.
    fn lifeline(&self, end: WorkerEnd);
    /// Somebody asks for the figures of the worker.
    fn report(&self, stream: Stream);
}

/// Accepts hosts that know the token, for as long as the process lives. Each pending peer has its own thread, so a
/// silent peer delays no other.
///
/// # Errors
/// No thread can be started.
pub fn open(listener: Listener, token: String, occupancy: Occupancy, handler: impl AttachHandler) -> io::Result<()> {
    let handler = Arc::new(handler);
    let token: Arc<str> = token.into();
    let pending = Arc::new(Places::new(0));
    thread::Builder::new().name("attach-listener".to_owned()).stack_size(STACK).spawn(move || {
        loop {
            let peer = listener.accept();
            while !pending.take(MOST_PENDING, Duration::from_secs(1)) {}
            let (handler, token, occupancy) = (Arc::clone(&handler), Arc::clone(&token), occupancy.clone());
            let done = Arc::clone(&pending);
            let heard = thread::Builder::new().name("attach-peer".to_owned()).stack_size(STACK).spawn(move || {
                hear(peer, &token, &occupancy, &*handler);
                done.free();
            });
            // Without a thread the worker refuses the peer unread.
            if heard.is_err() {
                pending.free();
            }
        }
    })?;
    Ok(())
}

fn hear(peer: PendingPeer, token: &str, occupancy: &Occupancy, handler: &impl AttachHandler) {
    match peer.admit(token, |take_over| occupancy.enter(take_over)) {
        Ok(Admitted::Messages(stream)) => handler.connected(stream),
        Ok(Admitted::Lifeline(end)) => handler.lifeline(end),
        Ok(Admitted::Report(stream)) => handler.report(stream),
        // The worker has answered it.
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_place_unless_one_takes_over() {
        let occupancy = Occupancy::new(1);
        assert_eq!(occupancy.enter(false), Err(Refusal::Occupied));
        assert_eq!(occupancy.enter(true), Ok(()));
        occupancy.leave();
        assert_eq!(occupancy.enter(false), Err(Refusal::Occupied));
        occupancy.leave();
        assert_eq!(occupancy.enter(false), Ok(()));
        assert_eq!(occupancy.enter(false), Err(Refusal::Occupied));
    }

    #[test]
    fn there_are_as_many_places_as_the_worker_serves_hosts() {
        let occupancy = Occupancy::new(3);
        assert_eq!([occupancy.enter(false), occupancy.enter(false)], [Ok(()), Ok(())]);
        assert_eq!(occupancy.enter(false), Err(Refusal::Occupied));
        occupancy.leave();
        assert_eq!(occupancy.enter(false), Ok(()));
    }

    #[test]
    fn a_pending_peer_waits_for_a_host_that_is_leaving() {
        let occupancy = Occupancy::new(1);
        let leaving = occupancy.clone();
        let thread = thread::spawn(move || leaving.leave());
        assert_eq!(occupancy.enter(false), Ok(()));
        assert!(thread.join().is_ok());
    }

    #[test]
    fn nobody_enters_a_worker_that_is_about_to_end() {
        let occupancy = Occupancy::new(2);
        assert!(!occupancy.close(), "a host is there");
        occupancy.leave();
        assert!(occupancy.close());
        occupancy.leave();
        assert_eq!(occupancy.enter(false), Err(Refusal::Ending));
        assert_eq!(occupancy.enter(true), Err(Refusal::Ending));
    }
}
