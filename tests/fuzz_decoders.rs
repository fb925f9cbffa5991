//! Arbitrary bytes for every decoder, for a bounded time on stable Rust: no panic, no memory past the limit.
//!
//! `FUZZ_MILLIS` is the time for each decoder, 1500 by default. Every round prints the seed it began with when it fails;
//! `FUZZ_SEED` runs that round first.

mod random;

use std::time::Duration;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::Config;
use isolated_workers::protocol::frame::{Frame, FrameDecoder, Framing, HEAD_LIMIT};
use isolated_workers::protocol::grants::Amount;
use isolated_workers::protocol::message::Codec;
use isolated_workers::protocol::multipart::{self, Content, Segment, ShmRange, Writer};
use isolated_workers::protocol::timeouts::Timeouts;
use random::{Rng, fuzz};

fn framing(rng: &mut Rng) -> Framing {
    if rng.below(3) == 0 {
        return Framing::LengthPrefixed;
    }
    let mut terminator = rng.bytes(8, b"ab\n");
    terminator.push(*rng.pick(b"ab\n"));
    Framing::Delimited(terminator.into())
}

/// Bytes that look like frames now and then.
fn stream_piece(rng: &mut Rng, framing: &Framing, limit: usize) -> Vec<u8> {
    match (rng.below(4), framing) {
        (0, Framing::Delimited(terminator)) => terminator.to_vec(),
        (0, Framing::LengthPrefixed) => (rng.size(2 * limit + 2) as u32).to_le_bytes().to_vec(),
        (1, _) => rng.bytes(2 * limit + 100, b"ab"),
        (2, _) => rng.bytes(200, b"ab\n\0"),
        _ => rng.bytes(100, b""),
    }
}

#[test]
fn arbitrary_bytes_neither_panic_the_frame_decoder_nor_grow_it_past_its_limit() {
    fuzz("the frame decoder", |rng| {
        let mut framing = framing(rng);
        let mut limit = rng.size(300_000);
        let mut decoder = FrameDecoder::new(framing.clone(), limit);
        let mut allowed = 0;
        for _ in 0..rng.size(100) {
            let piece = stream_piece(rng, &framing, limit);
            let mut rest = &piece[..];
            while !rest.is_empty() {
                let spare = decoder.spare();
                let count = spare.len().min(rng.size(rest.len()));
                spare[..count].copy_from_slice(&rest[..count]);
                decoder.filled(count);
                rest = &rest[count..];
                take_frames(&mut decoder, limit);
                allowed = allowed.max(limit.max(HEAD_LIMIT) * 2 + (64 << 10) + 32);
                assert!(decoder.capacity() <= allowed, "{} bytes held, limit {limit}", decoder.capacity());
            }
            match rng.below(50) {
                0 => {
                    framing = self::framing(rng);
                    limit = rng.size(300_000);
                    decoder.switch(framing.clone(), limit);
                    take_frames(&mut decoder, limit);
                }
                1 => decoder.release(),
                _ => {}
            }
        }
    });
}

fn take_frames(decoder: &mut FrameDecoder, limit: usize) {
    while let Some(frame) = decoder.next_frame() {
        match frame {
            Frame::Complete(body) => assert!(decoder.bytes(body).len() <= limit),
            Frame::Oversized { head, size } => {
                assert!(decoder.bytes(head).len() <= HEAD_LIMIT);
                assert!(size.is_none_or(|size| size > limit as u64));
            }
        }
    }
}

#[test]
fn arbitrary_bytes_do_not_panic_the_envelope_decoders() {
    const SEEDS: [&[u8]; 9] = [
        br#"{"type":"echo","tx":"123e4567-e89b-42d3-a456-426614174000","payload":{"a":[1,"x"]}}"#,
        br#"{"kind":"notification","type":"lo\u0067","payload":null}"#,
        br#" {"payload": 5, "tx":"a", "type":"b"} "#,
        b"\x01\x01\x04\x00\x02\x00\x00\x00echo12payload",
        b"\x06\x01\x00\x00\x00\x00\x00\x00data",
        br#"{"kind":"chunk","tx":"a","payload":[1]}"#,
        b"\x0f\x01\x00\x00\x01\x00\x00\x00a64",
        br#"{"kind":"ended","tx":"q","payload":"a"}"#,
        b"\x16\x01\x00\x00\x00\x00\x00\x00{\"type\":\"a\",\"tx\":\"b\"}",
    ];
    fuzz("the envelope decoders", |rng| {
        let mut frame = rng.pick(&SEEDS).to_vec();
        for _ in 0..rng.below(6) {
            match rng.below(4) {
                0 => frame.truncate(rng.size(frame.len())),
                1 if !frame.is_empty() => {
                    let at = rng.below(frame.len());
                    frame[at] = rng.next() as u8;
                }
                2 => frame.extend(rng.bytes(20, b"\"\\{}:,")),
                _ => {
                    let at = rng.size(frame.len()).min(frame.len());
                    frame.insert(at, *rng.pick(b"\"\\{}:,\0\xff"));
                }
            }
        }
        for codec in [Codec::Text, Codec::Json, Codec::Binary] {
            if let Some(payload) = codec.decode(&frame).ok().and_then(|message| message.payload) {
                assert!(payload.start <= payload.end && payload.end <= frame.len());
            }
            let _ = codec.decode_head(&frame);
        }
    });
}

/// What belongs to streams, in an order that makes sense or none.
const MORE: [&[u8]; 14] = [
    b"{\"kind\":\"duplex\",\"type\":\"echo\",\"tx\":\"s\",\"payload\":1}\n",
    b"{\"kind\":\"input\",\"tx\":\"s\",\"payload\":[1,2]}\n",
    b"{\"kind\":\"inputEnd\",\"tx\":\"s\"}\n",
    b"{\"kind\":\"credit\",\"tx\":\"s\",\"payload\":4000000000}\n",
    b"{\"kind\":\"credit\",\"tx\":\"s\",\"payload\":-1}\n",
    b"{\"kind\":\"cancel\",\"tx\":\"s\"}\n",
    b"{\"kind\":\"chunk\",\"tx\":\"s\",\"payload\":1}\n",
    b"{\"kind\":\"demand\"}\n",
    b"{\"kind\":\"ended\",\"tx\":\"q\",\"payload\":\"s\"}\n",
    b"{\"kind\":\"ended\",\"tx\":\"q\",\"payload\":[]}\n",
    b"{\"kind\":\"keptResult\",\"payload\":{\"type\":\"a\",\"tx\":\"s\",\"result\":1}}\n",
    b"{\"kind\":\"takenOver\"}\n",
    b"{\"type\":\"echo\",\"tx\":\"c\",\"context\":{\"a\":\"b\"},\"payload\":1}\n",
    b"{\"type\":\"echo\",\"tx\":\"c\",\"context\":{\"a\":\"\\u00\n",
];

#[test]
fn parts_are_read_as_they_were_written_and_lies_are_refused() {
    fuzz("payloads of segments", |rng| {
        let segments: Vec<_> = (0..rng.below(6)).map(|_| (rng.below(5), rng.bytes(40, b"\0\x01ab"))).collect();
        let range = ShmRange { memory: rng.next(), offset: rng.next(), length: rng.next() & !1 };
        let contents = [Content::Bytes, Content::Latin1, Content::Utf16];
        let mut payload = Vec::new();
        let mut writer = Writer::new(&mut payload, segments.len());
        let mut expected = Vec::new();
        for (kind, bytes) in &segments {
            let content = contents[rng.below(if bytes.len() % 2 == 0 { 3 } else { 2 })];
            let segment = match kind {
                0 => Segment::Ring(content, range),
                1 => Segment::Shared(range),
                _ => Segment::Here(content, bytes),
            };
            match segment {
                Segment::Ring(content, range) => writer.in_ring(content, range),
                Segment::Shared(range) => writer.shared(range),
                Segment::Here(content, bytes) => writer.here(|out| {
                    out.extend_from_slice(bytes);
                    content
                }),
            }
            expected.push(segment);
        }
        assert_eq!(multipart::cut(&payload), Some(expected));
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(payload.len());
            payload[at] = rng.next() as u8;
        }
        payload.truncate(rng.size(payload.len()));
        // What is left is read inside of its bytes, or refused.
        let here = |segment: &Segment<'_>| if let Segment::Here(_, bytes) = segment { bytes.len() } else { 24 };
        let total = multipart::cut(&payload)
            .map_or(0, |segments| segments.iter().map(|segment| 8 + here(segment)).sum::<usize>());
        assert!(total <= payload.len());
    });
}

#[test]
fn a_connection_survives_arbitrary_bytes_and_stays_small() {
    fuzz("a whole connection", |rng| {
        let config = Config {
            serializer: "json".to_owned(),
            terminator: (rng.below(2) == 0).then(|| "\n".to_owned()),
            limit: 10_000,
            timeouts: Timeouts::default(),
            context: true,
            shared_memory: true,
            shared_buffers: true,
            window: Amount { messages: 1 + rng.below(10) as u64, bytes: 1 + rng.below(1000) as u64 },
            max_calls: 10,
            max_pending_bytes: 1 + rng.below(5000),
        };
        let mut events = Vec::new();
        let mut worker = Connection::worker();
        worker.serve(&config, ["echo"], Duration::ZERO, &mut events).expect("the terminator is fine");
        let terminator = if config.terminator.is_some() { "\"\\n\"" } else { "null" };
        let hello = format!(
            "{{\"kind\":\"hello\",\"protocol\":1,\"serializer\":\"json\",\"terminator\":{terminator},\"maxMessageSize\":10000}}\n"
        );
        let mut input = if rng.below(8) == 0 { rng.bytes(100, b"{}\n") } else { hello.into_bytes() };
        for _ in 0..rng.size(30) {
            input.extend(rng.bytes(300, b"{}\",:\n\0"));
            input.extend_from_slice(b"\n{\"type\":\"echo\",\"tx\":\"a\",\"payload\":1}\n");
            let more: &[u8] = rng.pick::<&[u8]>(&MORE);
            input.extend_from_slice(more);
        }
        for piece in input.chunks(1 + rng.below(500)) {
            let spare = worker.spare();
            let count = spare.len().min(piece.len());
            spare[..count].copy_from_slice(&piece[..count]);
            worker.filled(count);
            events.clear();
            worker.receive(Duration::ZERO, &mut events);
            for event in &events {
                if let Event::Request { call, .. } | Event::Ended { call, .. } = event {
                    worker.exchange.fail_with(*call, "{}");
                }
            }
        }
        assert_eq!(worker.exchange.calls(), 0);
    });
}
