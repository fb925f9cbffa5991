//! Arbitrary bytes for every decoder, for a bounded time on stable Rust: no panic, no memory past the limit.
//!
//! `FUZZ_MILLIS` is the time for each decoder, 1500 by default. Every round prints the seed it began with when it fails;
//! `FUZZ_SEED` runs that round first.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use isolated_workers::connection::Connection;
use isolated_workers::event::Event;
use isolated_workers::exchange::Config;
use isolated_workers::frame::{Frame, FrameDecoder, Framing, HEAD_LIMIT};
use isolated_workers::message::Codec;
use isolated_workers::parts::{self, Content, Part, Place, Writer};
use isolated_workers::timeouts::Timeouts;

/// Calls `round` with fresh random numbers until the time is over.
fn fuzz(name: &str, mut round: impl FnMut(&mut Rng)) {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |elapsed| elapsed.as_nanos() as u64);
    let mut seed = number_from_environment("FUZZ_SEED").unwrap_or_else(clock);
    let budget = Duration::from_millis(number_from_environment("FUZZ_MILLIS").unwrap_or(1500));
    println!("fuzzing {name} for {budget:?}, first seed {seed}");
    let start = Instant::now();
    let mut rounds = 0_u64;
    while rounds == 0 || start.elapsed() < budget {
        let report = ReportSeed { name, seed };
        let mut rng = Rng::new(seed);
        round(&mut rng);
        seed = rng.next();
        rounds += 1;
        drop(report);
    }
    println!("fuzzed {name}: {rounds} rounds");
}

fn number_from_environment(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")))
}

/// Tells how to run a round again when it panics.
struct ReportSeed<'a> {
    name: &'a str,
    seed: u64,
}

impl Drop for ReportSeed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("fuzzing {} failed; to run this round again: FUZZ_SEED={}", self.name, self.seed);
        }
    }
}

/// Random numbers: xorshift64*.
struct Rng(u64);

impl Rng {
    fn new(seed: u64) -> Self {
        // Neighbouring seeds must not give alike numbers, and the state must not be 0.
        Self((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    /// A number up to `most`; small ones are as likely as large ones.
    fn size(&mut self, most: usize) -> usize {
        let bits = self.below(usize::BITS as usize - most.leading_zeros() as usize + 1);
        self.below((1_usize << bits).min(most) + 1)
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Up to `most` bytes of this alphabet, or any bytes if it is empty.
    fn bytes(&mut self, most: usize, alphabet: &[u8]) -> Vec<u8> {
        let count = self.size(most);
        (0..count).map(|_| if alphabet.is_empty() { self.next() as u8 } else { *self.pick(alphabet) }).collect()
    }
}

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
    const SEEDS: [&[u8]; 7] = [
        br#"{"type":"echo","tx":"123e4567-e89b-42d3-a456-426614174000","payload":{"a":[1,"x"]}}"#,
        br#"{"kind":"notification","type":"lo\u0067","payload":null}"#,
        br#" {"payload": 5, "tx":"a", "type":"b"} "#,
        b"\x01\x01\x04\x00\x02\x00\x00\x00echo12payload",
        b"\x06\x01\x00\x00\x00\x00\x00\x00data",
        br#"{"kind":"chunk","tx":"a","payload":[1]}"#,
        b"\x0f\x01\x00\x00\x01\x00\x00\x00a64",
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
const MORE: [&[u8]; 10] = [
    b"{\"kind\":\"duplex\",\"type\":\"echo\",\"tx\":\"s\",\"payload\":1}\n",
    b"{\"kind\":\"input\",\"tx\":\"s\",\"payload\":[1,2]}\n",
    b"{\"kind\":\"inputEnd\",\"tx\":\"s\"}\n",
    b"{\"kind\":\"credit\",\"tx\":\"s\",\"payload\":4000000000}\n",
    b"{\"kind\":\"credit\",\"tx\":\"s\",\"payload\":-1}\n",
    b"{\"kind\":\"cancel\",\"tx\":\"s\"}\n",
    b"{\"kind\":\"chunk\",\"tx\":\"s\",\"payload\":1}\n",
    b"{\"kind\":\"demand\"}\n",
    b"{\"type\":\"echo\",\"tx\":\"c\",\"context\":{\"a\":\"b\"},\"payload\":1}\n",
    b"{\"type\":\"echo\",\"tx\":\"c\",\"context\":{\"a\":\"\\u00\n",
];

#[test]
fn parts_are_read_as_they_were_written_and_lies_are_refused() {
    fuzz("payloads of parts", |rng| {
        let parts: Vec<_> = (0..rng.below(6)).map(|_| (rng.below(5), rng.bytes(40, b"\0\x01ab"))).collect();
        let place = Place { memory: rng.next(), offset: rng.next(), length: rng.next() & !1 };
        let contents = [Content::Bytes, Content::Latin1, Content::Utf16];
        let mut payload = Vec::new();
        let mut writer = Writer::new(&mut payload, parts.len());
        let mut expected = Vec::new();
        for (kind, bytes) in &parts {
            let content = contents[rng.below(if bytes.len() % 2 == 0 { 3 } else { 2 })];
            let part = match kind {
                0 => Part::Lane(content, place),
                1 => Part::Shared(place),
                _ => Part::Here(content, bytes),
            };
            match part {
                Part::Lane(content, place) => writer.in_lane(content, place),
                Part::Shared(place) => writer.shared(place),
                Part::Here(content, bytes) => writer.here(|out| {
                    out.extend_from_slice(bytes);
                    content
                }),
            }
            expected.push(part);
        }
        assert_eq!(parts::cut(&payload), Some(expected));
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(payload.len());
            payload[at] = rng.next() as u8;
        }
        payload.truncate(rng.size(payload.len()));
        // What is left is read inside of its bytes, or refused.
        let here = |part: &Part<'_>| if let Part::Here(_, bytes) = part { bytes.len() } else { 24 };
        let total = parts::cut(&payload).map_or(0, |parts| parts.iter().map(|part| 8 + here(part)).sum::<usize>());
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
                if let Event::Request { call, .. } = event {
                    worker.exchange.fail_with(*call, "{}");
                }
            }
        }
        assert_eq!(worker.exchange.calls(), 0);
    });
}
