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

/// How long a pending peer may take for its line.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait if the system has no descriptor or memory for a peer.
const SHORTAGE: Duration = Duration::from_millis(100);
/// How long to wait before the next attempt to connect to a worker whose queue is full.
const AGAIN: Duration = Duration::from_millis(20);
/// The longest line: a word, a token of at most 128 characters, and the purpose.
const LINE: usize = 256;

/// The purpose of a connection to a detached worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A connection for messages.
    Messages {
        /// A connection that replaces the connected host.
        take_over: bool,
    },
    /// A lifeline.
    Lifeline,
    /// One line with the figures of the worker.
    Report,
}

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// As many hosts are connected as it serves.
    #[error("another host is connected to it")]
    Occupied,
    /// It has had no host for as long as it may.
    #[error("it is ending, because it has been idle")]
    Ending,
    /// The token is not the worker's.
    #[error("its token is another")]
    WrongToken,
    /// The peer sent something else than a known answer.
    #[error("it does not answer as a worker does")]
    NoWorker,
    /// The peer sent nothing in time.
    #[error("it does not answer")]
    Silent,
    /// A process of another user listens there.
    #[error("it belongs to another user")]
    Stranger,
}

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
        let outcome = match parse(&read_line(&mut stream, PATIENCE).unwrap_or_default()) {
            None => Err(Refusal::NoWorker),
            Some((theirs, _)) if !is_same(theirs.as_bytes(), token.as_bytes()) => Err(Refusal::WrongToken),
            Some((_, purpose @ Purpose::Messages { take_over })) => enter(take_over).map(|()| purpose),
            Some((_, purpose)) => Ok(purpose),
        };
        let answer = match outcome {
            Ok(_) => format!("welcome {}\n", std::process::id()),
            Err(Refusal::Occupied) => "occupied\n".to_owned(),
            Err(Refusal::Ending) => "ending\n".to_owned(),
            Err(Refusal::WrongToken) => "token\n".to_owned(),
            Err(_) => "what\n".to_owned(),
        };
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

/// A connection to a worker: its descriptor and the worker's process id.
pub type Connected = (OwnedFd, i32);

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
    let wanted = match purpose {
        Purpose::Messages { take_over: false } => "messages",
        Purpose::Messages { take_over: true } => "take-over",
        Purpose::Lifeline => "lifeline",
        Purpose::Report => "report",
    };
    // A peer that ends before it has read the line is gone. The line fits into the buffer of a new connection.
    (&stream).write_all(format!("attach {token} {wanted}\n").as_bytes())?;
    let (answer, writer, stream) = read_answer(stream).await?;
    Ok(match answer.split_once(' ') {
        Some(("welcome", said)) => match process_of(writer, said) {
            Some(pid) => {
                name_writers(&stream, false)?;
                Ok((stream, pid))
            }
            None => Err(Refusal::NoWorker),
        },
        _ if answer == "occupied" => Err(Refusal::Occupied),
        _ if answer == "ending" => Err(Refusal::Ending),
        _ if answer == "token" => Err(Refusal::WrongToken),
        _ => Err(Refusal::NoWorker),
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

/// The worker's process id: the kernel's report, if there is one. The worker's own statement `said` may be true only in
/// another PID namespace, or nowhere. An id that stands for several processes, or for this one, counts as none.
fn process_of(writer: Option<i32>, said: &str) -> Option<i32> {
    let said = said.parse().ok().filter(|said: &i32| *said > 0)?;
    let own = i32::try_from(std::process::id()).ok();
    match writer {
        Some(named) => Some(named).filter(|named| *named > 0 && Some(*named) != own),
        None => Some(said).filter(|said| *said > 1 && Some(*said) != own),
    }
}

fn parse(line: &str) -> Option<(&str, Purpose)> {
    let (token, wanted) = line.strip_prefix("attach ")?.split_once(' ')?;
    let purpose = match wanted {
        "messages" => Purpose::Messages { take_over: false },
        "take-over" => Purpose::Messages { take_over: true },
        "lifeline" => Purpose::Lifeline,
        "report" => Purpose::Report,
        _ => return None,
    };
    Some((token, purpose))
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

/// Takes constant time, so that timing does not reveal how much of a token is right.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

impl HostEnd {
    /// The host's end of a lifeline to a detached worker.
    ///
    /// # Errors
    /// The system refuses.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        Self::new(fd.into())
    }
}

/// The host's end of a connection to a detached worker.
///
/// # Errors
/// The system refuses.
pub fn stream_from(fd: OwnedFd) -> io::Result<Stream> {
    let stream = UnixStream::from(fd);
    stream.set_nonblocking(true)?;
    Ok(Stream(stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_wanted() {
        assert_eq!(parse("attach abc messages"), Some(("abc", Purpose::Messages { take_over: false })));
        assert_eq!(parse("attach abc take-over"), Some(("abc", Purpose::Messages { take_over: true })));
        assert_eq!(parse("attach abc lifeline"), Some(("abc", Purpose::Lifeline)));
        assert_eq!(parse("attach abc report"), Some(("abc", Purpose::Report)));
        for line in ["", "attach", "attach abc", "attach abc more", "hello abc messages", "attach abc messages "] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn the_kernel_is_believed_and_not_the_worker() {
        let own = i32::try_from(std::process::id()).expect("it is small");
        assert_eq!(process_of(Some(4242), "17"), Some(4242));
        assert_eq!(process_of(Some(0), "17"), None, "it is in a namespace that cannot be seen");
        assert_eq!(process_of(Some(own), "17"), None);
        assert_eq!(process_of(None, "17"), Some(17));
        for said in ["0", "1", "-1", "-17", "", "x", "4294967295", &own.to_string()] {
            assert_eq!(process_of(None, said), None, "{said}");
        }
    }

    #[test]
    fn tokens_are_the_same_or_not() {
        assert!(is_same(b"abc", b"abc"));
        assert!(!is_same(b"abc", b"abd"));
        assert!(!is_same(b"abc", b"abcd"));
        assert!(is_same(b"", b""));
    }
}
