//! The native threads in a detached worker that accept hosts, one at a time.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::places::Places;
use crate::sys::Stream;
use crate::sys::attach_socket::{Admitted, Listener, PendingPeer};
use crate::sys::lifeline::WorkerEnd;

/// The threads only wait and read a line.
const STACK: usize = 128 * 1024;
/// How many pending peers the worker reads at once. A silent peer occupies a thread for a second.
const MOST_PENDING: usize = 64;
/// How long a pending peer waits for the place of a host that is about to leave: the worker may not have noticed yet
/// that its host is dead.
const LEAVING: Duration = Duration::from_millis(250);

/// The number of connected hosts: one, or two during a takeover. The first is counted from the start.
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
            self.0.take_beyond();
            return true;
        }
        self.0.take(1, LEAVING)
    }

    /// A host has left; call it once for each.
    pub fn leave(&self) {
        self.0.free();
    }
}

/// The callbacks of the threads.
pub trait AttachHandler: Send + Sync + 'static {
    /// A host has connected.
    fn connected(&self, stream: Stream);
    /// A host wants to ping.
    fn lifeline(&self, end: WorkerEnd);
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
        // The worker has answered it.
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
    fn a_pending_peer_waits_for_a_host_that_is_leaving() {
        let occupancy = Occupancy::default();
        let leaving = occupancy.clone();
        let thread = thread::spawn(move || leaving.leave());
        assert!(occupancy.enter(false));
        assert!(thread.join().is_ok());
    }
}
