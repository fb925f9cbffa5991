//! A stream that the engine watches: the system's thread pool waits for its operations.

use std::ffi::c_void;
use std::io;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{
    CloseThreadpoolWait, CreateThreadpoolWait, PTP_CALLBACK_INSTANCE, PTP_WAIT, SetThreadpoolWait,
    WaitForThreadpoolWaitCallbacks,
};

use super::Stream;
use crate::sys::Until;

/// A [`Stream`] that the I/O thread watches while another thread reads and writes.
#[derive(Debug)]
pub struct WatchedStream {
    stream: Stream,
    readable: Arc<Notify>,
    writable: Arc<Notify>,
}

impl WatchedStream {
    /// Watches a stream from now on.
    ///
    /// # Errors
    /// The system cannot watch it.
    pub fn new(stream: Stream) -> io::Result<Self> {
        let (readable, writable) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        stream.watch(Watchers {
            read: PoolWait::new(Arc::clone(&readable))?,
            write: PoolWait::new(Arc::clone(&writable))?,
        });
        Ok(Self { stream, readable, writable })
    }

    /// Resolves when input has arrived since the last time. Readiness is an edge: the reader must read until
    /// `WouldBlock`. After the end it does not resolve again.
    pub async fn readable(&self) -> io::Result<bool> {
        self.readable.notified().await;
        Ok(true)
    }

    /// Resolves when the stream accepts bytes again after a write returned `WouldBlock`.
    pub async fn writable(&self) -> io::Result<()> {
        self.writable.notified().await;
        Ok(())
    }

    /// The stream.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// See [`Stream::try_read`].
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }

    /// See [`Stream::try_write`].
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }

    /// See [`Stream::wait`].
    pub fn wait(&self, until: Until, timeout: Option<Duration>) -> io::Result<bool> {
        self.stream.wait(until, timeout)
    }

    /// The stream, which nothing watches any more.
    pub(super) fn into_stream(self) -> Stream {
        self.stream.unwatch();
        self.stream
    }
}

/// Who learns that a stream is ready.
#[derive(Debug)]
pub(super) struct Watchers {
    read: PoolWait,
    write: PoolWait,
}

impl Watchers {
    /// Tells the reader when the event of a read is set.
    pub(super) fn watch_read(&self, event: HANDLE) {
        self.read.watch(event);
    }

    /// Tells the writer when the event of a write is set.
    pub(super) fn watch_write(&self, event: HANDLE) {
        self.write.watch(event);
    }

    pub(super) fn notify(&self) {
        self.read.notify.notify_one();
        self.write.notify.notify_one();
    }
}

/// A wait of the thread pool for one event after the other.
#[derive(Debug)]
struct PoolWait {
    wait: PTP_WAIT,
    notify: Arc<Notify>,
}

// SAFETY: the functions of the thread pool may be called from every thread.
unsafe impl Send for PoolWait {}

impl PoolWait {
    fn new(notify: Arc<Notify>) -> io::Result<Self> {
        let context = Arc::as_ptr(&notify).cast_mut().cast();
        // SAFETY: the callback uses the context, which lives until `drop` has waited for the last callback.
        let wait = unsafe { CreateThreadpoolWait(Some(on_event), context, ptr::null()) };
        if wait == 0 { Err(io::Error::last_os_error()) } else { Ok(Self { wait, notify }) }
    }

    /// Waits for this event instead of the earlier one.
    fn watch(&self, event: HANDLE) {
        // SAFETY: the wait is open. The event belongs to the stream, which drops its watchers first.
        unsafe { SetThreadpoolWait(self.wait, event, ptr::null()) };
    }
}

impl Drop for PoolWait {
    fn drop(&mut self) {
        // SAFETY: the wait is open, and this is the only place that closes it. The callback takes no lock.
        unsafe {
            SetThreadpoolWait(self.wait, ptr::null_mut(), ptr::null());
            WaitForThreadpoolWaitCallbacks(self.wait, 1);
            CloseThreadpoolWait(self.wait);
        }
    }
}

unsafe extern "system" fn on_event(_: PTP_CALLBACK_INSTANCE, context: *mut c_void, _: PTP_WAIT, _: u32) {
    // SAFETY: see `PoolWait::new`.
    unsafe { &*context.cast::<Notify>() }.notify_one();
}
