//! The native thread in a worker: it notices its host's death, and answers while JavaScript cannot.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::liveness::debugger::Debugger;
use crate::sys::Stream;
use crate::sys::lifeline::{Signal, WorkerEnd};

/// The grace period after the death of the host, in which exit handlers may run.
const LINGER: Duration = Duration::from_millis(600);
/// The thread only waits and writes a few bytes.
const STACK: usize = 128 * 1024;

/// The callbacks of the thread.
pub trait Worker: Send + 'static {
    /// How long JavaScript has run without a pause; zero if it waits; `None` if unknown.
    fn busy(&self) -> Option<Duration>;
    /// The host connects again.
    fn connected(&self, stream: Stream);
    /// The host died; start the 600 ms grace period.
    fn orphaned(&self);
    /// The grace period expired: kill this process.
    fn end(&self);
}

/// Answers the pings of an attached host, on its own thread, while that host is there.
///
/// # Errors
/// No thread can be started.
pub fn answer(
    end: WorkerEnd,
    debugger: &Debugger,
    busy: impl Fn() -> Option<Duration> + Send + 'static,
) -> io::Result<()> {
    let end = Arc::new(end);
    debugger.add(&end);
    thread::Builder::new().name("lifeline".to_owned()).stack_size(STACK).spawn(move || {
        while let Signal::Ping(number) = end.next() {
            end.answer(number, busy());
        }
    })?;
    Ok(())
}

/// Watches the lifeline on its own thread, for as long as the process lives.
///
/// # Errors
/// No thread can be started.
pub fn guard(end: WorkerEnd, debugger: &Debugger, worker: impl Worker) -> io::Result<()> {
    let end = Arc::new(end);
    debugger.add(&end);
    thread::Builder::new().name("lifeline".to_owned()).stack_size(STACK).spawn(move || {
        loop {
            match end.next() {
                Signal::Ping(number) => end.answer(number, worker.busy()),
                Signal::Stream(stream) => worker.connected(stream),
                Signal::End => break,
            }
        }
        worker.orphaned();
        thread::sleep(LINGER);
        worker.end();
    })?;
    Ok(())
}
