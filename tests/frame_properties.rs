//! The decoder against an obviously right one that sees all bytes at once: any bytes, in any chunks, under any framing.

use isolated_workers::protocol::frame::{Frame, FrameDecoder, FrameError, Framing, HEAD_LIMIT};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What a decoder reports.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    Body(Vec<u8>),
    Oversized { head: Vec<u8>, size: Option<u64> },
}

/// The oracle: the frames of a whole stream, and whether its end cuts one short.
fn decode_at_once(framing: &Framing, limit: usize, mut stream: &[u8]) -> (Vec<Event>, bool) {
    let mut events = Vec::new();
    while !stream.is_empty() {
        let (event, rest) = match framing {
            Framing::Delimited(terminator) => first_delimited(terminator, limit, stream),
            Framing::LengthPrefixed => first_length_prefixed(limit, stream),
        };
        events.extend(event);
        let Some(rest) = rest else { return (events, true) };
        stream = rest;
    }
    (events, false)
}

/// The first frame, if enough of it is there to tell, and what follows, if it is complete.
fn first_delimited<'a>(terminator: &[u8], limit: usize, stream: &'a [u8]) -> (Option<Event>, Option<&'a [u8]>) {
    let size = first_occurrence(terminator, stream);
    let rest = size.map(|size| &stream[size + terminator.len()..]);
    let event = match size {
        Some(size) if size <= limit => Some(Event::Body(stream[..size].to_vec())),
        None if stream.len() < limit + terminator.len() => None,
        _ => Some(Event::Oversized { head: stream[..limit.min(HEAD_LIMIT)].to_vec(), size: None }),
    };
    (event, rest)
}

fn first_length_prefixed(limit: usize, stream: &[u8]) -> (Option<Event>, Option<&[u8]>) {
    let Some((prefix, body)) = stream.split_first_chunk() else { return (None, None) };
    let size = u32::from_le_bytes(*prefix) as usize;
    let event = match body.get(..size.min(if size <= limit { size } else { HEAD_LIMIT })) {
        Some(body) if size <= limit => Some(Event::Body(body.to_vec())),
        Some(head) => Some(Event::Oversized { head: head.to_vec(), size: Some(size as u64) }),
        None => None,
    };
    (event, body.get(size..))
}

fn first_occurrence(needle: &[u8], bytes: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// The decoder under test, fed with chunks of these sizes, over and over. Asserts its bound on memory all the way.
fn decode_in_chunks(framing: &Framing, limit: usize, stream: &[u8], chunks: &[usize]) -> (Vec<Event>, bool) {
    let mut decoder = FrameDecoder::new(framing.clone(), limit);
    let mut events = Vec::new();
    let mut rest = stream;
    for chunk in chunks.iter().cycle() {
        while let Some(frame) = decoder.next_frame() {
            events.push(match frame {
                Frame::Complete(body) => Event::Body(decoder.bytes(body).to_vec()),
                Frame::Oversized { head, size } => Event::Oversized { head: decoder.bytes(head).to_vec(), size },
            });
        }
        if rest.is_empty() {
            break;
        }
        let spare = decoder.spare();
        assert!(!spare.is_empty());
        let count = (*chunk).clamp(1, rest.len()).min(spare.len());
        spare[..count].copy_from_slice(&rest[..count]);
        decoder.filled(count);
        rest = &rest[count..];
        assert!(decoder.capacity() <= capacity_limit(framing, limit), "{} bytes held", decoder.capacity());
        assert!(decoder.capacity() <= 4 * (stream.len() - rest.len()) + (64 << 10), "memory runs ahead of the bytes");
    }
    (events, decoder.is_mid_frame())
}

/// The limit, the framing's own bytes, and one read.
fn capacity_limit(framing: &Framing, limit: usize) -> usize {
    let pending = match framing {
        Framing::Delimited(terminator) => limit + terminator.len(),
        Framing::LengthPrefixed => limit.max(HEAD_LIMIT) + 4,
    };
    pending + pending.clamp(64 << 10, 1 << 20)
}

fn framings() -> impl Strategy<Value = Framing> {
    let terminators: [&[u8]; 10] =
        [b"\n", b"\0", b"aa", b"\n\n", b"\r\n", b"aab", b"aba", b"abab", b"\r\n\r\n", b"aabaab"];
    prop_oneof![
        4 => select(terminators.map(|terminator| Framing::Delimited(terminator.into())).to_vec()),
        1 => Just(Framing::LengthPrefixed),
    ]
}

/// Bytes of which terminators are made, so that whole and half ones abound.
fn tricky_bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(select(b"aaab\n\n\r\0".to_vec()), 0..most)
}

fn chunk_sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), vec(1..8_usize, 1..20), vec(1..5000_usize, 1..20), Just(vec![usize::MAX])]
}

fn encode(framing: &Framing, body: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let mark = framing.begin(out);
    out.extend_from_slice(body);
    framing.finish(out, mark, limit)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_of_encoded_bodies_decodes_to_the_same_bodies(
        framing in framings(),
        bodies in vec(prop_oneof![tricky_bytes(40), vec(any::<u8>(), 0..300)], 0..30),
        chunks in chunk_sizes(),
    ) {
        let mut stream = Vec::new();
        let mut accepted = Vec::new();
        for body in bodies {
            if encode(&framing, &body, 1000, &mut stream).is_ok() {
                accepted.push(Event::Body(body));
            }
        }
        prop_assert_eq!(decode_in_chunks(&framing, 1000, &stream, &chunks), (accepted, false));
    }

    #[test]
    fn exactly_the_bodies_that_would_decode_to_something_else_are_refused(
        framing in framings(),
        body in tricky_bytes(12),
        limit in 0..12_usize,
    ) {
        let mut out = b"earlier".to_vec();
        let result = encode(&framing, &body, limit, &mut out);
        let naive = match &framing {
            _ if body.len() > limit => Err(FrameError::TooLarge { size: body.len(), limit }),
            Framing::LengthPrefixed => Ok(()),
            Framing::Delimited(terminator) => {
                let at = first_occurrence(terminator, &[&body[..], terminator].concat()).unwrap();
                if at == body.len() { Ok(()) } else { Err(FrameError::ContainsTerminator { at }) }
            }
        };
        prop_assert_eq!(result, naive);
        if result.is_err() {
            prop_assert_eq!(&out[..], b"earlier");
        } else {
            prop_assert_eq!(decode_at_once(&framing, limit, &out[7..]), (vec![Event::Body(body)], false));
        }
    }

    #[test]
    fn any_bytes_in_any_chunks_decode_as_they_do_at_once(
        framing in framings(),
        limit in prop_oneof![0..20_usize, 1000..1100_usize],
        pieces in vec(prop_oneof![
            4 => tricky_bytes(30),
            2 => (0..2200_u32).prop_map(|size| size.to_le_bytes().to_vec()),
            1 => (b'a'..=b'c', 0..2500_usize).prop_map(|(byte, count)| vec![byte; count]),
            1 => vec(any::<u8>(), 0..50),
        ], 0..40),
        chunks in chunk_sizes(),
    ) {
        let stream = pieces.concat();
        let expected = decode_at_once(&framing, limit, &stream);
        prop_assert_eq!(decode_in_chunks(&framing, limit, &stream, &chunks), expected);
    }

    #[test]
    fn an_oversized_frame_is_reported_once_and_its_neighbours_survive(
        framing in framings(),
        excess in 1..200_000_usize,
        limit in prop_oneof![Just(10), Just(2000), Just(100_000)],
        at in any::<Index>(),
        chunks in prop_oneof![vec(1..3000_usize, 1..20), Just(vec![usize::MAX])],
    ) {
        const NEIGHBOURS: usize = 5;
        let size = limit + excess;
        let at = at.index(NEIGHBOURS + 1);
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for index in 0..=NEIGHBOURS {
            let body = if index == at { vec![b'x'; size] } else { vec![b'0'; index] };
            encode(&framing, &body, usize::MAX, &mut stream).unwrap();
            expected.push(if index == at {
                let (head, size) = match framing {
                    Framing::Delimited(_) => (limit.min(HEAD_LIMIT), None),
                    Framing::LengthPrefixed => (size.min(HEAD_LIMIT), Some(size as u64)),
                };
                Event::Oversized { head: vec![b'x'; head], size }
            } else {
                Event::Body(body)
            });
        }
        prop_assert_eq!(decode_in_chunks(&framing, limit, &stream, &chunks), (expected, false));
    }

    #[test]
    fn what_follows_the_first_frame_can_be_decoded_under_another_framing(
        first in framings(),
        second in framings(),
        bodies in vec(vec(b'0'..=b'9', 0..20), 0..10),
        chunks in chunk_sizes(),
    ) {
        let mut stream = Vec::new();
        encode(&first, b"hello", 100, &mut stream).unwrap();
        for body in &bodies {
            encode(&second, body, 100, &mut stream).unwrap();
        }
        let mut decoder = FrameDecoder::new(first, 100);
        let mut decoded = Vec::new();
        let mut rest = &stream[..];
        for chunk in chunks.iter().cycle() {
            while let Some(frame) = decoder.next_frame() {
                let Frame::Complete(range) = frame else { panic!("an oversized frame") };
                decoded.push(decoder.bytes(range).to_vec());
                if decoded.len() == 1 {
                    decoder.switch(second.clone(), 100);
                }
            }
            if rest.is_empty() {
                break;
            }
            let count = (*chunk).min(rest.len());
            decoder.spare()[..count].copy_from_slice(&rest[..count]);
            decoder.filled(count);
            rest = &rest[count..];
        }
        prop_assert_eq!(&decoded[0], b"hello");
        prop_assert_eq!(&decoded[1..], &bodies[..]);
    }
}

#[test]
fn a_peer_that_declares_much_and_sends_little_costs_little() {
    const LIMIT: usize = 256 << 20;
    let mut stream = u32::try_from(LIMIT).unwrap().to_le_bytes().to_vec();
    stream.resize(100_000, 0);
    let (events, is_mid_frame) = decode_in_chunks(&Framing::LengthPrefixed, LIMIT, &stream, &[5000]);
    assert_eq!((events, is_mid_frame), (vec![], true));
}

#[test]
fn frames_of_many_sizes_keep_memory_near_the_limit() {
    const LIMIT: usize = 5 << 20;
    for framing in [Framing::Delimited((*b"\r\n").into()), Framing::LengthPrefixed] {
        let mut stream = Vec::new();
        let mut bodies = Vec::new();
        for size in [0, 10, LIMIT, 70_000, LIMIT - 1, 3 << 20, 1, LIMIT] {
            encode(&framing, &vec![b'x'; size], LIMIT, &mut stream).unwrap();
            bodies.push(Event::Body(vec![b'x'; size]));
        }
        for chunk in [usize::MAX, 1 << 16, 9973] {
            assert!(decode_in_chunks(&framing, LIMIT, &stream, &[chunk]) == (bodies.clone(), false), "{framing:?}");
        }
    }
}
