//! The envelope on the wire: kind, type and transaction id. The payload stays opaque bytes.
//!
//! Text frames look like `{"type":"compute","tx":"…","payload":…}`: the head comes first, and the payload is everything
//! between `"payload":` and the last brace, verbatim. So the payload needs no scanning, may be any text, and a
//! truncated frame still names its transaction. A peer that does not promise this layout may send JSON members in any
//! order and with white space, so a worker can be written in any language.
//!
//! Binary frames start with an eight-byte head: kind, flags (bit 0: a payload follows), the lengths of type, transaction id
//! and context as 16 bits each, all little-endian. Type, transaction id, context and payload follow.

mod binary;
mod text;

use std::borrow::Cow;
use std::ops::Range;

use crate::protocol::transaction_id::TransactionIdRef;

/// The kind of a message.
///
/// The *requester* sends a request, the *answerer* answers it; host and worker are each of both. Each kind goes one way
/// between the two, so the kind selects the table of the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Expects an answer with the same transaction id.
    Request = 1,
    /// The answer of a handler that returned.
    Result = 2,
    /// The answer of a handler that threw; the payload is a [`crate::protocol::remote_error::RemoteError`] as JSON.
    Error = 3,
    /// Expects no answer and has no transaction id.
    Notification = 4,
    /// The host asks the worker to stop.
    Close = 5,
    /// Start-up data, sent once, right behind the host's handshake.
    Startup = 6,
    /// The worker's JavaScript is about to end because of the error in the payload, as for [`Kind::Error`].
    Fatal = 7,
    /// A request whose outcome may follow chunks.
    Stream = 9,
    /// A request with input after its payload.
    Upload = 10,
    /// A stream and an upload.
    Duplex = 11,
    /// From the requester: it no longer waits for the outcome.
    Cancel = 12,
    /// From the answerer: progress.
    Progress = 13,
    /// From the answerer: a chunk of the outcome of a [`Kind::Stream`] or [`Kind::Duplex`].
    Chunk = 14,
    /// From the requester: the answerer may send this many more units of chunks.
    Credit = 15,
    /// From the requester: a chunk of the input of an [`Kind::Upload`] or [`Kind::Duplex`].
    Input = 16,
    /// From the requester: the end of the input; the payload, if any, is the error that ended it.
    InputEnd = 17,
    /// From the answerer: the requester may send this many more units of input; 0: the answerer wants no more.
    Demand = 18,
    /// The totals of requests and notifications, and of their bytes, that the peer may send since the beginning of the
    /// connection: see [`crate::protocol::grants`].
    Grant = 20,
    /// A question of the requester: it is answered when the handler of the request that it has cancelled has ended. Its
    /// payload is the transaction id of that request, as JSON.
    Ended = 21,
    /// From a detached worker: the outcome of a request whose host has left.
    KeptResult = 22,
    /// From a detached worker: another host takes over the connection.
    TakenOver = 23,
}

/// All kinds with their names in text frames.
pub const NAMES: &[(Kind, &str)] = &[
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
    (Kind::Grant, "grant"),
    (Kind::Ended, "ended"),
    (Kind::KeptResult, "keptResult"),
    (Kind::TakenOver, "takenOver"),
];

impl Kind {
    /// The `kind` member of a text frame.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, other)| *other == name).map(|(kind, _)| *kind)
    }

    /// The kind with this number.
    pub fn from_byte(byte: u8) -> Option<Self> {
        NAMES.iter().find(|(kind, _)| *kind as u8 == byte).map(|(kind, _)| *kind)
    }

    /// Whether a message of this kind has a type.
    pub fn has_type(self) -> bool {
        self.has_handler() || matches!(self, Kind::Result | Kind::Error)
    }

    /// Whether a message of this kind may have a context.
    pub fn has_context(self) -> bool {
        self.has_handler()
    }

    /// Whether a handler of the user serves it.
    fn has_handler(self) -> bool {
        self == Kind::Notification || (self.is_request() && self != Kind::Ended)
    }

    /// Whether it needs a grant: the peer holds it until it has been served.
    pub fn needs_grant(self) -> bool {
        self.is_request() || self == Kind::Notification
    }

    /// Whether it expects an outcome.
    pub fn is_request(self) -> bool {
        matches!(self, Kind::Request | Kind::Stream | Kind::Upload | Kind::Duplex | Kind::Ended)
    }

    /// Whether the answerer of a transaction sends it.
    pub fn is_from_answerer(self) -> bool {
        matches!(self, Kind::Result | Kind::Error | Kind::Progress | Kind::Chunk | Kind::Demand)
    }
}

/// The envelope in front of a payload.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The kind of the message.
    pub kind: Kind,
    /// A text frame omits the kind of a request of the host, and of an answer of the worker. The transaction id and the
    /// sending side distinguish them, never the spelling of a type.
    pub is_implied: bool,
    /// The plain name, at most [`TYPE_NAME_LIMIT`] bytes; the text codec appends the suffix of answers. Empty for kinds
    /// without a type.
    pub type_name: &'a str,
    /// The transaction id.
    pub tx: Option<TransactionIdRef<'a>>,
    /// The context of a request or a notification: a JSON object of strings, at most [`CONTEXT_LIMIT`] bytes.
    pub context: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// The head of a message without a transaction.
    pub fn new(kind: Kind, type_name: &'a str) -> Self {
        Self { kind, is_implied: false, type_name, tx: None, context: None }
    }
}

/// The format of envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Text envelopes, read in exactly the layout that this library writes. The payload may be any text.
    Text,
    /// Text envelopes around JSON, read as JSON: for peers that do not promise the layout (see [`crate::protocol::handshake`]).
    Json,
    /// Binary envelopes.
    Binary,
}

/// A decoded envelope; it borrows from the frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// `None`: a text frame without `kind`, a request or an answer.
    pub kind: Option<Kind>,
    /// The message type; empty for kinds without one. The type of a text answer ends in `Result` or `Error`.
    pub type_name: Cow<'a, str>,
    /// The transaction id.
    pub tx: Option<Cow<'a, str>>,
    /// The range of the context in the frame, as JSON.
    pub context: Option<Range<usize>>,
    /// The range of the payload in the frame; `None`: no payload, which stands for `undefined`.
    pub payload: Option<Range<usize>>,
}

/// Why a frame is not a message. The decoder drops the frame and handles the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes are not an envelope.
    #[error("the frame is not a message envelope")]
    Envelope,
    /// A kind that this version does not know.
    #[error("the message has an unknown kind")]
    UnknownKind,
    /// A type or transaction id is not valid UTF-8.
    #[error("the message type or transaction id is not valid UTF-8")]
    Encoding,
    /// A length inside the frame points past its end.
    #[error("a length inside the frame points past its end")]
    Length,
    /// A type is longer than a sender may write.
    #[error("the message type is longer than {TYPE_NAME_LIMIT} bytes")]
    Name,
}

/// The longest context, in bytes of UTF-8.
pub const CONTEXT_LIMIT: usize = 0xffff;

/// The longest message type, in bytes of UTF-8.
pub const TYPE_NAME_LIMIT: usize = 1024;

/// The longest suffix of the type of an answer, as text.
const LONGEST_SUFFIX: usize = "Result".len();

impl Codec {
    /// Writes the envelope in front of the payload.
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

    /// Writes the end after the payload.
    pub fn end(self, out: &mut Vec<u8>) {
        if self != Codec::Binary {
            out.push(b'}');
        }
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// The frame is no message; see [`Malformed`].
    pub fn decode(self, frame: &[u8]) -> Result<Message<'_>, Malformed> {
        // The result stays where the decoder has written it: moving it would cost more than the check.
        let result = match self {
            Codec::Json => text::decode_any_order(frame),
            Codec::Text => text::decode(frame),
            Codec::Binary => binary::decode(frame),
        };
        match &result {
            Ok(message) if message.type_name.len() > TYPE_NAME_LIMIT + LONGEST_SUFFIX => Err(Malformed::Name),
            _ => result,
        }
    }

    /// Decodes the head of a truncated frame: its type and transaction id, but no payload.
    pub fn decode_head(self, head: &[u8]) -> Option<Message<'_>> {
        match self {
            Codec::Text | Codec::Json => text::decode_head(head),
            Codec::Binary => binary::decode_head(head),
        }
    }
}
