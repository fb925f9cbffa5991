//! Binary envelopes: an eight-byte head, then type, transaction id, context and payload.

use std::borrow::Cow;

use super::{Head, Kind, Malformed, Message};

const HEAD: usize = 8;
/// Set if a payload follows, which distinguishes an empty payload from none.
const HAS_PAYLOAD: u8 = 1;

pub(super) fn begin(out: &mut Vec<u8>, head: Head<'_>, has_payload: bool) {
    let Head { kind, type_name, tx, context, .. } = head;
    let start = out.len();
    let length = |size: usize| u16::try_from(size).expect("type names and transaction ids are limited").to_le_bytes();
    out.extend_from_slice(&[kind as u8, if has_payload { HAS_PAYLOAD } else { 0 }]);
    out.extend_from_slice(&length(type_name.len()));
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(type_name.as_bytes());
    if let Some(tx) = tx {
        let tx_start = out.len();
        tx.write_to(out);
        let size = length(out.len() - tx_start);
        out[start + 4..start + 6].copy_from_slice(&size);
    }
    if let Some(context) = context {
        out.extend_from_slice(context.as_bytes());
        out[start + 6..start + 8].copy_from_slice(&length(context.len()));
    }
}

pub(super) fn decode(frame: &[u8]) -> Result<Message<'_>, Malformed> {
    let mut message = read_head(frame)?;
    let (head, start) = (&frame[..HEAD], message.payload.map_or(0, |payload| payload.start));
    let end = start + usize::from(u16::from_le_bytes([head[6], head[7]]));
    if end > start {
        let context = frame.get(start..end).ok_or(Malformed::Length)?;
        std::str::from_utf8(context).map_err(|_| Malformed::Encoding)?;
        message.context = Some(start..end);
    }
    let has_payload = head[1] & HAS_PAYLOAD != 0;
    if !has_payload && frame.len() > end {
        return Err(Malformed::Length);
    }
    message.payload = has_payload.then_some(end..frame.len());
    Ok(message)
}

pub(super) fn decode_head(head: &[u8]) -> Option<Message<'_>> {
    match decode(head) {
        // The context may be truncated.
        Err(Malformed::Length) if head[6] != 0 || head[7] != 0 => {
            read_head(head).ok().map(|message| Message { payload: None, ..message })
        }
        message => message.ok(),
    }
}

/// Reads type and transaction id; the rest counts as the payload.
fn read_head(frame: &[u8]) -> Result<Message<'_>, Malformed> {
    let head = frame.first_chunk::<HEAD>().ok_or(Malformed::Envelope)?;
    let kind = Kind::from_byte(head[0]).ok_or(Malformed::UnknownKind)?;
    let has_context = head[6] != 0 || head[7] != 0;
    if head[1] & !HAS_PAYLOAD != 0 || (has_context && !kind.has_context()) {
        return Err(Malformed::Envelope);
    }
    let type_end = HEAD + usize::from(u16::from_le_bytes([head[2], head[3]]));
    let tx_end = type_end + usize::from(u16::from_le_bytes([head[4], head[5]]));
    let text = |from: usize, to: usize| {
        let bytes = frame.get(from..to).ok_or(Malformed::Length)?;
        std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Malformed::Encoding)
    };
    let tx = text(type_end, tx_end)?;
    Ok(Message {
        kind: Some(kind),
        type_name: text(HEAD, type_end)?,
        tx: (!tx.is_empty()).then_some(tx),
        context: None,
        payload: Some(tx_end..frame.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::transaction_id::TransactionIdRef;

    fn request<'a>(type_name: &'a str, tx: Option<TransactionIdRef<'a>>) -> Head<'a> {
        Head { tx, is_implied: true, ..Head::new(Kind::Request, type_name) }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (tx, payload) in [(Some("a-1"), Some(&b"\x00\xff\n"[..])), (None, Some(b"")), (Some("é"), None)] {
            let mut frame = Vec::new();
            begin(&mut frame, request("größe", tx.map(TransactionIdRef::parse)), payload.is_some());
            frame.extend_from_slice(payload.unwrap_or_default());
            let message = decode(&frame).unwrap();
            assert_eq!((message.kind, &*message.type_name), (Some(Kind::Request), "größe"));
            assert_eq!(message.tx.as_deref(), tx);
            assert_eq!(message.payload.map(|range| &frame[range]), payload);
        }
    }

    #[test]
    fn a_context_stands_before_the_payload() {
        for payload in [Some(&b"\x01"[..]), None] {
            let mut frame = Vec::new();
            let head = Head { context: Some("{}"), ..request("a", Some(TransactionIdRef::Custom("b"))) };
            begin(&mut frame, head, payload.is_some());
            frame.extend_from_slice(payload.unwrap_or_default());
            let Message { context, payload: range, .. } = decode(&frame).unwrap();
            assert_eq!(&frame[context.unwrap()], b"{}");
            assert_eq!(range.map(|range| &frame[range]), payload);
            frame[6] = 200;
            assert_eq!(decode(&frame), Err(Malformed::Length));
            assert_eq!(decode_head(&frame).unwrap().tx.as_deref(), Some("b"));
            frame[0] = Kind::Result as u8;
            assert_eq!(decode(&frame), Err(Malformed::Envelope));
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let mut frame = Vec::new();
        begin(&mut frame, request("compute", Some(TransactionIdRef::Custom("id"))), true);
        for position in [2, 3, 4, 5, 6, 7] {
            let mut lying = frame.clone();
            lying[position] = 0xff;
            assert_eq!(decode(&lying), Err(Malformed::Length));
        }
        assert_eq!(decode(&frame[..7]), Err(Malformed::Envelope));
        assert_eq!(decode(&[99, 0, 0, 0, 0, 0, 0, 0]), Err(Malformed::UnknownKind));
        assert_eq!(decode(&[1, 0, 0, 0, 0, 0, 0, 0, 9]), Err(Malformed::Length));
        assert_eq!(decode(&[1, 0, 1, 0, 0, 0, 0, 0, 0xff]), Err(Malformed::Encoding));
    }
}
