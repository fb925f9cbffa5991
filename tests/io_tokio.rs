//! Drivers that the `tokio` engine wakes from its own thread.
#![cfg(unix)]

mod pair;
mod user;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use isolated_workers::boundary::RefMode;
use isolated_workers::engine::tokio::IoThread;
use isolated_workers::io::Drivers;
use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::exchange::{Config, Timeout};
use isolated_workers::sys::Stream;
use pair::config;
use user::{Driver, Received, Source, WATCHDOG, Watched, drivers, echo, new_driver, request, request_within, streams};

/// The drivers of one thread, and the numbers of those that the engine has woken.
struct Woken {
    io: IoThread,
    drivers: Rc<Drivers<Driver>>,
    wake: Sender<usize>,
    wakes: Receiver<usize>,
}

impl Woken {
    fn start() -> Self {
        let (wake, wakes) = channel();
        Self { io: IoThread::start().expect("a thread"), drivers: drivers(), wake, wakes }
    }

    fn attach(&self, driver: &Driver, mode: RefMode) {
        let (wake, number) = (self.wake.clone(), driver.number());
        let attached = driver.attach(mode, |stream: Stream| {
            let wake = move || wake.send(number).expect("the test listens");
            self.io.watch(stream, wake).map(|watch| Watched::new(Source::Woken(watch)))
        });
        attached.expect("the system can watch it");
        driver.flush();
    }

    fn connected(&self, config: &Config) -> (Rc<Driver>, Rc<Driver>) {
        let (ours, theirs) = streams();
        let host = Connection::host(config, None, ["lookup"], Duration::ZERO).unwrap();
        let host = new_driver(&self.drivers, ours, host);
        let worker = new_driver(&self.drivers, theirs, Connection::worker());
        worker.with_events(|connection, events| {
            connection.serve(config, ["echo"], Duration::ZERO, events).unwrap();
        });
        self.attach(&host, RefMode::InFlight);
        self.attach(&worker, RefMode::Always);
        (host, worker)
    }

    fn run_until(&self, is_done: impl Fn() -> bool) {
        while !is_done() {
            self.drivers.flush();
            let number = self.wakes.recv_timeout(WATCHDOG).expect("a driver is woken");
            let Some(driver) = self.drivers.get(number) else { continue };
            let readiness = driver.with_watch(|watch| watch.woken().map(|watch| watch.take())).flatten();
            if let Some(readiness) = readiness {
                driver.guarded("wake", || driver.on_ready(readiness)).expect("it does not fail");
            }
        }
    }
}

#[test]
fn large_payloads_pass_each_other() {
    let engine = Woken::start();
    let (host, worker) = engine.connected(&Config { limit: 16 << 20, ..config(None) });
    echo(&host);
    echo(&worker);
    let payloads = [1, 2].map(|byte| vec![byte; 5 << 20]);
    let slots = [request(&host, "echo", &payloads[0]), request(&worker, "lookup", &payloads[1])];
    engine.run_until(|| [&host, &worker].iter().all(|driver| driver.user().received.borrow().len() == 3));
    assert_eq!(host.user().take()[2], Received::Result(slots[0], payloads[0].clone()));
    assert_eq!(worker.user().take()[2], Received::Result(slots[1], payloads[1].clone()));
}

#[test]
fn work_beyond_one_turn_continues_and_the_end_is_seen() {
    let engine = Woken::start();
    let (host, worker) = engine.connected(&config(None));
    engine.drivers.share_loop();
    let handled = Rc::new(Cell::new(0));
    let count = Rc::clone(&handled);
    worker.user().handle(move |worker, received| {
        if matches!(received, Received::Notification(_)) {
            count.set(count.get() + 1);
        }
        worker.user().time.set(worker.user().time.get() + Duration::from_millis(1));
    });
    for number in 0..1000_u32 {
        user::notify(&host, "echo", &number.to_le_bytes());
    }
    host.drivers().flush();
    host.close();
    let is_end = |received: &Received| matches!(received, Received::End { .. });
    engine.run_until(|| {
        if worker.user().turns_wanted.take() > 0 {
            worker.drivers().go_on();
        }
        worker.user().received.borrow().iter().any(is_end)
    });
    assert_eq!(handled.get(), 1000);
    assert!(worker.user().calls.take().len() > 50, "no turn has time for many");
}

#[test]
fn the_rest_of_a_drivers_work_keeps_the_event_loop_alive_until_it_is_done() {
    let engine = Woken::start();
    let (host, worker) = engine.connected(&config(None));
    engine.drivers.share_loop();
    worker.set_ref_mode(RefMode::InFlight);
    let is_referenced = |driver: &Driver| driver.with_watch(|watch| watch.is_referenced.get()) == Some(true);
    let handled = Rc::new(Cell::new(0));
    let count = Rc::clone(&handled);
    worker.user().handle(move |worker, received| {
        if matches!(received, Received::Notification(_)) {
            count.set(count.get() + 1);
        }
        worker.user().time.set(worker.user().time.get() + Duration::from_millis(1));
    });
    for number in 0..300_u32 {
        user::notify(&host, "echo", &number.to_le_bytes());
    }
    host.drivers().flush();
    // A deadline may also find a driver that rests.
    worker.on_deadline();
    engine.run_until(|| {
        let is_done = handled.get() == 300;
        assert!(is_done || handled.get() == 0 || is_referenced(&worker), "{} of 300", handled.get());
        if worker.user().turns_wanted.take() > 0 {
            worker.drivers().go_on();
            worker.on_deadline();
        }
        is_done && !is_referenced(&worker)
    });
}

#[test]
fn the_engines_timer_ends_a_request() {
    let engine = Woken::start();
    let (host, _worker) = engine.connected(&config(None));
    let timeout = Duration::from_millis(20);
    let start = Instant::now();
    host.user().real_since.set(Some(start));
    let slot = request_within(&host, "echo", b"1", Timeout::PerCall(Some(timeout)));
    engine.run_until(|| host.user().received.borrow().contains(&Received::TimedOut(slot)));
    assert!(start.elapsed() >= timeout);
}
