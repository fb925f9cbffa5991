//! The handshakes and the start-up data, which precede messages.

use std::ops::Range;
use std::time::Duration;

use super::deadlines::deadline_from;
use super::{Connection, Phase};
use crate::error::Error;
use crate::protocol::event::{Event, Payload};
use crate::protocol::exchange::{Config, Exchange, Side};
use crate::protocol::frame::{FrameDecoder, Framing, LARGEST_FRAME};
use crate::protocol::handshake::{Extensions, HANDSHAKE_LIMIT, Handshake, Mismatch, PROTOCOL};
use crate::protocol::message::{Codec, Head, Kind};

fn line_framing() -> Framing {
    Framing::Delimited(b"\n"[..].into())
}

impl Connection {
    /// The host's side. It writes its handshake and the start-up data (JSON text), if any, to the output at once.
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
        connection.write_handshake(config, startup_data.is_some());
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
            phase: Phase::Handshake,
            decoder: FrameDecoder::new(line_framing(), HANDSHAKE_LIMIT),
            ours: None,
            theirs: None,
            handshake_deadline: None,
            is_pinned: false,
            received: 0,
        }
    }

    /// Starts to serve: writes the handshake, and accepts messages from now on. `handlers` are the names of the message
    /// types, in the order of their numbers in events. Input that has arrived becomes events in the next
    /// [`Connection::receive`].
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
        self.write_handshake(config, false);
        if self.phase == Phase::Paused {
            self.open(events);
        } else {
            self.handshake_deadline = config.timeouts.server_connect.map(|timeout| deadline_from(now, timeout));
        }
        Ok(())
    }

    fn write_handshake(&mut self, config: &Config, startup_data: bool) {
        let &Config { context, shared_memory, shared_buffers, .. } = config;
        let extensions = Extensions { context, shared_memory, shared_buffers, ..Extensions::ALL };
        let handshake = Handshake {
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
            out.extend_from_slice(handshake.to_json().as_bytes());
            out.push(b'\n');
        }
        self.ours = Some(handshake);
    }

    pub(super) fn on_handshake(&mut self, line: Range<usize>, events: &mut Vec<Event>) {
        let side = self.exchange.side;
        match Handshake::read(self.decoder.bytes(line.clone()), side.peer()) {
            Ok(handshake) => {
                let startup_data = side == Side::Worker && handshake.startup_data;
                self.theirs = Some(handshake);
                if startup_data {
                    self.phase = Phase::Startup;
                    // Start-up data may have any size: the worker trusts the host that started it.
                    self.decoder.switch(line_framing(), usize::MAX >> 1);
                } else {
                    self.preamble_done(events);
                }
            }
            Err(mismatch) => match self.payload_of(Kind::Fatal, Codec::Json, line).filter(|_| side == Side::Host) {
                // The worker ends before it serves; the end of its input follows.
                Some(payload) => events.push(Event::Fatal { payload }),
                None => self.fail_handshake(mismatch, events),
            },
        }
    }

    /// The payload of a line in place of a handshake, or behind it, if it is a message of this kind.
    fn payload_of(&self, kind: Kind, codec: Codec, range: Range<usize>) -> Option<Option<Payload>> {
        let line = self.decoder.bytes(range.clone());
        let message = codec.decode(line).ok().filter(|message| message.kind == Some(kind))?;
        Some(message.payload.map(|part| Payload {
            ascii: line[part.clone()].is_ascii(),
            range: range.start + part.start..range.start + part.end,
        }))
    }

    pub(super) fn on_startup(&mut self, range: Range<usize>, events: &mut Vec<Event>) {
        let codec =
            if self.theirs.as_ref().is_some_and(|handshake| handshake.head_first) { Codec::Text } else { Codec::Json };
        let Some(payload) = self.payload_of(Kind::Startup, codec, range.clone()) else {
            let mismatch = Mismatch::not_a_handshake(self.decoder.bytes(range), self.exchange.side.peer());
            return self.fail_handshake(mismatch, events);
        };
        events.push(Event::StartupData { payload });
        self.preamble_done(events);
    }

    pub(super) fn preamble_done(&mut self, events: &mut Vec<Event>) {
        if self.ours.is_some() {
            self.open(events);
        } else {
            self.phase = Phase::Paused;
        }
    }

    /// Both handshakes are known: checks them and opens the connection for messages.
    pub(super) fn open(&mut self, events: &mut Vec<Event>) {
        let (Some(ours), Some(theirs)) = (&self.ours, &self.theirs) else { return };
        let exchange = &mut self.exchange;
        let (host, worker) = if exchange.side == Side::Host { (ours, theirs) } else { (theirs, ours) };
        if let Err(mismatch) = Handshake::check_serializer(host, worker) {
            return self.fail_handshake(mismatch, events);
        }
        if let (Side::Worker, Some(limit)) = (exchange.side, theirs.max_message_size) {
            exchange.limit = usize::try_from(limit).unwrap_or(LARGEST_FRAME).min(LARGEST_FRAME);
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
}
