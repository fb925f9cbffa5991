//! What the fuzzer may feed with any bytes, and what must hold for each of them.
//!
//! `npm run check:deep` runs each function under libFuzzer and AddressSanitizer; `tests/fuzz_corpus.rs` of the package runs
//! each of them with the kept corpus on stable Rust.

use std::time::Duration;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::Config;
use isolated_workers::protocol::frame::{Frame, FrameDecoder, Framing, HEAD_LIMIT};
use isolated_workers::protocol::grants::Amount;
use isolated_workers::protocol::message::{Codec, Head};
use isolated_workers::protocol::multipart::{self, Segment, Writer};
use isolated_workers::protocol::timeouts::Timeouts;
use isolated_workers::protocol::transaction_id::TransactionIdRef;

/// A function for arbitrary bytes, with the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// Every function here.
pub const TARGETS: [Target; 5] =
    [("frame", frame), ("head", head), ("text", text), ("parts", parts), ("connection", connection)];

const CODECS: [Codec; 3] = [Codec::Text, Codec::Json, Codec::Binary];

/// The frames that a decoder finds do not depend on how the bytes are divided, and its buffer stays small.
///
/// The first two bytes choose the framing and the limit, the third the size of a piece.
pub fn frame(data: &[u8]) {
    let [kind, limit, piece, stream @ ..] = data else { return };
    let framing = match kind % 4 {
        0 => Framing::LengthPrefixed,
        1 => Framing::Delimited(b"\n"[..].into()),
        2 => Framing::Delimited(b"aba"[..].into()),
        _ => Framing::Delimited(b"\n\0\n"[..].into()),
    };
    let limit = usize::from(*limit) * 16;
    let frames = |piece: usize| {
        let mut decoder = FrameDecoder::new(framing.clone(), limit);
        let mut found = Vec::new();
        for bytes in stream.chunks(piece) {
            feed(&mut decoder, bytes, &mut found, limit);
        }
        found
    };
    assert_eq!(frames(1 + usize::from(*piece)), frames(usize::MAX), "frames depend on the pieces");
}

fn feed(decoder: &mut FrameDecoder, mut bytes: &[u8], found: &mut Vec<Result<Vec<u8>, Option<u64>>>, limit: usize) {
    while !bytes.is_empty() {
        let spare = decoder.spare();
        let count = spare.len().min(bytes.len());
        spare[..count].copy_from_slice(&bytes[..count]);
        decoder.filled(count);
        bytes = &bytes[count..];
        while let Some(frame) = decoder.next_frame() {
            found.push(match frame {
                Frame::Complete(body) => Ok(decoder.bytes(body).to_vec()),
                Frame::Oversized { head, size } => {
                    assert!(decoder.bytes(head).len() <= HEAD_LIMIT);
                    Err(size)
                }
            });
        }
        assert!(decoder.capacity() <= limit.max(HEAD_LIMIT) * 2 + (64 << 10) + 32, "the buffer has grown");
    }
}

/// The head of a cut message names the transaction that the whole message names, or none.
///
/// The first byte says where the message is cut.
pub fn head(data: &[u8]) {
    let Some((cut, message)) = data.split_first() else { return };
    let head = &message[..usize::from(*cut).min(message.len())];
    for codec in CODECS {
        let (Some(part), Ok(whole)) = (codec.decode_head(head), codec.decode(message)) else { continue };
        if codec == Codec::Binary {
            assert_eq!((part.tx, part.type_name), (whole.tx, whole.type_name));
        }
    }
}

/// Whatever is read as a message is read once more, and in both manners, as it was understood.
pub fn text(data: &[u8]) {
    for codec in CODECS {
        let Ok(message) = codec.decode(data) else { continue };
        let payload = message.payload.as_ref().map(|payload| &data[payload.clone()]);
        if let Some(context) = message.context.as_ref() {
            assert!(std::str::from_utf8(&data[context.clone()]).is_ok(), "a context is text");
        }
        let Some(kind) = message.kind else { continue };
        if codec == Codec::Json {
            continue;
        }
        let context = message.context.as_ref().map(|context| std::str::from_utf8(&data[context.clone()]).unwrap());
        let head = Head {
            kind,
            is_implied: false,
            type_name: &message.type_name,
            tx: message.tx.as_deref().map(TransactionIdRef::parse),
            context: context.filter(|_| kind.has_context()),
        };
        let mut written = Vec::new();
        codec.begin(&mut written, head, payload.is_some());
        written.extend_from_slice(payload.unwrap_or_default());
        codec.end(&mut written);
        if let Ok(again) = codec.decode(&written) {
            assert_eq!(again.kind, message.kind);
            assert_eq!(again.payload.map(|payload| &written[payload]), payload);
        }
    }
}

/// Parts that were read are written to the bytes that they were read from.
pub fn parts(data: &[u8]) {
    let Some(parts) = multipart::cut(data) else { return };
    let mut written = Vec::new();
    let mut writer = Writer::new(&mut written, parts.len());
    for part in &parts {
        match *part {
            Segment::Ring(content, range) => writer.in_ring(content, range),
            Segment::Shared(range) => writer.shared(range),
            Segment::Here(content, bytes) => writer.here(|out| {
                out.extend_from_slice(bytes);
                content
            }),
        }
    }
    // The flag "parts may be elsewhere" may be set where none is.
    assert_eq!(written.get(2..), data.get(2..));
}

/// A connection survives what its peer writes: each of its own requests ends once, and its deadlines lie in the future.
///
/// The first byte chooses the side and the framing, the second the size of a piece; then come the bytes of the peer.
pub fn connection(data: &[u8]) {
    let [options, piece, stream @ ..] = data else { return };
    let is_binary = options & 2 != 0;
    let config = Config {
        serializer: "json".to_owned(),
        terminator: (!is_binary).then(|| "\n".to_owned()),
        limit: 4096,
        timeouts: Timeouts::default(),
        context: true,
        shared_memory: true,
        shared_buffers: true,
        window: Amount { messages: 4, bytes: 1000 },
        max_calls: 10,
        max_pending_bytes: 5000,
    };
    let mut events = Vec::new();
    let mut side = if options & 1 == 0 {
        let mut worker = Connection::worker();
        worker.serve(&config, ["echo"], Duration::ZERO, &mut events).expect("the terminator is fine");
        worker
    } else {
        Connection::host(&config, None, ["echo"], Duration::ZERO).expect("the terminator is fine")
    };
    // Mutations would hardly find a handshake by themselves.
    if options & 4 == 0 {
        let terminator = if is_binary { "null" } else { "\"\\n\"" };
        let hello = format!(
            "{{\"kind\":\"hello\",\"protocol\":1,\"serializer\":\"json\",\"terminator\":{terminator},\"maxMessageSize\":4096}}\n"
        );
        take(&mut side, hello.as_bytes(), &mut events);
    }
    for bytes in stream.chunks(1 + usize::from(*piece)) {
        take(&mut side, bytes, &mut events);
        if let Some(deadline) = side.next_deadline() {
            assert!(deadline > Duration::ZERO, "a deadline is in the past");
        }
    }
    side.end(&mut events);
    assert_eq!(side.exchange.calls(), 0, "a call is left");
}

fn take(side: &mut Connection, mut bytes: &[u8], events: &mut Vec<Event>) {
    while !bytes.is_empty() {
        let spare = side.spare();
        let count = spare.len().min(bytes.len());
        spare[..count].copy_from_slice(&bytes[..count]);
        side.filled(count);
        bytes = &bytes[count..];
        events.clear();
        side.receive(Duration::ZERO, events);
        for event in events.iter() {
            if let Event::Request { call, .. } | Event::Ended { call, .. } = event {
                side.exchange.fail_with(*call, "{}");
            }
        }
        let written = side.output().len();
        side.written(written);
    }
}
