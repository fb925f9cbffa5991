//! Named sockets, by which another host finds a worker that has outlived its own.

use std::io::{self, Read, Write};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::lifeline::{HostEnd, WorkerEnd};
use super::{Stream, adopt_socket};

/// How long a guest may take for its line.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait where the system has no descriptor or memory for a guest.
const SHORTAGE: Duration = Duration::from_millis(100);
/// The longest line: a word, a token of at most 128 characters, and what is wanted.
const LINE: usize = 256;

/// What a host wants of the worker it connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A connection for messages.
    Messages {
        /// Also when another host is connected: that one loses its connection.
        take_over: bool,
    },
    /// A lifeline.
    Lifeline,
}

/// What became of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another host is connected.
    #[error("another host is connected to it")]
    Occupied,
    /// The token is not the worker's.
    #[error("its token is another")]
    WrongToken,
    /// It said nothing that makes sense.
    #[error("it does not answer as a worker does")]
    NoWorker,
    /// It said nothing in time.
    #[error("it does not answer")]
    Silent,
    /// Another user listens there.
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

    /// Blocks until somebody connects who is this user.
    pub fn accept(&self) -> Guest {
        loop {
            match self.0.accept() {
                Ok((stream, _)) if is_this_user(&stream) => return Guest(stream),
                // Another user; or a guest that has left again.
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted) => {
                }
                // Descriptors may become free.
                Err(_) => thread::sleep(SHORTAGE),
            }
        }
    }
}

/// Who has connected and has not yet said what for.
#[derive(Debug)]
pub struct Guest(UnixStream);

impl Guest {
    /// Reads what the guest wants, and lets it in if it knows the token and, for messages, `enter` agrees, which is told
    /// whether the guest takes over.
    ///
    /// # Errors
    /// It was turned away.
    pub fn admit(self, token: &str, enter: impl FnOnce(bool) -> bool) -> Result<Admitted, Refusal> {
        let mut stream = self.0;
        let outcome = match parse(&read_line(&mut stream, PATIENCE).unwrap_or_default()) {
            None => Err(Refusal::NoWorker),
            Some((theirs, _)) if !is_same(theirs.as_bytes(), token.as_bytes()) => Err(Refusal::WrongToken),
            Some((_, Purpose::Messages { take_over })) if !enter(take_over) => Err(Refusal::Occupied),
            Some((_, purpose)) => Ok(purpose),
        };
        let answer = match outcome {
            Ok(_) => format!("welcome {}\n", std::process::id()),
            Err(Refusal::Occupied) => "occupied\n".to_owned(),
            Err(Refusal::WrongToken) => "token\n".to_owned(),
            Err(_) => "what\n".to_owned(),
        };
        // Whoever does not wait for the answer is gone by its next word, and so is one whose options cannot be set.
        let _ = stream.write_all(answer.as_bytes());
        let _ = stream.set_read_timeout(None);
        Ok(match outcome? {
            Purpose::Lifeline => Admitted::Lifeline(WorkerEnd::from_stream(stream)),
            Purpose::Messages { .. } => {
                let _ = stream.set_nonblocking(true);
                Admitted::Messages(Stream(stream))
            }
        })
    }
}

/// A guest that was let in.
#[derive(Debug)]
pub enum Admitted {
    /// Speaks the protocol of messages from now on.
    Messages(Stream),
    /// Pings.
    Lifeline(WorkerEnd),
}

/// A connection to a worker: its descriptor and the worker's process id.
pub type Knocked = (OwnedFd, u32);

/// Connects to the worker that listens at `path`. Waits for its answer for at most `patience`.
///
/// # Errors
/// Nobody listens there, which is an error of the system; or the worker refuses.
pub fn knock(path: &Path, token: &str, purpose: Purpose, patience: Duration) -> io::Result<Result<Knocked, Refusal>> {
    let mut stream = UnixStream::connect(path)?;
    if !is_this_user(&stream) {
        return Ok(Err(Refusal::Stranger));
    }
    let wanted = match purpose {
        Purpose::Messages { take_over: false } => "messages",
        Purpose::Messages { take_over: true } => "take-over",
        Purpose::Lifeline => "lifeline",
    };
    // One that ends before it has read the line is gone.
    stream.write_all(format!("attach {token} {wanted}\n").as_bytes())?;
    let Some(answer) = read_line(&mut stream, patience) else { return Ok(Err(Refusal::Silent)) };
    stream.set_read_timeout(None)?;
    Ok(match answer.split_once(' ') {
        Some(("welcome", pid)) => pid.parse().map(|pid| (stream.into(), pid)).map_err(|_| Refusal::NoWorker),
        _ if answer == "occupied" => Err(Refusal::Occupied),
        _ if answer == "token" => Err(Refusal::WrongToken),
        _ => Err(Refusal::NoWorker),
    })
}

fn parse(line: &str) -> Option<(&str, Purpose)> {
    let (token, wanted) = line.strip_prefix("attach ")?.split_once(' ')?;
    let purpose = match wanted {
        "messages" => Purpose::Messages { take_over: false },
        "take-over" => Purpose::Messages { take_over: true },
        "lifeline" => Purpose::Lifeline,
        _ => return None,
    };
    Some((token, purpose))
}

/// One line without its end; empty if it is too long, cut off, or no text; `None` if it is too late. Reads no byte beyond it.
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

/// Takes as long for a token that is nearly right.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(target_os = "linux")]
fn is_this_user(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream)
        .is_ok_and(|peer| peer.uid.as_raw() == rustix::process::geteuid().as_raw())
}

/// The directory and the socket are this user's alone; there is no portable way to ask the kernel again.
#[cfg(not(target_os = "linux"))]
fn is_this_user(_stream: &UnixStream) -> bool {
    true
}

impl HostEnd {
    /// The host's end of a lifeline that [`knock`] has made.
    ///
    /// # Errors
    /// The system refuses.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        Self::new(fd.into())
    }
}

/// The host's end of a connection that [`knock`] has made.
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
        for line in ["", "attach", "attach abc", "attach abc more", "hello abc messages", "attach abc messages "] {
            assert_eq!(parse(line), None, "{line}");
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
