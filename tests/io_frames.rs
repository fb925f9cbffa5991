//! Frames that arrive in parts, and frames whose end never arrives.
#![cfg(unix)]

mod pair;
mod user;

use std::rc::Rc;
use std::time::Duration;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::Config;
use isolated_workers::sys::{Stream, Until};
use pair::config;
use user::{Driver, Received, WATCHDOG, connected, drivers, echo, host, request, run, run_until, streams};

const LARGE: usize = 5 << 20;

fn large_config(terminator: Option<&str>) -> Config {
    Config { limit: 16 << 20, ..config(terminator) }
}

fn pattern(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|index| b'a' + ((index * 31 + index / 4096 + seed) % 26) as u8).collect()
}

fn write_requests(driver: &Driver) -> u32 {
    driver.with_watch(|watch| watch.write_requests.get()).expect("it is open")
}

#[test]
fn large_payloads_pass_each_other_in_partial_writes_and_reads() {
    for terminator in [Some("\n"), None] {
        let (host, worker) = connected(&large_config(terminator));
        echo(&host);
        echo(&worker);
        let payloads = [1, 2].map(|seed| pattern(LARGE, seed));
        let slots = [request(&host, "echo", &payloads[0]), request(&worker, "lookup", &payloads[1])];
        run_until(&[&host, &worker], || {
            [&host, &worker].iter().all(|driver| driver.user().received.borrow().len() == 2)
        });
        assert!(host.user().take().contains(&Received::Result(slots[0], payloads[0].clone())));
        assert!(worker.user().take().contains(&Received::Result(slots[1], payloads[1].clone())));
        for driver in [&host, &worker] {
            assert!(write_requests(driver) > 0, "no socket buffer holds {LARGE} bytes");
            assert!(driver.channel().connection.borrow().output().is_empty());
            assert!(!driver.with_watch(|watch| watch.wants_write.get()).unwrap());
        }
    }
}

/// A worker of which a test writes each byte itself.
struct RawPeer {
    connection: Connection,
    stream: Stream,
}

impl RawPeer {
    fn connect(config: &Config) -> (Rc<Driver>, Self) {
        let (ours, stream) = streams();
        let host = host(&drivers(), ours, config);
        let mut connection = Connection::worker();
        connection.serve(config, ["echo"], Duration::ZERO, &mut Vec::new()).unwrap();
        let mut peer = Self { connection, stream };
        peer.write_all();
        run_until(&[&host], || host.channel().connection.borrow().is_ready());
        assert_eq!(host.user().take(), [Received::Ready]);
        peer.read();
        (host, peer)
    }

    fn read(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Ok(count) = self.stream.try_read(self.connection.spare()) {
            if count == 0 {
                break;
            }
            self.connection.filled(count);
            self.connection.receive(Duration::ZERO, &mut events);
        }
        events
    }

    fn write(&mut self, count: usize) {
        assert!(self.stream.wait(Until::Writable, Some(WATCHDOG)).unwrap());
        let output = self.connection.output();
        let count = count.min(output.len());
        assert_eq!(self.stream.try_write(&output[..count]).unwrap(), count);
        self.connection.written(count);
    }

    fn write_all(&mut self) {
        self.write(usize::MAX);
    }
}

#[test]
fn a_frame_that_arrives_byte_by_byte_is_one_message() {
    for terminator in [Some("\n"), None] {
        let (host, mut peer) = RawPeer::connect(&config(terminator));
        let slot = request(&host, "echo", b"\"question\"");
        run(&[&host]);
        let events = peer.read();
        let Some(Event::Request { call, .. }) = events.last() else { panic!("{events:?}") };
        peer.connection.exchange.respond(*call, user::append(b"\"answer\"")).unwrap();
        while !peer.connection.output().is_empty() {
            assert_eq!(host.user().take(), [], "before the last byte");
            peer.write(1);
            run(&[&host]);
        }
        assert_eq!(host.user().take(), [Received::Result(slot, b"\"answer\"".to_vec())]);
    }
}

#[test]
fn a_peer_that_ends_in_mid_frame_is_reported_after_its_whole_messages() {
    for (cut, mid_frame) in [(3, true), (0, false)] {
        let (host, mut peer) = RawPeer::connect(&config(None));
        let slot = request(&host, "echo", b"1");
        run(&[&host]);
        let events = peer.read();
        let Some(Event::Request { call, .. }) = events.last() else { panic!("{events:?}") };
        peer.connection.exchange.respond(*call, user::append(b"whole")).unwrap();
        let whole = peer.connection.output().len();
        peer.connection.exchange.notify("lookup", user::append(b"cut")).unwrap();
        peer.write(whole + cut);
        drop(peer);
        run(&[&host]);
        assert_eq!(host.user().take(), [Received::Result(slot, b"whole".to_vec()), Received::End { mid_frame }]);
    }
}
