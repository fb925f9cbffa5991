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
mod tests;
