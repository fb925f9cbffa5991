//! The envelope on the wire: kind, type and transaction id. The payload stays opaque bytes.
//!
//! Text frames look like `{"type":"compute","tx":"…","payload":…}`: the head comes first, and the payload is everything
//! between `"payload":` and the last brace, verbatim. So the payload needs no scanning, may be any text, and a frame
//! that is cut short still tells which transaction it belonged to. From a peer that does not promise this layout, JSON
//! members may come in any order and with white space, so that a worker can be written in any language.
//!
//! Binary frames start with an eight-byte head: kind, flags (bit 0: a payload follows), the lengths of type, transaction id
//! and context as 16 bits each, all little-endian. Type, transaction id, context and payload follow.

mod binary;
mod text;

use std::borrow::Cow;
use std::ops::Range;

use crate::transaction_id::TransactionIdRef;

/// What a message is for.
///
/// Who sends a request is its *requester*, who answers it its *answerer*; host and worker are each of both. A kind goes one
/// way between the two, so it tells whose transaction it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Expects an answer with the same transaction id.
    Request = 1,
    /// The answer of a handler that returned.
    Result = 2,
    /// The answer of a handler that threw; the payload is a [`crate::remote_error::RemoteError`] as JSON.
    Error = 3,
    /// Expects no answer and has no transaction id.
    Notification = 4,
    /// The host asks the worker to stop.
    Close = 5,
    /// Start-up data, sent once, right behind the host's handshake.
    Startup = 6,
    /// The worker's JavaScript is about to end because of an error, the payload, as for [`Kind::Error`].
    Fatal = 7,
    /// A request whose outcome chunks may come before.
    Stream = 9,
    /// A request whose payload chunks follow.
    Upload = 10,
    /// Both.
    Duplex = 11,
    /// From the requester: nobody waits for the outcome any more.
    Cancel = 12,
    /// From the answerer: how far it is.
    Progress = 13,
    /// From the answerer: a part of the outcome of a [`Kind::Stream`] or [`Kind::Duplex`].
    Chunk = 14,
    /// From the requester: so many more units of chunks may be sent.
    Credit = 15,
    /// From the requester: a part of the payload of an [`Kind::Upload`] or [`Kind::Duplex`].
    Input = 16,
    /// From the requester: no more of them; the payload, if there is one, is the error that has ended them.
    InputEnd = 17,
    /// From the answerer: so many more units of input may be sent; 0: no more is wanted.
    Demand = 18,
}

/// All kinds with the names they have in text frames.
const NAMES: [(Kind, &str); 17] = [
    (Kind::Request, "request"),
    (Kind::Result, "result"),
    (Kind::Error, "error"),
    (Kind::Notification, "notification"),
    (Kind::Close, "close"),
    (Kind::Startup, "startup"),
    (Kind::Fatal, "fatal"),
    (Kind::Stream, "stream"),
    (Kind::Upload, "upload"),
    (Kind::Duplex, "duplex"),
    (Kind::Cancel, "cancel"),
    (Kind::Progress, "progress"),
    (Kind::Chunk, "chunk"),
    (Kind::Credit, "credit"),
    (Kind::Input, "input"),
    (Kind::InputEnd, "inputEnd"),
    (Kind::Demand, "demand"),
];

impl Kind {
    /// The `kind` member of a text frame.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, other)| *other == name).map(|(kind, _)| *kind)
    }

    fn from_byte(byte: u8) -> Option<Self> {
        NAMES.iter().find(|(kind, _)| *kind as u8 == byte).map(|(kind, _)| *kind)
    }

    /// Whether a message of this kind has a type.
    pub fn has_type(self) -> bool {
        self.is_request() || matches!(self, Kind::Result | Kind::Error | Kind::Notification)
    }

    /// Whether a context may go with it.
    pub fn has_context(self) -> bool {
        self.is_request() || self == Kind::Notification
    }

    /// Whether it expects an outcome.
    pub fn is_request(self) -> bool {
        matches!(self, Kind::Request | Kind::Stream | Kind::Upload | Kind::Duplex)
    }

    /// Whether the answerer of a transaction sends it.
    pub fn is_from_answerer(self) -> bool {
        matches!(self, Kind::Result | Kind::Error | Kind::Progress | Kind::Chunk | Kind::Demand)
    }
}

/// What is in front of a payload.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// What the message is for.
    pub kind: Kind,
    /// A text frame does without the kind: a request of the host, or an answer of the worker. The transaction id and the
    /// side they come from tell them apart, never the spelling of a type.
    pub is_implied: bool,
    /// The plain name, at most [`TYPE_NAME_LIMIT`] bytes; text answers get their suffix here. Empty where there is none.
    pub type_name: &'a str,
    /// The transaction id.
    pub tx: Option<TransactionIdRef<'a>>,
    /// What goes with a request or a notification besides its payload: a JSON object of strings, at most
    /// [`CONTEXT_LIMIT`] bytes.
    pub context: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// That of a message without transaction.
    pub fn new(kind: Kind, type_name: &'a str) -> Self {
        Self { kind, is_implied: false, type_name, tx: None, context: None }
    }
}

/// How envelopes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Text envelopes, read as exactly the layout this library writes. The payload may be any text.
    Text,
    /// Text envelopes around JSON, read as JSON: for peers that do not promise the layout (see [`crate::handshake`]).
    Json,
    /// Binary envelopes.
    Binary,
}

/// A decoded envelope; it borrows from the frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// `None`: a text frame without `kind`, a request or an answer.
    pub kind: Option<Kind>,
    /// The message type; empty where the kind has none. The type of a text answer ends in `Result` or `Error`.
    pub type_name: Cow<'a, str>,
    /// The transaction id.
    pub tx: Option<Cow<'a, str>>,
    /// Where in the frame the context is, as JSON.
    pub context: Option<Range<usize>>,
    /// Where in the frame the payload is; `None`: there is none, which stands for `undefined`.
    pub payload: Option<Range<usize>>,
}

/// Why a frame is no message. The frame is dropped; those around it are fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes are not an envelope.
    #[error("the frame is not a message envelope")]
    Envelope,
    /// A kind this version does not know.
    #[error("the message has an unknown kind")]
    UnknownKind,
    /// A type or transaction id is not valid UTF-8.
    #[error("the message type or transaction id is not valid UTF-8")]
    Encoding,
    /// A length inside the frame points past its end.
    #[error("a length inside the frame points past its end")]
    Length,
}

/// The longest context, in bytes of UTF-8.
pub const CONTEXT_LIMIT: usize = 0xffff;

/// The longest message type, in bytes of UTF-8.
pub const TYPE_NAME_LIMIT: usize = 1024;

impl Codec {
    /// Writes everything in front of the payload.
    ///
    /// Without a payload, [`Codec::end`] follows at once.
    ///
    /// # Panics
    /// The type, the transaction id or the context is longer than 65,535 bytes.
    pub fn begin(self, out: &mut Vec<u8>, head: Head<'_>, has_payload: bool) {
        match self {
            Codec::Json | Codec::Text => text::begin(out, head, has_payload),
            Codec::Binary => binary::begin(out, head, has_payload),
        }
    }

    /// Writes what follows the payload.
    pub fn end(self, out: &mut Vec<u8>) {
        if self != Codec::Binary {
            out.push(b'}');
        }
    }

    /// Takes a frame apart.
    ///
    /// # Errors
    /// The frame is no message; see [`Malformed`].
    pub fn decode(self, frame: &[u8]) -> Result<Message<'_>, Malformed> {
        match self {
            Codec::Json => text::decode_any_order(frame),
            Codec::Text => text::decode(frame),
            Codec::Binary => binary::decode(frame),
        }
    }

    /// Reads what can be read of a frame whose rest is missing: its type and transaction id, but no payload.
    pub fn decode_head(self, head: &[u8]) -> Option<Message<'_>> {
        match self {
            Codec::Text | Codec::Json => text::decode_head(head),
            Codec::Binary => binary::decode_head(head),
        }
    }
}
