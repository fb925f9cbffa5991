//! Drivers over a socket pair, and the loop that polls their sockets.

use std::os::fd::{BorrowedFd, IntoRawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use isolated_workers::boundary::RefMode;
use isolated_workers::io::{Drivers, IoDriver, Watch};
use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::exchange::Config;
use isolated_workers::sys::{Stream, Until, adopt, pair};

use super::watched::{Source, Watched};
use super::{Driver, Received, User, WATCHDOG};

/// Both ends of a new socket pair.
pub fn streams() -> (Stream, Stream) {
    let (ours, theirs) = pair().expect("a socket pair");
    // SAFETY: the descriptor is open as long as `theirs`.
    let theirs = unsafe { BorrowedFd::borrow_raw(theirs.fd()) }.try_clone_to_owned().expect("a descriptor");
    (ours, adopt(theirs.into_raw_fd()).expect("the other end"))
}

pub fn drivers() -> Rc<Drivers<Driver>> {
    Rc::new(Drivers::new(false, None))
}

pub fn new_driver(drivers: &Rc<Drivers<Driver>>, stream: Stream, connection: Connection) -> Rc<Driver> {
    IoDriver::new(drivers, stream, connection, User::new)
}

pub fn attach(driver: &Driver, mode: RefMode) {
    driver.attach(mode, |stream| Ok::<_, ()>(Watched::new(Source::Polled(stream)))).expect("it cannot fail");
    driver.flush();
}

/// A host that serves `lookup`.
pub fn host(drivers: &Rc<Drivers<Driver>>, stream: Stream, config: &Config) -> Rc<Driver> {
    let connection = Connection::host(config, None, ["lookup"], Duration::ZERO).expect("a usable terminator");
    let driver = new_driver(drivers, stream, connection);
    attach(&driver, RefMode::InFlight);
    driver
}

/// A worker that serves `echo` and `load`.
pub fn worker(drivers: &Rc<Drivers<Driver>>, stream: Stream, config: &Config) -> Rc<Driver> {
    let driver = new_driver(drivers, stream, Connection::worker());
    driver.with_events(|connection, events| {
        connection.serve(config, ["echo", "load"], Duration::ZERO, events).expect("a usable terminator");
    });
    attach(&driver, RefMode::Always);
    driver
}

/// A host and a worker after both handshakes, as in two threads.
pub fn connected(config: &Config) -> (Rc<Driver>, Rc<Driver>) {
    let (ours, theirs) = streams();
    let (host, worker) = (host(&drivers(), ours, config), worker(&drivers(), theirs, config));
    let is_ready = |driver: &Driver| driver.channel().connection.borrow().is_ready();
    run_until(&[&host, &worker], || is_ready(&host) && is_ready(&worker));
    assert_eq!((host.user().take(), worker.user().take()), (vec![Received::Ready], vec![Received::Ready]));
    (host, worker)
}

/// One turn of the loop: flushes, polls each socket once, and calls the drivers of those that are ready. Returns
/// whether one was.
pub fn turn(all: &[&Rc<Driver>]) -> bool {
    let mut is_active = false;
    for driver in all {
        driver.drivers().flush();
    }
    for driver in all {
        let is_ready = |until| driver.with_watch(|watch| watch.stream().wait(until, Some(Duration::ZERO)));
        let wants = driver.with_watch(|watch| (watch.wants_write.get(), !watch.is_stopped.get()));
        let (wants_write, wants_read) = wants.unwrap_or((false, false));
        if wants_write && matches!(is_ready(Until::Writable), Some(Ok(true))) {
            is_active = true;
            driver.guarded("writable", || driver.on_writable());
        }
        if wants_read && matches!(is_ready(Until::Readable), Some(Ok(true))) {
            is_active = true;
            driver.guarded("readable", || driver.on_readable());
        }
        driver.drivers().flush();
    }
    is_active
}

/// Turns the loop until `is_done`.
pub fn run_until(all: &[&Rc<Driver>], is_done: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_done() {
        if !turn(all) {
            assert!(start.elapsed() < WATCHDOG, "the watchdog ended a test: {all:#?}");
            std::thread::yield_now();
        }
    }
}

/// Turns the loop until no socket is ready.
pub fn run(all: &[&Rc<Driver>]) {
    while turn(all) {}
}
