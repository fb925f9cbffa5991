use super::*;

const LIMIT: usize = 4096;

fn lines(limit: usize) -> FrameDecoder {
    FrameDecoder::new(Framing::Delimited((*b"\n").into()), limit)
}

fn prefixed(limit: usize) -> FrameDecoder {
    FrameDecoder::new(Framing::LengthPrefixed, limit)
}

fn prefix(size: usize) -> [u8; 4] {
    u32::try_from(size).unwrap().to_le_bytes()
}

fn receive(decoder: &mut FrameDecoder, bytes: &[u8]) {
    decoder.spare()[..bytes.len()].copy_from_slice(bytes);
    decoder.filled(bytes.len());
}

/// The next frame must be complete; returns its body.
fn body(decoder: &mut FrameDecoder) -> Vec<u8> {
    match decoder.next_frame() {
        Some(Frame::Complete(range)) => decoder.bytes(range).to_vec(),
        other => panic!("expected a complete frame, not {other:?}"),
    }
}

/// The next frame must be oversized; returns its head and size.
fn oversized(decoder: &mut FrameDecoder) -> (Vec<u8>, Option<u64>) {
    match decoder.next_frame() {
        Some(Frame::Oversized { head, size }) => (decoder.bytes(head).to_vec(), size),
        other => panic!("expected an oversized frame, not {other:?}"),
    }
}

#[test]
fn frames_of_one_read_come_out_in_order() {
    let mut decoder = lines(LIMIT);
    receive(&mut decoder, b"one\n\ntwo\nthr");
    let ranges: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
    assert_eq!(ranges, [Frame::Complete(0..3), Frame::Complete(4..4), Frame::Complete(5..8)]);
    assert_eq!(decoder.bytes(5..8), b"two", "earlier frames stay readable while later ones are taken");
    receive(&mut decoder, b"ee\n");
    assert_eq!(body(&mut decoder), b"three");
}

#[test]
fn a_terminator_split_across_reads_is_found() {
    let mut decoder = FrameDecoder::new(Framing::Delimited((*b"\r\n\r\n").into()), LIMIT);
    for part in [&b"a\r"[..], b"\n\r", b"\nb\r\n\r"] {
        assert_eq!(decoder.next_frame(), None);
        receive(&mut decoder, part);
    }
    assert_eq!(body(&mut decoder), b"a");
    assert_eq!(decoder.next_frame(), None);
    receive(&mut decoder, b"\n");
    assert_eq!(body(&mut decoder), b"b");
}

#[test]
fn a_prefix_split_across_reads_is_understood() {
    let mut decoder = prefixed(LIMIT);
    for part in [&[2][..], &[0, 0], &[0], b"h"] {
        receive(&mut decoder, part);
        assert_eq!(decoder.next_frame(), None);
    }
    receive(&mut decoder, b"i\0\0\0\0");
    assert_eq!(body(&mut decoder), b"hi");
    assert_eq!(body(&mut decoder), b"");
    assert!(!decoder.is_mid_frame());
}

#[test]
fn a_body_of_exactly_the_limit_is_legal() {
    let mut decoder = lines(3);
    receive(&mut decoder, b"abc\nabcd\nabc\n");
    assert_eq!(body(&mut decoder), b"abc");
    assert_eq!(oversized(&mut decoder), (b"abc".to_vec(), None));
    assert_eq!(body(&mut decoder), b"abc");
}

#[test]
fn an_unterminated_frame_is_oversized_as_soon_as_the_limit_is_passed() {
    let mut decoder = lines(LIMIT);
    receive(&mut decoder, &[b'x'; LIMIT]);
    assert_eq!(decoder.next_frame(), None, "the terminator may still follow");
    receive(&mut decoder, b"x");
    assert_eq!(oversized(&mut decoder), (vec![b'x'; HEAD_LIMIT], None));
    for _ in 0..100 {
        receive(&mut decoder, &[b'x'; LIMIT]);
        assert_eq!(decoder.next_frame(), None, "it is reported once");
        assert!(decoder.is_mid_frame());
    }
    receive(&mut decoder, b"x\nnext\n");
    assert_eq!(body(&mut decoder), b"next");
}

#[test]
fn the_head_of_a_skipped_frame_stays_readable_until_the_next_read() {
    let mut decoder = lines(4);
    receive(&mut decoder, b"{\"tx\":\"1\"}");
    let Some(Frame::Oversized { head, .. }) = decoder.next_frame() else { panic!("not oversized") };
    assert_eq!(decoder.next_frame(), None);
    assert_eq!(decoder.bytes(head), b"{\"tx");
}

#[test]
fn a_declared_length_over_the_limit_is_reported_with_the_head_and_skipped() {
    let mut decoder = prefixed(LIMIT);
    receive(&mut decoder, &prefix(LIMIT * 10));
    receive(&mut decoder, &[b'h'; HEAD_LIMIT - 1]);
    assert_eq!(decoder.next_frame(), None, "the head is not complete");
    receive(&mut decoder, b"h");
    assert_eq!(oversized(&mut decoder), (vec![b'h'; HEAD_LIMIT], Some(LIMIT as u64 * 10)));
    assert!(decoder.is_mid_frame());
    for _ in 0..9 {
        receive(&mut decoder, &[b'x'; LIMIT]);
        assert_eq!(decoder.next_frame(), None);
    }
    receive(&mut decoder, &[b'x'; LIMIT - HEAD_LIMIT]);
    assert_eq!(decoder.next_frame(), None);
    assert!(!decoder.is_mid_frame());
    receive(&mut decoder, b"\x01\0\0\0y");
    assert_eq!(body(&mut decoder), b"y");
}

#[test]
fn a_declared_length_reserves_no_memory() {
    let mut decoder = prefixed(usize::MAX);
    receive(&mut decoder, &prefix(u32::MAX as usize));
    assert_eq!(decoder.next_frame(), None);
    decoder.spare();
    assert!(decoder.capacity() <= 64 << 10);
}

#[test]
fn a_large_frame_takes_few_reads_and_its_memory_is_given_back() {
    const SIZE: usize = 32 << 20;
    let mut decoder = prefixed(SIZE);
    receive(&mut decoder, &prefix(SIZE));
    let mut left = SIZE;
    let mut reads = 0;
    while left > 0 {
        assert_eq!(decoder.next_frame(), None);
        let count = decoder.spare().len().min(left);
        decoder.filled(count);
        left -= count;
        reads += 1;
    }
    assert!(reads < 60, "{reads} reads");
    assert!(decoder.capacity() <= SIZE + (2 << 20), "{} bytes", decoder.capacity());
    assert_eq!(decoder.next_frame(), Some(Frame::Complete(4..4 + SIZE)));
    decoder.release();
    assert!(decoder.capacity() <= 64 << 10);
}

#[test]
fn bytes_behind_the_handshake_are_decoded_under_the_new_framing() {
    let mut decoder = lines(LIMIT);
    receive(&mut decoder, b"hello\n\x03\0\0\0a\nb\x01\0");
    assert_eq!(body(&mut decoder), b"hello");
    decoder.switch(Framing::LengthPrefixed, LIMIT);
    assert_eq!(body(&mut decoder), b"a\nb");
    assert!(decoder.is_mid_frame());
    receive(&mut decoder, b"\0\0!");
    assert_eq!(body(&mut decoder), b"!");
}

#[test]
fn a_switch_forgets_how_far_the_old_terminator_was_searched() {
    let mut decoder = lines(LIMIT);
    receive(&mut decoder, b"a;b");
    assert_eq!(decoder.next_frame(), None);
    decoder.switch(Framing::Delimited((*b";").into()), LIMIT);
    assert_eq!(body(&mut decoder), b"a");
}

#[test]
#[should_panic(expected = "at least one byte")]
fn an_empty_terminator_panics() {
    FrameDecoder::new(Framing::Delimited(Box::default()), LIMIT);
}
