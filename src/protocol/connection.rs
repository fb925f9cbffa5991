//! One side of one connection as a state machine without I/O: bytes in, events out; commands in, bytes out.
//!
//! An engine reads into [`Connection::spare`], calls [`Connection::filled`] and [`Connection::receive`], hands the
//! events on, and writes [`Connection::output`]. Payloads in events are ranges of the input buffer: they stay valid
//! until the next call of `spare`. Commands are methods of [`Exchange`], in [`Connection::exchange`].
//!
//! The first frame each way is the handshake ([`crate::protocol::handshake`]). The host sends its own at once and lets messages
//! follow without waiting. A worker reads up to the end of the start-up data, then rests until [`Connection::serve`]
//! tells it which serializer it has.

mod deadlines;
mod opening;

use std::ops::Range;
use std::time::Duration;

use crate::protocol::event::Event;
use crate::protocol::exchange::Exchange;
use crate::protocol::frame::{Frame, FrameDecoder};
use crate::protocol::handshake::{HANDSHAKE_LIMIT, Handshake};
use crate::protocol::message::{Codec, Head, Kind};

/// The longest error in place of a handshake, in bytes. With its envelope it fits the line that the host reads.
const FATAL_LIMIT: usize = HANDSHAKE_LIMIT - 1024;

/// How the decoder interprets the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waits for the peer's handshake.
    Handshake,
    /// A worker waits for the start-up data its host announced.
    Startup,
    /// A worker has read all that precedes messages and waits for `serve`.
    Paused,
    Open,
    Ended,
}

/// One side of one connection.
#[derive(Debug)]
pub struct Connection {
    /// The messages in both directions.
    pub exchange: Exchange,
    phase: Phase,
    decoder: FrameDecoder,
    ours: Option<Handshake>,
    theirs: Option<Handshake>,
    /// The deadline of the handshake, with its timeout.
    handshake_deadline: Option<(Duration, Duration)>,
    /// The owner keeps events back.
    is_pinned: bool,
    /// Bytes of input since the beginning.
    received: u64,
}

impl Connection {
    /// Memory for the next read. Invalidates the ranges of earlier events.
    pub fn spare(&mut self) -> &mut [u8] {
        self.decoder.spare()
    }

    /// `count` bytes of [`Connection::spare`] were read.
    pub fn filled(&mut self, count: usize) {
        self.decoder.filled(count);
        self.received += count as u64;
    }

    /// How many bytes of input have arrived since the beginning.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The position in the input, since its beginning, of the first frame that was not taken yet.
    pub fn processed(&self) -> u64 {
        self.received - self.decoder.pending() as u64
    }

    /// Whether the peer accepts memory beside the stream. Unknown before its handshake.
    pub fn may_share_memory(&self) -> bool {
        self.phase == Phase::Open && self.exchange.peer.shared_memory
    }

    /// Whether the peer accepts memory that stays shared. Unknown before its handshake.
    pub fn may_share_buffers(&self) -> bool {
        self.may_share_memory() && self.exchange.peer.shared_buffers
    }

    /// The bytes of a payload in an event.
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.decoder.bytes(range)
    }

    /// The owner has handled the events of [`Connection::receive`]: releases memory that only a large frame needed.
    pub fn release(&mut self) {
        self.decoder.release();
    }

    /// While pinned, the owner may keep earlier events: their payloads stay valid during reads, and their slots are not
    /// reused.
    pub fn pin(&mut self, pinned: bool) {
        self.is_pinned = pinned;
        self.decoder.pin(pinned);
    }

    /// Turns the input into events. Only streams use the time.
    pub fn receive(&mut self, now: Duration, events: &mut Vec<Event>) {
        self.receive_some(usize::MAX, now, events);
    }

    /// Like `receive`, with at most this many frames; returns whether those were all. The rest waits for the next call,
    /// which must precede the next [`Connection::spare`].
    pub fn receive_some(&mut self, most: usize, now: Duration, events: &mut Vec<Event>) -> bool {
        if !self.is_pinned {
            self.exchange.recycle();
        }
        let has_input = self.decoder.pending() > 0;
        let is_all = !has_input || self.take_frames(most, now, events);
        if self.exchange.is_overflowing && self.is_open() {
            self.give_up(events);
            return true;
        }
        if has_input {
            self.exchange.grant();
        }
        is_all
    }

    fn take_frames(&mut self, most: usize, now: Duration, events: &mut Vec<Event>) -> bool {
        for _ in 0..most {
            if matches!(self.phase, Phase::Paused | Phase::Ended) {
                return true;
            }
            let Some(frame) = self.decoder.next_frame() else { return true };
            match (self.phase, frame) {
                (Phase::Open, Frame::Complete(range)) => {
                    self.exchange.on_frame(self.decoder.bytes(range.clone()), range.start, now, events);
                }
                (Phase::Open, Frame::Oversized { head, size }) => {
                    self.exchange.on_oversized(self.decoder.bytes(head), size, events);
                }
                (Phase::Handshake, Frame::Complete(line) | Frame::Oversized { head: line, .. }) => {
                    self.on_handshake(line, events);
                }
                (_, Frame::Complete(line) | Frame::Oversized { head: line, .. }) => self.on_startup(line, events),
            }
            if self.exchange.is_overflowing {
                return true;
            }
        }
        false
    }

    /// The peer provokes answers without end, and reads none.
    fn give_up(&mut self, events: &mut Vec<Event>) {
        let peer = self.exchange.side.peer();
        let pending = self.exchange.output.pending().len();
        let message = format!(
            "the {peer} sends what cannot be handled, and does not read the answers: {pending} bytes of them wait, more than \
             `maxPendingBytes` allows. The connection was ended."
        );
        self.finish();
        self.exchange.output.clear();
        events.push(Event::Overflow { message });
        events.push(Event::End { mid_frame: false });
    }

    /// Releases the memory of frames that no event names any more, while the connection is pinned: moves the payloads
    /// of `events`, in their order, together.
    pub fn compact<'a>(&mut self, events: impl Iterator<Item = &'a mut Event>) {
        self.decoder.compact(events.filter_map(Event::payload_mut).map(|payload| &mut payload.range));
    }

    /// How many bytes of frames that were taken the buffer still holds.
    pub fn retained(&self) -> usize {
        self.decoder.retained()
    }

    /// The input has ended, or the owner gives the connection up. Drops unsent output. Later commands fail after
    /// [`Connection::close`].
    pub fn end(&mut self, events: &mut Vec<Event>) {
        if self.phase != Phase::Ended {
            // A worker that does not serve yet holds whole frames.
            let mid_frame = self.phase != Phase::Paused && self.decoder.is_mid_frame();
            self.finish();
            self.exchange.output.clear();
            events.push(Event::End { mid_frame });
        }
    }

    /// Whether the beginning of a frame has arrived whose rest has not.
    pub fn is_mid_frame(&self) -> bool {
        self.phase == Phase::Open && self.decoder.is_mid_frame()
    }

    /// The owner knows of the end: later commands fail.
    pub fn close(&mut self) {
        self.exchange.close();
    }

    fn finish(&mut self) {
        self.phase = Phase::Ended;
        self.exchange.end();
        self.handshake_deadline = None;
    }

    /// How many bytes wait for the socket or for a grant.
    pub fn pending_bytes(&self) -> usize {
        self.exchange.output.pending().len() + self.exchange.held_bytes()
    }

    /// Sends the host the error that ends this worker, as a [`crate::protocol::remote_error::RemoteError`] in JSON.
    /// Before the worker serves, it replaces the handshake. Drops an error that does not fit.
    pub fn send_fatal(&mut self, json: &str) {
        if self.ours.is_some() {
            return self.exchange.send_fatal(json);
        }
        if self.exchange.ended || json.len() > FATAL_LIMIT {
            return;
        }
        let out = self.exchange.output.tail();
        Codec::Text.begin(out, Head::new(Kind::Fatal, ""), true);
        out.extend_from_slice(json.as_bytes());
        Codec::Text.end(out);
        out.push(b'\n');
    }

    /// The bytes for the engine to write.
    pub fn output(&self) -> &[u8] {
        self.exchange.output.pending()
    }

    /// Where [`Connection::output`] begins and ends in all output since the beginning.
    pub fn output_range(&self) -> Range<u64> {
        self.exchange.output.range()
    }

    /// The engine has written `count` bytes of [`Connection::output`].
    pub fn written(&mut self, count: usize) {
        self.exchange.output.consume(count);
    }

    /// Whether the connection has read the peer's handshake, and the start-up data that it announced.
    pub fn is_preamble_read(&self) -> bool {
        !matches!(self.phase, Phase::Handshake | Phase::Startup)
    }

    /// Whether the connection has not ended.
    pub fn is_open(&self) -> bool {
        self.phase != Phase::Ended
    }

    /// Whether both handshakes are done and the connection has not ended.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Open
    }
}
