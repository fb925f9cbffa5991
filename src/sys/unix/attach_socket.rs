//! Named sockets, by which another host finds a detached worker.

use std::io::{self, Read, Write};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{SocketAddrUnix, connect};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::lifeline::{HostEnd, WorkerEnd};
use super::peer::{is_this_user, name_writers, read_byte};
use super::{Stream, adopt_socket, new_socket};
use crate::sys::admission::{AGAIN, LINE, PATIENCE, decide, outcome_of, request};
pub use crate::sys::admission::{Purpose, Refusal};

/// How long to wait if the system has no descriptor or memory for a peer.
const SHORTAGE: Duration = Duration::from_millis(100);
/// A worker's named socket.
#[derive(Debug)]
pub struct Listener(UnixListener);

impl Listener {
    /// Takes over the listening socket that this process inherited as the file descriptor `fd`.
    ///
    /// # Errors
    /// It is not an open socket.
    pub fn adopt(fd: RawFd) -> io::Result<Self> {
        let listener = UnixListener::from(adopt_socket(fd)?);
        listener.set_nonblocking(false)?;
        Ok(Self(listener))
    }

    /// Opens the worker's socket by its address, as a number for [`Listener::adopt`].
    ///
    /// # Errors
    /// Always: a worker inherits it.
    pub fn open(_: &str, _: &str) -> io::Result<RawFd> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Blocks until a process of this user connects.
    pub fn accept(&self) -> PendingPeer {
        loop {
            match self.0.accept() {
                Ok((stream, _)) if is_this_user(&stream) => return PendingPeer(stream),
                // Another user; or a peer that has left again.
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted) => {
                }
                // Descriptors may become free.
                Err(_) => thread::sleep(SHORTAGE),
            }
        }
    }
}

/// A peer that has connected and has not stated its purpose yet.
#[derive(Debug)]
pub struct PendingPeer(UnixStream);

impl PendingPeer {
    /// Reads the request of the peer, and accepts it if it knows the token and, for messages, `enter` succeeds, which
    /// learns whether the peer takes over.
    ///
    /// # Errors
    /// It was turned away.
    pub fn admit(self, token: &str, enter: impl FnOnce(bool) -> Result<(), Refusal>) -> Result<Admitted, Refusal> {
        let mut stream = self.0;
        let line = read_line(&mut stream, PATIENCE).unwrap_or_default();
        let (outcome, answer) = decide(&line, token, enter);
        // A peer that does not wait for the answer has left by its next message, and so has one whose options cannot be
        // set.
        let _ = stream.write_all(answer.as_bytes());
        let _ = stream.set_read_timeout(None);
        let purpose = outcome?;
        Ok(match purpose {
            Purpose::Lifeline => Admitted::Lifeline(WorkerEnd::from_stream(stream)),
            Purpose::Messages { .. } | Purpose::Report => {
                let _ = stream.set_nonblocking(true);
                let stream = Stream(stream);
                if purpose == Purpose::Report { Admitted::Report(stream) } else { Admitted::Messages(stream) }
            }
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
pub type End = OwnedFd;
/// A connection to a worker: the host's end and the worker's process id.
pub type Connected = (End, i32);

/// Connects to the worker that listens at `path`, however long that takes. Call it inside a tokio runtime.
///
/// # Errors
/// Nobody listens there, which is an error of the system; or the worker refuses.
pub async fn connect_worker(path: &Path, token: &str, purpose: Purpose) -> io::Result<Result<Connected, Refusal>> {
    let admitted = ask_to_enter(path, token, purpose).await?;
    Ok(admitted.map(|(stream, pid)| (stream.into(), pid)))
}

/// Asks the worker that listens at `path` for its figures, however long that takes; the text is empty if it has none yet. Call
/// it inside a tokio runtime.
///
/// # Errors
/// As `connect_worker`.
pub async fn ask_for_report(path: &Path, token: &str) -> io::Result<Result<String, Refusal>> {
    match ask_to_enter(path, token, Purpose::Report).await? {
        Ok((stream, _)) => Ok(Ok(read_answer(stream).await?.0)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

async fn ask_to_enter(path: &Path, token: &str, purpose: Purpose) -> io::Result<Result<(UnixStream, i32), Refusal>> {
    let stream = connect_to(path).await?;
    if !is_this_user(&stream) {
        return Ok(Err(Refusal::Stranger));
    }
    // A peer that ends before it has read the line is gone. The line fits into the buffer of a new connection.
    (&stream).write_all(request(token, purpose).as_bytes())?;
    let (answer, writer, stream) = read_answer(stream).await?;
    Ok(match outcome_of(&answer, writer) {
        Ok(pid) => {
            name_writers(&stream, false)?;
            Ok((stream, pid))
        }
        Err(refusal) => Err(refusal),
    })
}

/// Tries again instead of waiting for a stopped worker.
async fn connect_to(path: &Path) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    loop {
        let socket = new_socket()?;
        name_writers(&socket, true)?;
        match connect(&socket, &address) {
            Ok(()) => return Ok(UnixStream::from(socket)),
            // The queue of the listener is full.
            Err(Errno::AGAIN | Errno::INTR) => tokio::time::sleep(AGAIN).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads one line without its end, and the process that wrote it; the line is empty if it is too long, truncated, or
/// not text.
async fn read_answer(stream: UnixStream) -> io::Result<(String, Option<i32>, UnixStream)> {
    // SAFETY: the descriptor belongs to `stream`, which the registration owns; it stays open as long as that lives.
    let stream = unsafe { AsyncFd::register_with_interest(stream, Interest::READABLE) }?;
    let mut line = Vec::new();
    let mut writer = None;
    loop {
        let mut ready = stream.readable().await?;
        let Ok(read) = ready.try_io(|stream| read_byte(stream.get_ref())) else { continue };
        match read {
            Ok(Some((b'\n', named))) => {
                let text = String::from_utf8(line).unwrap_or_default();
                return Ok((text, writer.or(named), stream.into_inner()));
            }
            Ok(Some((byte, named))) if line.len() < LINE => {
                writer = named;
                line.push(byte);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok((String::new(), None, stream.into_inner())),
        }
    }
}

/// Reads one line without its end; empty if it is too long, truncated, or not text; `None` if it is too late. Reads no
/// byte beyond it.
fn read_line(stream: &mut UnixStream, patience: Duration) -> Option<String> {
    let deadline = Instant::now() + patience;
    let mut line = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return None;
        }
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) if byte[0] == b'\n' => return Some(String::from_utf8(line).unwrap_or_default()),
            Ok(1) if line.len() < LINE => line.push(byte[0]),
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            _ => return Some(String::new()),
        }
    }
}

impl HostEnd {
    /// The host's end of a lifeline to a detached worker.
    ///
    /// # Errors
    /// The system refuses.
    pub fn from_end(end: End) -> io::Result<Self> {
        Self::new(end.into())
    }
}

/// The host's end of a connection to a detached worker.
///
/// # Errors
/// The system refuses.
pub fn stream_from(end: End) -> io::Result<Stream> {
    let stream = UnixStream::from(end);
    stream.set_nonblocking(true)?;
    Ok(Stream(stream))
}
