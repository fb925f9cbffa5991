//! The handshakes and the start-up data, which precede messages.

use std::ops::Range;

use super::{Connection, Phase, line_framing};
use crate::protocol::event::{Event, Payload};
use crate::protocol::exchange::Side;
use crate::protocol::frame::LARGEST_FRAME;
use crate::protocol::handshake::{Extensions, Handshake, Mismatch};
use crate::protocol::message::{Codec, Kind};

impl Connection {
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
