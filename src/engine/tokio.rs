//! The `tokio` engine: an I/O thread watches the streams of one owner and wakes it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use crate::sync::lock;
use crate::sys::{Stream, WatchedStream};

const READABLE: u8 = 1;
const WRITABLE: u8 = 2;
const DEADLINE: u8 = 4;

/// The readiness of a [`Watch`] since its owner last took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness(u8);

impl Readiness {
    /// Read until `WouldBlock`.
    pub fn readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Write the remaining output.
    pub fn writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// The deadline has passed.
    pub fn deadline(self) -> bool {
        self.0 & DEADLINE != 0
    }
}

/// A thread with a current-thread runtime. Dropping it ends and joins the thread; watches then report nothing.
#[derive(Debug)]
pub struct IoThread {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl IoThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread or no file descriptor left.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("isolated-workers-io".to_owned()).spawn(move || {
            // An error means that the sender is gone, which asks for the end too.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { runtime: handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Watches a stream. The I/O thread calls `wake` when [`Watch::take`] has readiness to return; not again before the
    /// owner called that.
    ///
    /// # Errors
    /// The system cannot watch it.
    pub fn watch(&self, stream: Stream, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Watch> {
        let _inside = self.runtime.enter();
        let shared = Arc::new(Shared {
            stream: WatchedStream::new(stream)?,
            ready: AtomicU8::new(0),
            write_wanted: AtomicBool::new(false),
            deadline: Mutex::new(None),
            changed: Notify::new(),
            wake: Box::new(wake),
        });
        let task = self.runtime.spawn(Arc::clone(&shared).run()).abort_handle();
        Ok(Watch { shared, task })
    }
}

impl IoThread {
    /// Ends and joins the thread; watches report nothing afterwards. Has no effect the second time.
    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Only the callers' wakers could panic here; this thread can do nothing about that.
            let _ = thread.join();
        }
    }
}

impl Drop for IoThread {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A watched stream, for its owner. Dropping it ends the watch and closes the stream.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl Watch {
    /// The stream, to read and write without blocking.
    pub fn stream(&self) -> &WatchedStream {
        &self.shared.stream
    }

    /// The readiness since the last call.
    pub fn take(&self) -> Readiness {
        Readiness(self.shared.ready.swap(0, Ordering::AcqRel))
    }

    /// Unread input may remain: wakes the owner for it.
    pub fn read_again(&self) {
        self.shared.signal(READABLE);
    }

    /// The last write returned `WouldBlock`: wakes the owner when the stream accepts bytes again.
    pub fn want_write(&self) {
        self.shared.write_wanted.store(true, Ordering::Release);
        self.shared.changed.notify_one();
    }

    /// The next time to wake the owner.
    pub fn set_deadline(&self, deadline: Option<Instant>) {
        *lock(&self.shared.deadline) = deadline;
        self.shared.changed.notify_one();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Shared {
    stream: WatchedStream,
    ready: AtomicU8,
    write_wanted: AtomicBool,
    deadline: Mutex<Option<Instant>>,
    changed: Notify,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Shared {
    fn signal(&self, what: u8) {
        if self.ready.fetch_or(what, Ordering::AcqRel) == 0 {
            (self.wake)();
        }
    }

    async fn run(self: Arc<Self>) {
        let mut more = true;
        loop {
            let deadline = *lock(&self.deadline);
            let write_wanted = self.write_wanted.load(Ordering::Acquire);
            tokio::select! {
                readable = self.stream.readable(), if more => {
                    more = readable.unwrap_or(false);
                    self.signal(READABLE);
                }
                _ = self.stream.writable(), if write_wanted => {
                    self.write_wanted.store(false, Ordering::Release);
                    self.signal(WRITABLE);
                }
                () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => {
                    *lock(&self.deadline) = None;
                    self.signal(DEADLINE);
                }
                () = self.changed.notified() => {}
            }
        }
    }
}
