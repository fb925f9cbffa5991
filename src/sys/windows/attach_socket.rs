//! Named pipes, by which another host finds a detached worker.

use std::fs;
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::event::{deadline_of, wait_any};
use super::lifeline::{HostEnd, WorkerEnd};
use super::numbers::{self, Kept};
use super::opening::Greeting;
use super::operation::Operation;
use super::path_lock::{name_of, token_file};
use super::pipe::{Instances, connect, is_busy, serve};
use super::user::server_of;
use super::{Stream, WatchedStream};
use crate::sync::lock;
use crate::sys::admission::{AGAIN, LINE, PATIENCE, decide, outcome_of, request};
pub use crate::sys::admission::{Purpose, Refusal};

/// How long to wait if the system has no pipe for a peer.
const SHORTAGE: Duration = Duration::from_millis(100);

/// A worker's named pipe.
#[derive(Debug)]
pub struct Listener {
    name: String,
    /// The server for the next peer.
    next: Mutex<Option<OwnedHandle>>,
}

impl Listener {
    /// Serves the pipe that the host has claimed, with the worker's token. Returns a number for [`Listener::adopt`].
    ///
    /// # Errors
    /// Another worker has it by now, or the system refuses.
    pub fn open(address: &str, token: &str) -> io::Result<i32> {
        let name = name_of(Path::new(address))?;
        // The host may have ended, and its claim with it.
        if fs::read(token_file(Path::new(address)))? != token.as_bytes() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let next = Mutex::new(Some(serve(&name, Instances::Many)?));
        Ok(numbers::keep(Kept::Listener(Self { name, next })))
    }

    /// Takes over the listener that this process has opened as `number`.
    ///
    /// # Errors
    /// Nothing has that number.
    pub fn adopt(number: i32) -> io::Result<Self> {
        match numbers::take(number)? {
            Kept::Listener(listener) => Ok(listener),
            Kept::Stream(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no listener")),
        }
    }

    /// Blocks until a process of this user connects: the pipe admits no other.
    pub fn accept(&self) -> PendingPeer {
        loop {
            match self.try_accept() {
                Ok(stream) => return PendingPeer(stream),
                // Memory may become free.
                Err(_) => thread::sleep(SHORTAGE),
            }
        }
    }

    fn try_accept(&self) -> io::Result<Stream> {
        let mut next = lock(&self.next);
        let pipe = next.take().map_or_else(|| serve(&self.name, Instances::Many), Ok)?;
        let mut operation = Operation::new(pipe.as_raw_handle())?;
        if !operation.connect()? {
            // SAFETY: the event belongs to the operation.
            unsafe { wait_any(&[operation.event()], None) }?;
            operation.poll()?;
        }
        drop(operation);
        // Before this peer is heard: the next one finds a server.
        *next = serve(&self.name, Instances::Many).ok();
        Stream::of(pipe)
    }
}

/// A peer that has connected and has not stated its purpose yet.
#[derive(Debug)]
pub struct PendingPeer(Stream);

impl PendingPeer {
    /// Reads the request of the peer, and accepts it if it knows the token and, for messages, `enter` agrees, which
    /// learns whether the peer takes over.
    ///
    /// # Errors
    /// It was turned away.
    pub fn admit(self, token: &str, enter: impl FnOnce(bool) -> Result<(), Refusal>) -> Result<Admitted, Refusal> {
        let stream = self.0;
        let (outcome, answer) = decide(&read_line(&stream), token, enter);
        // A peer that does not wait for the answer has left by its next message.
        let _ = stream.write_all(answer.as_bytes(), Some(PATIENCE));
        Ok(match outcome? {
            Purpose::Lifeline => Admitted::Lifeline(WorkerEnd::from_stream(stream)),
            Purpose::Messages { .. } => Admitted::Messages(stream),
            Purpose::Report => Admitted::Report(stream),
        })
    }
}

/// An accepted peer.
#[derive(Debug)]
pub enum Admitted {
    /// It uses the protocol of messages from now on.
    Messages(Stream),
    /// It sends pings.
    Lifeline(WorkerEnd),
    /// It waits for one line.
    Report(Stream),
}

/// The host's end of a connection to a worker.
pub type End = Stream;
/// A connection to a worker: the host's end and the worker's process id.
pub type Connected = (End, i32);

/// Connects to the worker that listens at `path`, however long that takes. Call it inside a tokio runtime.
///
/// # Errors
/// Nobody listens there, which is an error of the system; or the worker refuses.
pub async fn connect_worker(path: &Path, token: &str, purpose: Purpose) -> io::Result<Result<Connected, Refusal>> {
    let entered = ask_to_enter(path, token, purpose).await?;
    Ok(entered.map(|(stream, pid)| (stream.into_stream(), pid)))
}

/// Asks the worker that listens at `path` for its figures: one line. Call it inside a tokio runtime.
///
/// # Errors
/// As for [`connect_worker`].
pub async fn ask_for_report(path: &Path, token: &str) -> io::Result<Result<String, Refusal>> {
    match ask_to_enter(path, token, Purpose::Report).await? {
        Ok((stream, _)) => Ok(Ok(read_answer(&stream).await?)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

async fn ask_to_enter(path: &Path, token: &str, purpose: Purpose) -> io::Result<Result<(WatchedStream, i32), Refusal>> {
    let name = name_of(path)?;
    let handle = loop {
        match connect(&name) {
            // The worker is starting, or its listener is with another host.
            Err(error) if is_busy(&error) => tokio::time::sleep(AGAIN).await,
            connected => break connected?,
        }
    };
    let (is_this_user, pid) = server_of(handle.as_raw_handle())?;
    if !is_this_user {
        return Ok(Err(Refusal::Stranger));
    }
    let stream = WatchedStream::new(Stream::of(handle)?)?;
    stream.stream().send(request(token, purpose).as_bytes())?;
    let answer = read_answer(&stream).await?;
    Ok(outcome_of(&answer, Some(pid)).map(|pid| (stream, pid)))
}

/// Reads one line without its end; empty if it is too long, truncated, or not text. Reads no byte beyond it.
async fn read_answer(stream: &WatchedStream) -> io::Result<String> {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') && line.len() < LINE {
        let mut byte = [0];
        match stream.try_read(&mut byte) {
            Ok(0) => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                stream.readable().await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(line.strip_suffix(b"\n").and_then(|line| str::from_utf8(line).ok()).unwrap_or_default().to_owned())
}

/// Reads one line without its end; empty if it is too long, truncated, too late, or not text. Reads no byte beyond it.
fn read_line(stream: &Stream) -> String {
    let deadline = deadline_of(Some(PATIENCE));
    let mut line = Vec::new();
    while line.len() < LINE {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(std::time::Instant::now()));
        let mut byte = [0];
        match stream.read_exact(&mut byte, left) {
            Ok(()) if byte[0] == b'\n' => return String::from_utf8(line).unwrap_or_default(),
            Ok(()) => line.push(byte[0]),
            Err(_) => break,
        }
    }
    String::new()
}

impl HostEnd {
    /// The host's end of a lifeline to a detached worker.
    ///
    /// # Errors
    /// None on this system.
    pub fn from_end(end: End) -> io::Result<Self> {
        Ok(Self::new(end, Greeting::default()))
    }
}

/// The host's end of a connection to a detached worker.
///
/// # Errors
/// None on this system.
pub fn stream_from(end: End) -> io::Result<Stream> {
    Ok(end)
}
