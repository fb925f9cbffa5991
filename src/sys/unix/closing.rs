//! Closes descriptors that a peer has passed unasked: closing may block, for as long as the peer likes.

use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use rustix::net::sockopt::set_socket_linger;

/// How many may wait for the thread. A peer that passes more loses its connection.
const MOST_WAITING: usize = 256;
/// The thread only closes.
const STACK: usize = 128 * 1024;

static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Closes descriptors on another thread. `false`: so many wait already that the caller must disconnect their sender.
pub fn close_elsewhere(descriptors: impl IntoIterator<Item = OwnedFd>) -> bool {
    let mut fits = true;
    for descriptor in descriptors {
        // Closing a lingering socket blocks until its peer has read everything.
        let _ = set_socket_linger(&descriptor, None);
        let has_capacity = WAITING.fetch_add(1, Ordering::AcqRel) < MOST_WAITING;
        let sent = has_capacity && closer().is_some_and(|closer| closer.send(descriptor).is_ok());
        if !sent {
            WAITING.fetch_sub(1, Ordering::AcqRel);
            fits = false;
        }
    }
    fits
}

fn closer() -> Option<&'static Sender<OwnedFd>> {
    static CLOSER: OnceLock<Option<Sender<OwnedFd>>> = OnceLock::new();
    let started = CLOSER.get_or_init(|| {
        let (sender, receiver) = channel::<OwnedFd>();
        let closing = move || {
            for descriptor in receiver {
                drop(descriptor);
                WAITING.fetch_sub(1, Ordering::AcqRel);
            }
        };
        thread::Builder::new().name("closing".to_owned()).stack_size(STACK).spawn(closing).ok().map(|_| sender)
    });
    started.as_ref()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::sys::unix::fd_passing;

    /// A socket whose close waits for its peer, which does not read.
    fn lingering(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let mut socket = TcpStream::connect(listener.local_addr().expect("an address")).expect("it listens");
        let (peer, _) = listener.accept().expect("a connection");
        socket.set_nonblocking(true).expect("a socket");
        while socket.write(&[0; 1 << 16]).is_ok() {}
        set_socket_linger(&socket, Some(Duration::from_secs(60))).expect("a socket");
        (socket, peer)
    }

    #[test]
    fn descriptors_whose_close_blocks_hold_nobody_up() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let begun = Instant::now();
        for _ in 0..3 {
            let (socket, _peer) = lingering(&listener);
            fd_passing::write(&theirs, b"x", &[socket.as_fd()]).expect("there is room");
            // The reader holds the last reference.
            drop(socket);
            assert_eq!(fd_passing::read_refusing(&ours, &mut [0; 8]).expect("input"), 1);
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn what_is_not_wanted_is_closed_soon() {
        let (mut ours, theirs) = UnixStream::pair().expect("a pair");
        assert!(close_elsewhere([OwnedFd::from(theirs)]));
        // The stream ends when the other end is closed.
        assert_eq!(ours.read(&mut [0]).expect("the end"), 0);
    }
}
