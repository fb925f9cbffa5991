//! A host and a worker, joined through memory.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::time::Duration;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::{CallId, Config, Timeout};
use isolated_workers::protocol::grants::Amount;
use isolated_workers::protocol::timeouts::Timeouts;
use isolated_workers::protocol::transactions::Slot;

pub const NOW: Duration = Duration::ZERO;

pub fn config(terminator: Option<&str>) -> Config {
    Config {
        serializer: "json".to_owned(),
        terminator: terminator.map(str::to_owned),
        limit: 1 << 16,
        timeouts: Timeouts::default(),
        context: true,
        shared_memory: true,
        shared_buffers: true,
        window: Amount::WINDOW,
        max_calls: 1 << 16,
        max_pending_bytes: 1 << 26,
    }
}

/// Moves output of one side into the other, in pieces of at most `chunk` bytes; gives the events with their payloads.
pub fn pass(from: &mut Connection, to: &mut Connection, chunk: usize) -> Vec<(Event, Option<Vec<u8>>)> {
    let bytes = from.output().to_vec();
    from.written(bytes.len());
    feed(to, &bytes, chunk)
}

pub fn feed(to: &mut Connection, bytes: &[u8], chunk: usize) -> Vec<(Event, Option<Vec<u8>>)> {
    let mut seen = Vec::new();
    for piece in bytes.chunks(chunk) {
        let mut rest = piece;
        while !rest.is_empty() {
            let spare = to.spare();
            let count = spare.len().min(rest.len());
            spare[..count].copy_from_slice(&rest[..count]);
            to.filled(count);
            rest = &rest[count..];
            let mut events = Vec::new();
            to.receive(NOW, &mut events);
            for event in events {
                let payload = payload_of(&event).map(|range| to.bytes(range).to_vec());
                seen.push((event, payload));
            }
            to.release();
        }
    }
    seen
}

fn payload_of(event: &Event) -> Option<std::ops::Range<usize>> {
    match event {
        Event::Result { payload, .. }
        | Event::RemoteError { payload, .. }
        | Event::Request { payload, .. }
        | Event::Notification { payload, .. }
        | Event::Progress { payload, .. }
        | Event::Chunk { payload, .. }
        | Event::Input { payload, .. }
        | Event::InputEnd { payload, .. }
        | Event::KeptResult { payload }
        | Event::StartupData { payload } => payload.as_ref().map(|payload| payload.range.clone()),
        _ => None,
    }
}

pub fn connected(terminator: Option<&str>) -> (Connection, Connection) {
    let config = config(terminator);
    let mut host = Connection::host(&config, None, ["lookup"], NOW).unwrap();
    let mut worker = Connection::worker();
    worker.serve(&config, ["echo", "load"], NOW, &mut Vec::new()).unwrap();
    assert!(matches!(pass(&mut host, &mut worker, 7)[..], [(Event::Ready, None)]));
    assert!(matches!(pass(&mut worker, &mut host, 7)[..], [(Event::Ready, None)]));
    (host, worker)
}

pub fn append(bytes: &[u8]) -> Option<impl FnOnce(&mut Vec<u8>)> {
    Some(move |out: &mut Vec<u8>| out.extend_from_slice(bytes))
}

pub fn none() -> Option<fn(&mut Vec<u8>)> {
    None
}

pub fn request(host: &mut Connection, name: &str, payload: &[u8], id: u128) -> Slot {
    host.exchange.request(name, append(payload), Timeout::Configured, id, NOW).unwrap()
}

pub fn call_of(events: &[(Event, Option<Vec<u8>>)]) -> CallId {
    match &events[0].0 {
        Event::Request { call, .. } => *call,
        other => panic!("not a request: {other:?}"),
    }
}
