//! The native thread in a worker: it notices its host's death, and answers for the worker while JavaScript cannot.

pub mod debugger;
pub mod limits;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use self::debugger::Debugger;
use crate::transport::Stream;
use crate::transport::lifeline::{Signal, WorkerEnd};

/// How long a worker may take to end by itself once its host is gone: its exit handlers may have something to save.
const LINGER: Duration = Duration::from_millis(600);
/// It only waits and writes a few bytes.
const STACK: usize = 128 * 1024;

/// What the thread asks, and whom it tells.
pub trait Worker: Send + 'static {
    /// How long JavaScript has been running without a pause; zero if it waits; `None` if nobody knows.
    fn busy(&self) -> Option<Duration>;
    /// The host connects again.
    fn connected(&self, stream: Stream);
    /// The host is gone. The worker may end by itself.
    fn orphaned(&self);
    /// It did not.
    fn end(&self);
}

/// Answers the pings of a host that has attached, on a thread of its own, for as long as that host is there.
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

/// Watches the lifeline on a thread of its own, for as long as the process lives.
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
