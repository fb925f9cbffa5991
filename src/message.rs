//! The envelope on the wire: kind, type and transaction id. The payload stays opaque bytes.
//!
//! Text frames look like `{"type":"compute","tx":"…","payload":…}`: the head comes first, and the payload is everything
//! between `"payload":` and the last brace, verbatim. So the payload needs no scanning, may be any text, and a frame
//! that is cut short still tells which transaction it belonged to. From a peer that does not promise this layout, JSON
//! members may come in any order and with white space, so that a worker can be written in any language.
//!
//! Binary frames start with an eight-byte head: kind, flags (bit 0: a payload follows), type length and transaction id
//! length as 16 bits each, 16 zero bits, all little-endian. Type, transaction id and payload follow.

mod binary;
mod text;

use std::borrow::Cow;
use std::ops::Range;

use crate::transaction_id::TransactionIdRef;

/// What a message is for.
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
}

impl Kind {
    /// The `kind` member of a text frame. Requests and their answers carry none: the transaction id and the side they
    /// come from tell them apart, never the spelling of a type.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Kind::Request | Kind::Result | Kind::Error => None,
            Kind::Notification => Some("notification"),
            Kind::Close => Some("close"),
            Kind::Startup => Some("startup"),
            Kind::Fatal => Some("fatal"),
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Kind::Notification, Kind::Close, Kind::Startup, Kind::Fatal].into_iter().find(|kind| kind.name() == Some(name))
    }

    fn from_byte(byte: u8) -> Option<Self> {
        use Kind::{Close, Error, Fatal, Notification, Request, Result, Startup};
        [Request, Result, Error, Notification, Close, Startup, Fatal].into_iter().find(|kind| *kind as u8 == byte)
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

/// The longest message type, in bytes of UTF-8.
pub const TYPE_NAME_LIMIT: usize = 1024;

impl Codec {
    /// Writes everything in front of the payload.
    ///
    /// `type_name` is the plain name, at most [`TYPE_NAME_LIMIT`] bytes; text answers get their suffix here. Without a
    /// payload, [`Codec::end`] follows at once.
    ///
    /// # Panics
    /// `type_name` or `tx` is longer than 65,535 bytes.
    pub fn begin(
        self,
        out: &mut Vec<u8>,
        kind: Kind,
        type_name: &str,
        tx: Option<TransactionIdRef<'_>>,
        has_payload: bool,
    ) {
        match self {
            Codec::Json | Codec::Text => text::begin(out, kind, type_name, tx, has_payload),
            Codec::Binary => binary::begin(out, kind, type_name, tx, has_payload),
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
            Codec::Binary => binary::decode(head).ok(),
        }
    }
}
