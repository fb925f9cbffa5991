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
