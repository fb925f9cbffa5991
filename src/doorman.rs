//! The native thread in a detached worker that lets hosts in, one at a time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::transport::Stream;
use crate::transport::lifeline::WorkerEnd;
use crate::transport::named::{Admitted, Listener};

/// It only waits and reads a line.
const STACK: usize = 128 * 1024;

/// Whether a host is connected: then another is turned away unless it takes over.
pub type Occupied = Arc<AtomicBool>;

/// Whom the thread tells.
pub trait House: Send + 'static {
    /// A host has connected.
    fn connected(&self, stream: Stream);
    /// A host wants to ping.
    fn lifeline(&self, end: WorkerEnd);
}

/// Lets hosts in that know the token, on a thread of its own, for as long as the process lives.
///
/// # Errors
/// No thread can be started.
pub fn open(listener: Listener, token: String, occupied: Occupied, house: impl House) -> io::Result<()> {
    thread::Builder::new().name("doorman".to_owned()).stack_size(STACK).spawn(move || {
        // One that cannot accept any more leaves the worker to the host it has.
        while let Ok(guest) = listener.accept() {
            match guest.admit(&token, occupied.load(Ordering::Acquire)) {
                Ok(Admitted::Messages(stream)) => {
                    occupied.store(true, Ordering::Release);
                    house.connected(stream);
                }
                Ok(Admitted::Lifeline(end)) => house.lifeline(end),
                // It was told.
                Err(_) => {}
            }
        }
    })?;
    Ok(())
}
