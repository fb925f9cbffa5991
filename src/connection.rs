//! One side of one connection as a state machine without I/O: bytes in, events out; commands in, bytes out.
//!
//! An engine reads into [`Connection::spare`], calls [`Connection::filled`] and [`Connection::receive`], hands the
//! events on, and writes [`Connection::output`]. Payloads in events are ranges of the input buffer: they stay valid
//! until the next call of `spare`. Commands are methods of [`Exchange`], in [`Connection::exchange`].
//!
//! The first frame each way is the handshake ([`crate::handshake`]). The host sends its own at once and lets messages
//! follow without waiting. A worker reads up to the end of the start-up data, then rests until [`Connection::serve`]
//! tells it which serializer it has.

use std::ops::Range;
use std::time::Duration;

use crate::error::Error;
use crate::event::{Event, Payload};
use crate::exchange::{Config, Exchange, Side};
use crate::frame::{Frame, FrameDecoder, Framing};
use crate::handshake::{Extensions, HELLO_LIMIT, Hello, Mismatch, PROTOCOL};
use crate::message::{Codec, Head, Kind};

/// What the input is understood as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waits for the peer's handshake.
    Hello,
    /// A worker waits for the start-up data its host announced.
    Startup,
    /// A worker has all it needs and waits for `serve`.
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
    ours: Option<Hello>,
    theirs: Option<Hello>,
    /// With the timeout it comes from.
    handshake_deadline: Option<(Duration, Duration)>,
    /// Events are kept back.
    is_pinned: bool,
    /// Bytes of input since the beginning.
    received: u64,
}

fn deadline_from(now: Duration, timeout: Duration) -> (Duration, Duration) {
    (now.saturating_add(timeout), timeout)
}

fn line_framing() -> Framing {
    Framing::Delimited(b"\n"[..].into())
}

impl Connection {
    /// The host's side. Its handshake and the start-up data (JSON text), if there are any, become output at once.
    /// `handlers` are the names of the message types that it answers, as for [`Connection::serve`].
    ///
    /// # Errors
    /// The terminator cannot be used.
    pub fn host<'a>(
        config: &Config,
        startup_data: Option<&[u8]>,
        handlers: impl IntoIterator<Item = &'a str>,
        now: Duration,
    ) -> Result<Self, Error> {
        let mut connection = Self::new(Side::Host);
        connection.exchange.configure(config)?;
        connection.exchange.set_handlers(handlers);
        connection.handshake_deadline = config.timeouts.startup.map(|timeout| deadline_from(now, timeout));
        connection.say_hello(config, startup_data.is_some());
        if let Some(data) = startup_data {
            let out = connection.exchange.output.tail();
            Codec::Text.begin(out, Head::new(Kind::Startup, ""), true);
            out.extend_from_slice(data);
            Codec::Text.end(out);
            out.push(b'\n');
        }
        Ok(connection)
    }

    /// The worker's side. It reads the host's handshake and start-up data, and nothing more before [`Connection::serve`].
    pub fn worker() -> Self {
        Self::new(Side::Worker)
    }

    fn new(side: Side) -> Self {
        Self {
            exchange: Exchange::new(side),
            phase: Phase::Hello,
            decoder: FrameDecoder::new(line_framing(), HELLO_LIMIT),
            ours: None,
            theirs: None,
            handshake_deadline: None,
            is_pinned: false,
            received: 0,
        }
    }

    /// Starts to serve: tells the host so, and takes messages from now on. `handlers` are the names of the message
    /// types, in the order of their numbers in events. What has already arrived is not turned into events before the
    /// next [`Connection::receive`].
    ///
    /// # Errors
    /// The terminator cannot be used.
    ///
    /// # Panics
    /// On a host's side, or when called twice.
    pub fn serve<'a>(
        &mut self,
        config: &Config,
        handlers: impl IntoIterator<Item = &'a str>,
        now: Duration,
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        assert!(self.exchange.side == Side::Worker && self.ours.is_none(), "a worker serves once");
        self.exchange.configure(config)?;
        self.exchange.set_handlers(handlers);
        self.say_hello(config, false);
        if self.phase == Phase::Paused {
            self.open(events);
        } else {
            self.handshake_deadline = config.timeouts.server_connect.map(|timeout| deadline_from(now, timeout));
        }
        Ok(())
    }

    fn say_hello(&mut self, config: &Config, startup_data: bool) {
        let (context, shared_memory) = (config.context, config.shared_memory);
        let extensions = Extensions { context, shared_memory, ..Extensions::ALL };
        let hello = Hello {
            kind: "hello".to_owned(),
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            serializer: config.serializer.clone(),
            terminator: config.terminator.clone(),
            max_message_size: (self.exchange.side == Side::Host).then_some(config.limit as u64),
            startup_data,
            head_first: true,
            extensions: extensions.names(),
        };
        if !self.exchange.ended {
            let out = self.exchange.output.tail();
            out.extend_from_slice(hello.to_json().as_bytes());
            out.push(b'\n');
        }
        self.ours = Some(hello);
    }

    /// Memory for the next read. Invalidates the ranges of earlier events.
    pub fn spare(&mut self) -> &mut [u8] {
        self.decoder.spare()
    }

    /// `count` bytes of [`Connection::spare`] were read.
    pub fn filled(&mut self, count: usize) {
        self.decoder.filled(count);
        self.received += count as u64;
    }

    /// How many bytes of input have come since the beginning.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Where in the input, since its beginning, the first frame begins that was not taken yet.
    pub fn processed(&self) -> u64 {
        self.received - self.decoder.pending() as u64
    }

    /// Whether the peer takes memory beside the stream. Not known before its handshake.
    pub fn may_share_memory(&self) -> bool {
        self.phase == Phase::Open && self.exchange.peer.shared_memory
    }

    /// The bytes of a payload in an event.
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.decoder.bytes(range)
    }

    /// The events of [`Connection::receive`] have been handled: memory that only a large frame needed is given back.
    pub fn release(&mut self) {
        self.decoder.release();
    }

    /// While pinned, earlier events may be kept back: their payloads stay valid whatever is read, and their slots are not
    /// used again.
    pub fn pin(&mut self, pinned: bool) {
        self.is_pinned = pinned;
        self.decoder.pin(pinned);
    }

    /// Turns what was read into events. Only streams look at the time.
    pub fn receive(&mut self, now: Duration, events: &mut Vec<Event>) {
        if !self.is_pinned {
            self.exchange.recycle();
        }
        while !matches!(self.phase, Phase::Paused | Phase::Ended) {
            let Some(frame) = self.decoder.next_frame() else { break };
            match (self.phase, frame) {
                (Phase::Open, Frame::Complete(range)) => {
                    self.exchange.on_frame(self.decoder.bytes(range.clone()), range.start, now, events);
                }
                (Phase::Open, Frame::Oversized { head, size }) => {
                    self.exchange.on_oversized(self.decoder.bytes(head), size, events);
                }
                (Phase::Hello, Frame::Complete(line) | Frame::Oversized { head: line, .. }) => {
                    self.on_hello(line, events);
                }
                (_, Frame::Complete(line) | Frame::Oversized { head: line, .. }) => self.on_startup(line, events),
            }
        }
    }

    fn on_hello(&mut self, line: Range<usize>, events: &mut Vec<Event>) {
        let side = self.exchange.side;
        match Hello::read(self.decoder.bytes(line), side.peer()) {
            Ok(hello) => {
                let startup_data = side == Side::Worker && hello.startup_data;
                self.theirs = Some(hello);
                if startup_data {
                    self.phase = Phase::Startup;
                    // Start-up data may have any size: the worker trusts the host that started it.
                    self.decoder.switch(line_framing(), usize::MAX >> 1);
                } else {
                    self.preamble_done(events);
                }
            }
            Err(mismatch) => self.fail_handshake(mismatch, events),
        }
    }

    fn on_startup(&mut self, range: Range<usize>, events: &mut Vec<Event>) {
        let line = self.decoder.bytes(range.clone());
        let codec = if self.theirs.as_ref().is_some_and(|hello| hello.head_first) { Codec::Text } else { Codec::Json };
        match codec.decode(line) {
            Ok(message) if message.kind == Some(Kind::Startup) => {
                let payload = message.payload.map(|part| Payload {
                    ascii: line[part.clone()].is_ascii(),
                    range: range.start + part.start..range.start + part.end,
                });
                events.push(Event::StartupData { payload });
                self.preamble_done(events);
            }
            _ => self.fail_handshake(Mismatch::not_a_handshake(line, self.exchange.side.peer()), events),
        }
    }

    fn preamble_done(&mut self, events: &mut Vec<Event>) {
        if self.ours.is_some() {
            self.open(events);
        } else {
            self.phase = Phase::Paused;
        }
    }

    /// Both handshakes are known: checks them and lets messages through.
    fn open(&mut self, events: &mut Vec<Event>) {
        let (Some(ours), Some(theirs)) = (&self.ours, &self.theirs) else { return };
        let exchange = &mut self.exchange;
        let (host, worker) = if exchange.side == Side::Host { (ours, theirs) } else { (theirs, ours) };
        if let Err(mismatch) = Hello::check_serializer(host, worker) {
            return self.fail_handshake(mismatch, events);
        }
        if let (Side::Worker, Some(limit)) = (exchange.side, theirs.max_message_size) {
            exchange.limit = usize::try_from(limit).unwrap_or(usize::MAX >> 1);
        }
        exchange.peer_codec = match exchange.codec {
            Codec::Text if ours.serializer == "json" && !theirs.head_first => Codec::Json,
            codec => codec,
        };
        self.handshake_deadline = None;
        self.phase = Phase::Open;
        self.decoder.switch(exchange.framing.clone(), exchange.limit);
        let extensions = Extensions::from_names(&theirs.extensions);
        events.push(Event::Ready);
        exchange.adopt(extensions, events);
    }

    fn fail_handshake(&mut self, mismatch: Mismatch, events: &mut Vec<Event>) {
        self.finish();
        events.push(Event::Mismatch(mismatch));
    }

    /// The input has ended, or the connection is given up. What was not sent is dropped, and later commands fail.
    pub fn end(&mut self, events: &mut Vec<Event>) {
        if self.phase != Phase::Ended {
            // A worker that does not serve yet has whole frames waiting.
            let mid_frame = self.phase != Phase::Paused && self.decoder.is_mid_frame();
            self.finish();
            self.exchange.output.clear();
            events.push(Event::End { mid_frame });
        }
    }

    fn finish(&mut self) {
        self.phase = Phase::Ended;
        self.exchange.ended = true;
        self.handshake_deadline = None;
    }

    /// What the engine should write.
    pub fn output(&self) -> &[u8] {
        self.exchange.output.pending()
    }

    /// Where in the output, since its beginning, [`Connection::output`] begins and ends.
    pub fn output_range(&self) -> Range<u64> {
        self.exchange.output.range()
    }

    /// `count` bytes of [`Connection::output`] were written.
    pub fn written(&mut self, count: usize) {
        self.exchange.output.consume(count);
    }

    /// Ends transactions whose deadline has come. Call it only when everything that had arrived was received. After the
    /// end nothing is late: what is still in flight has lost its peer, which its owner tells.
    pub fn expire(&mut self, now: Duration, events: &mut Vec<Event>) {
        if self.phase == Phase::Ended {
            return;
        }
        if !self.is_pinned {
            self.exchange.recycle();
        }
        self.exchange.expire(now, events);
        if self.handshake_deadline.is_some_and(|(deadline, _)| deadline <= now) {
            self.handshake_deadline = None;
            events.push(Event::HandshakeTimedOut);
        }
    }

    /// Instead of [`Connection::expire`]: what is due gets its whole timeout again, from `now` on.
    pub fn renew(&mut self, now: Duration) {
        self.exchange.renew(now);
        if let Some((_, timeout)) = self.handshake_deadline.filter(|(deadline, _)| *deadline <= now) {
            self.handshake_deadline = Some(deadline_from(now, timeout));
        }
    }

    /// When [`Connection::expire`] has work to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.phase == Phase::Ended {
            return None;
        }
        match (self.exchange.next_deadline(), self.handshake_deadline.map(|(deadline, _)| deadline)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether the peer's handshake, and the start-up data it announced, have been read.
    pub fn is_preamble_read(&self) -> bool {
        !matches!(self.phase, Phase::Hello | Phase::Startup)
    }

    /// Whether the end was not seen yet.
    pub fn is_open(&self) -> bool {
        self.phase != Phase::Ended
    }

    /// Whether both handshakes are done and the end was not seen yet.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Open
    }
}
