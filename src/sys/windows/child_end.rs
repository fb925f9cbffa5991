//! The private connection between a host and its worker: a pipe of one server and one client.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::duplex::{Phase, Pipe};
use super::event::Event;
use super::numbers::{self, Kept};
use super::opening::{self, Greeting};
use super::pipe::{FOLDER, Instances, connect, is_busy, serve};
use super::stream::Stream;
use super::user::server_of;
use crate::sys::admission::AGAIN;

/// The beginning of addresses; the name of the pipe and the secret follow, each after a colon.
const SCHEME: &str = "pipe:";
/// How long a child tries to connect: another process of this user may hold the pipe for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// The end of a child process, which connects to it. Dropping it tells the host's end that no child will.
#[derive(Debug, Clone)]
pub struct ChildEnd(Arc<Pending>);

#[derive(Debug)]
struct Pending {
    address: String,
    /// Not the pipe: that ends with the host's end.
    abandoned: Arc<Event>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.abandoned.set();
    }
}

/// A pair to be connected: the host's end and the child's.
///
/// # Errors
/// The system has no pipe or thread left.
pub fn pair() -> io::Result<(Stream, ChildEnd)> {
    pair_with(Greeting::default())
}

/// A pair whose child gets the greeting first.
pub(super) fn pair_with(greeting: Greeting) -> io::Result<(Stream, ChildEnd)> {
    let name = format!("isolated-workers-{}-{}", std::process::id(), Uuid::new_v4().simple());
    // Processes of this user see the name; only the child gets the secret.
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let handle = serve(&format!("{FOLDER}{name}"), Instances::One)?;
    let pipe = Arc::new(Pipe::new(handle, Phase::Opening)?);
    let address = format!("{SCHEME}{name}:{secret}");
    let ours = Stream(Arc::clone(&pipe));
    let abandoned = Arc::clone(&pipe.abandoned);
    opening::start(pipe, secret, greeting)?;
    Ok((ours, ChildEnd(Arc::new(Pending { address, abandoned }))))
}

impl ChildEnd {
    /// A child inherits no descriptor: it has the address.
    pub fn fd(&self) -> i32 {
        -1
    }

    /// Where the child finds its end, and the secret that it shows there.
    pub fn address(&self) -> Option<String> {
        Some(self.0.address.clone())
    }

    /// The child has started. Returns what this process must keep until the child's end: the child has yet to connect.
    pub fn started(self) -> Option<Self> {
        Some(self)
    }
}

/// Opens a child's end by its address, as a number for [`adopt`].
///
/// # Errors
/// It is no address, or nobody waits there.
pub fn open(address: &str) -> io::Result<i32> {
    open_stream(address).map(Stream::hand_over)
}

/// Opens a child's end by its address.
pub(super) fn open_stream(address: &str) -> io::Result<Stream> {
    let parts = address.strip_prefix(SCHEME).and_then(|rest| rest.split_once(':'));
    let (name, secret) = parts.ok_or(io::ErrorKind::InvalidInput)?;
    let name = format!("{FOLDER}{name}");
    let deadline = Instant::now() + PATIENCE;
    let handle = loop {
        match connect(&name) {
            Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(AGAIN),
            connected => break connected?,
        }
    };
    let stream = Stream::of(handle)?;
    if !server_of(stream.0.handle())?.0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    stream.write_all(secret.as_bytes(), Some(PATIENCE))?;
    Ok(stream)
}

/// The process that opened the other end of a connection: unknown here, because the host only tells its worker a random name.
pub fn peer_of(_number: i32) -> Option<i32> {
    None
}

/// Takes over the end that this process has opened as `number`.
///
/// # Errors
/// Nothing has that number.
pub fn adopt(number: i32) -> io::Result<Stream> {
    match numbers::take(number)? {
        Kept::Stream(stream) => Ok(stream),
        Kept::Listener(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no connection")),
    }
}

/// Child processes inherit no pipe.
pub fn keep_from_children(_: i32) {}
