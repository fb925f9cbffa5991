//! Text envelopes: one JSON object whose `payload` member is the last.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Head, Kind, Malformed, Message};
use crate::protocol::transaction_id::TransactionIdRef;

const CONTEXT: &[u8] = b",\"context\":";
const PAYLOAD: &[u8] = b",\"payload\":";

pub(super) fn begin(out: &mut Vec<u8>, head: Head<'_>, has_payload: bool) {
    let Head { kind, is_implied, type_name, tx, context } = head;
    let mut opening = "{\"";
    let mut open_member = |out: &mut Vec<u8>, name: &str| {
        out.extend_from_slice(opening.as_bytes());
        out.extend_from_slice(name.as_bytes());
        opening = ",\"";
    };
    if !is_implied {
        open_member(out, "kind\":\"");
        out.extend_from_slice(kind.name().as_bytes());
        out.push(b'"');
    }
    if kind.has_type() {
        open_member(out, "type\":\"");
        push_escaped(out, type_name);
        out.extend_from_slice(answer_suffix(kind).as_bytes());
        out.push(b'"');
    }
    if let Some(tx) = tx {
        open_member(out, "tx\":\"");
        match tx {
            TransactionIdRef::Uuid(_) => tx.write_to(out),
            TransactionIdRef::Custom(text) => push_escaped(out, text),
        }
        out.push(b'"');
    }
    if let Some(context) = context {
        out.extend_from_slice(CONTEXT);
        out.extend_from_slice(context.as_bytes());
    }
    if has_payload {
        out.extend_from_slice(PAYLOAD);
    }
}

/// The suffix of the type of a text answer.
fn answer_suffix(kind: Kind) -> &'static str {
    match kind {
        Kind::Result => "Result",
        Kind::Error => "Error",
        _ => "",
    }
}

fn push_escaped(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.extend_from_slice(text.as_bytes());
    } else {
        let quoted = serde_json::Value::from(text).to_string();
        out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
    }
}

pub(super) fn decode(frame: &[u8]) -> Result<Message<'_>, Malformed> {
    let (head, payload) = read_head(frame)?;
    if head.is_cut {
        return Err(Malformed::Envelope);
    }
    let end = frame.len().checked_sub(1).filter(|&end| frame[end] == b'}').ok_or(Malformed::Envelope)?;
    let payload = match payload {
        Some(start) if start <= end => Some(start..end),
        None if head.end == end => None,
        _ => return Err(Malformed::Envelope),
    };
    head.into_message(payload)
}

pub(super) fn decode_head(head: &[u8]) -> Option<Message<'_>> {
    read_head(head).ok()?.0.into_message(None).ok()
}

#[derive(Default)]
struct Members<'a> {
    kind: Option<Cow<'a, str>>,
    type_name: Option<Cow<'a, str>>,
    tx: Option<Cow<'a, str>>,
    context: Option<Range<usize>>,
    /// The rest is unreadable.
    is_cut: bool,
    end: usize,
}

impl<'a> Members<'a> {
    fn into_message(self, payload: Option<Range<usize>>) -> Result<Message<'a>, Malformed> {
        let kind = match &self.kind {
            Some(name) => Some(Kind::from_name(name).ok_or(Malformed::UnknownKind)?),
            None if self.type_name.is_none() => return Err(Malformed::Envelope),
            None => None,
        };
        let Self { tx, context, .. } = self;
        Ok(Message { kind, type_name: self.type_name.unwrap_or_default(), tx, context, payload })
    }
}

/// Reads the members up to `payload`; returns the start of the payload, if there is one.
fn read_head(frame: &[u8]) -> Result<(Members<'_>, Option<usize>), Malformed> {
    let mut head = Members::default();
    let mut separator = b'{';
    while frame.get(head.end) == Some(&separator) {
        let rest = &frame[head.end + 1..];
        let (field, name) = if rest.starts_with(b"\"type\":") {
            (&mut head.type_name, "\"type\":")
        } else if rest.starts_with(b"\"tx\":") {
            (&mut head.tx, "\"tx\":")
        } else if rest.starts_with(b"\"kind\":") {
            (&mut head.kind, "\"kind\":")
        } else if frame[head.end..].starts_with(CONTEXT) && head.context.is_none() {
            let start = head.end + CONTEXT.len();
            let Ok(length) = read_strings(&frame[start..]) else {
                // The type and the transaction id in front of it are still known.
                head.is_cut = true;
                return Ok((head, None));
            };
            head.end = start + length;
            head.context = Some(start..head.end);
            continue;
        } else if frame[head.end..].starts_with(PAYLOAD) {
            let start = head.end + PAYLOAD.len();
            return Ok((head, Some(start)));
        } else {
            return Err(Malformed::Envelope);
        };
        let (value, length) = read_string(&rest[name.len()..])?;
        if field.replace(value).is_some() {
            return Err(Malformed::Envelope);
        }
        head.end += 1 + name.len() + length;
        separator = b',';
    }
    Ok((head, None))
}

/// The length of a JSON object of strings, without white space, at the start of `bytes`.
fn read_strings(bytes: &[u8]) -> Result<usize, Malformed> {
    if bytes.starts_with(b"{}") {
        return Ok(2);
    }
    let mut end = 0;
    let mut separator = b'{';
    while bytes.get(end) == Some(&separator) {
        end += 1 + read_string(&bytes[end + 1..])?.1;
        if bytes.get(end) != Some(&b':') {
            return Err(Malformed::Envelope);
        }
        end += 1 + read_string(&bytes[end + 1..])?.1;
        separator = b',';
    }
    if end > 0 && bytes.get(end) == Some(&b'}') { Ok(end + 1) } else { Err(Malformed::Envelope) }
}

/// Reads a JSON string at the start of `bytes`; returns it with its length in the frame, quotes included.
fn read_string(bytes: &[u8]) -> Result<(Cow<'_, str>, usize), Malformed> {
    if bytes.first() != Some(&b'"') {
        return Err(Malformed::Envelope);
    }
    let mut end = 1;
    let mut escaped = false;
    loop {
        end += memchr2(b'"', b'\\', &bytes[end..]).ok_or(Malformed::Envelope)?;
        if bytes[end] == b'"' {
            break;
        }
        escaped = true;
        end = (end + 2).min(bytes.len());
    }
    let text = if escaped {
        Cow::Owned(serde_json::from_slice(&bytes[..=end]).map_err(|_| Malformed::Encoding)?)
    } else {
        Cow::Borrowed(std::str::from_utf8(&bytes[1..end]).map_err(|_| Malformed::Encoding)?)
    };
    Ok((text, end + 1))
}

#[derive(Deserialize)]
struct AnyOrder<'a> {
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    type_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tx: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    context: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    payload: Option<&'a RawValue>,
}

/// Distinguishes `null` from a missing member.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Decodes JSON of other writers: members in any order, white space, unknown members ignored.
pub(super) fn decode_any_order(frame: &[u8]) -> Result<Message<'_>, Malformed> {
    let AnyOrder { kind, type_name, tx, context, payload } =
        serde_json::from_slice(frame).map_err(|_| Malformed::Envelope)?;
    let payload = payload.map(|raw| range_of(frame, raw.get().as_bytes()));
    let context = context.map(|raw| range_of(frame, raw.get().as_bytes()));
    Members { kind, type_name, tx, context, ..Members::default() }.into_message(payload)
}

/// The range of `part`, which borrows from `whole`.
fn range_of(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::super::Codec;
    use super::*;

    fn encode(kind: Kind, type_name: &str, tx: Option<&str>, payload: Option<&str>) -> String {
        let mut out = Vec::new();
        let is_implied = matches!(kind, Kind::Request | Kind::Result | Kind::Error);
        let tx = tx.map(TransactionIdRef::parse);
        let head = Head { kind, is_implied, type_name, tx, context: None };
        Codec::Text.begin(&mut out, head, payload.is_some());
        out.extend_from_slice(payload.unwrap_or_default().as_bytes());
        Codec::Text.end(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn frames_look_as_the_protocol_says() {
        assert_eq!(
            encode(Kind::Request, "compute", Some("a1"), Some("[1]")),
            r#"{"type":"compute","tx":"a1","payload":[1]}"#
        );
        assert_eq!(encode(Kind::Result, "compute", Some("a1"), None), r#"{"type":"computeResult","tx":"a1"}"#);
        assert_eq!(
            encode(Kind::Error, "compute", Some("a1"), Some("{}")),
            r#"{"type":"computeError","tx":"a1","payload":{}}"#
        );
        assert_eq!(
            encode(Kind::Notification, "log", None, Some("1")),
            r#"{"kind":"notification","type":"log","payload":1}"#
        );
        assert_eq!(
            encode(Kind::Stream, "tail", Some("a1"), Some("1")),
            r#"{"kind":"stream","type":"tail","tx":"a1","payload":1}"#
        );
        assert_eq!(encode(Kind::Chunk, "", Some("a1"), Some("1")), r#"{"kind":"chunk","tx":"a1","payload":1}"#);
        assert_eq!(encode(Kind::Cancel, "", Some("a1"), None), r#"{"kind":"cancel","tx":"a1"}"#);
        assert_eq!(encode(Kind::Close, "", None, None), r#"{"kind":"close"}"#);
        assert_eq!(encode(Kind::Startup, "", None, Some("7")), r#"{"kind":"startup","payload":7}"#);
    }

    #[test]
    fn an_answer_of_the_host_says_that_it_is_one() {
        let mut out = Vec::new();
        let tx = Some(TransactionIdRef::Custom("a1"));
        let head = Head { tx, ..Head::new(Kind::Result, "lookup") };
        Codec::Text.begin(&mut out, head, false);
        Codec::Text.end(&mut out);
        assert_eq!(out, br#"{"kind":"result","type":"lookupResult","tx":"a1"}"#);
        assert_eq!(Codec::Text.decode(&out).unwrap().kind, Some(Kind::Result));
    }

    #[test]
    fn names_with_quotes_and_control_characters_survive() {
        let name = "say \"hi\"\\\n\u{1}é";
        let frame = encode(Kind::Request, name, Some("\"tx\":\""), Some("null"));
        let message = decode(frame.as_bytes()).unwrap();
        assert_eq!(message.type_name, name);
        assert_eq!(message.tx.as_deref(), Some("\"tx\":\""));
        assert_eq!(&frame[message.payload.unwrap()], "null");
    }

    #[test]
    fn a_context_stands_before_the_payload() {
        let context = r#"{"traceparent":"00-\"},{","é":"\\"}"#;
        let mut frame = Vec::new();
        let tx = Some(TransactionIdRef::Custom("b"));
        let head = Head { tx, is_implied: true, context: Some(context), ..Head::new(Kind::Request, "a") };
        Codec::Text.begin(&mut frame, head, true);
        frame.extend_from_slice(b"[1]}");
        assert!(frame.starts_with(br#"{"type":"a","tx":"b","context":{"traceparent":"#));
        for codec in [Codec::Text, Codec::Json] {
            let Message { tx, context: range, payload, .. } = codec.decode(&frame).unwrap();
            assert_eq!(&frame[range.unwrap()], context.as_bytes());
            assert_eq!((tx.as_deref(), &frame[payload.unwrap()]), (Some("b"), &b"[1]"[..]));
        }
        let empty = br#"{"kind":"notification","type":"a","context":{}}"#;
        assert_eq!(Codec::Text.decode(empty).unwrap().context, Some(44..46));
    }

    #[test]
    fn a_context_that_is_no_object_of_strings_is_refused_and_its_transaction_known() {
        for context in
            ["", "{", "1", "[]", "{1:2}", r#"{"a"}"#, r#"{"a":1}"#, r#"{"a":"b",}"#, r#"{"a":"b""#, r#"{,"a":"b"}"#]
        {
            let frame = format!(r#"{{"type":"a","tx":"b","context":{context},"payload":1}}"#);
            assert_eq!(Codec::Text.decode(frame.as_bytes()), Err(Malformed::Envelope), "{frame}");
            assert_eq!(Codec::Text.decode_head(frame.as_bytes()).unwrap().tx.as_deref(), Some("b"), "{frame}");
        }
    }

    #[test]
    fn a_payload_that_looks_like_an_envelope_stays_a_payload() {
        let payload = r#"{"type":"x","tx":"y","payload":{}}"#;
        let frame = encode(Kind::Request, "a", Some("b"), Some(payload));
        assert_eq!(&frame[decode(frame.as_bytes()).unwrap().payload.unwrap()], payload);
    }

    #[test]
    fn json_from_others_may_come_in_any_order() {
        let frame = br#" { "payload" : {"a": [1, 2]}, "extra": 1, "tx": "7", "type": "com\u0070ute" } "#;
        let message = Codec::Json.decode(frame).unwrap();
        assert_eq!(message.type_name, "compute");
        assert_eq!(message.tx.as_deref(), Some("7"));
        assert_eq!(&frame[message.payload.unwrap()], br#"{"a": [1, 2]}"#);
        assert_eq!(Codec::Text.decode(frame), Err(Malformed::Envelope));
    }

    #[test]
    fn a_null_payload_is_not_a_missing_one() {
        for frame in [&br#"{"type":"a","tx":"b","payload":null}"#[..], br#"{"tx":"b","type":"a","payload":null}"#] {
            assert!(Codec::Json.decode(frame).unwrap().payload.is_some(), "{}", String::from_utf8_lossy(frame));
        }
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        for frame in [
            "",
            "{",
            "}",
            "{}",
            "[]",
            "null",
            "garbage",
            r#"{"type":"a""#,
            r#"{"type":"a"}}"#,
            r#"{"tx":"b"}"#,
            r#"{"type":"a","type":"b"}"#,
            r#"{"type":5}"#,
            r#"{"type":"\"#,
            r#"{"type":"a\"#,
        ] {
            assert!(Codec::Text.decode(frame.as_bytes()).is_err(), "{frame}");
            assert!(Codec::Json.decode(frame.as_bytes()).is_err(), "{frame}");
        }
        // An empty text is valid as text, but not as JSON.
        assert_eq!(Codec::Text.decode(br#"{"type":"a","payload":}"#).unwrap().payload, Some(22..22));
        assert!(Codec::Json.decode(br#"{"type":"a","payload":}"#).is_err());
        assert_eq!(Codec::Json.decode(br#"{"kind":"dance"}"#), Err(Malformed::UnknownKind));
        assert_eq!(Codec::Text.decode(b"{\"type\":\"\xff\",\"tx\":\"a\"}"), Err(Malformed::Encoding));
    }

    #[test]
    fn a_head_alone_tells_the_transaction() {
        let head = br#"{"type":"computeResult","tx":"abc","payload":[1,2,3"#;
        assert_eq!(Codec::Text.decode_head(head).unwrap().tx.as_deref(), Some("abc"));
        assert_eq!(Codec::Text.decode_head(br#"{"type":"comp"#), None);
    }
}
