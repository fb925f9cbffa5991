//! The errors of sending a message or making a connection, each with its stable code.

pub mod code;

use crate::protocol::exchange::Side;
use crate::protocol::frame::FrameError;
use crate::protocol::timeouts::InvalidTimeout;
use crate::protocol::transaction_id::InvalidTransactionId;
use crate::protocol::transactions::DuplicateTransaction;

/// A failed operation. It concerns one message or one call; the connection continues unless the variant says otherwise.
///
/// The text names the operation, the value or limit, and the next step; users read it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The encoded message is over the limit.
    #[error(
        "cannot send \"{type_name}\": the message has {size} bytes, the limit is {limit}. \
         Raise `maxMessageSize` or split the payload."
    )]
    TooLarge {
        /// The message type.
        type_name: String,
        /// Bytes of the whole frame.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The encoded message contains the bytes that end a frame.
    #[error(
        "cannot send \"{type_name}\": its encoded form contains the serializer's terminator. \
         Choose a terminator that cannot occur in a message, or a binary serializer."
    )]
    ContainsTerminator {
        /// The message type.
        type_name: String,
    },
    /// A request with this transaction id is in flight.
    #[error("cannot send: {0}. Let `txIdGenerator` return a new id for each message.")]
    Duplicate(#[from] DuplicateTransaction),
    /// The id of a generator is unusable.
    #[error("cannot send: {0}")]
    InvalidTransactionId(#[from] InvalidTransactionId),
    /// A timeout is not a number of milliseconds.
    #[error("{0}")]
    InvalidTimeout(#[from] InvalidTimeout),
    /// The name of a message type is too long.
    #[error("a message type may have at most {limit} bytes of UTF-8, this one has {size}")]
    TypeNameTooLong {
        /// Bytes of the name.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The terminator occurs in every envelope.
    #[error(
        "the serializer \"{serializer}\" has the terminator {terminator:?}, which occurs in message envelopes. \
         Choose one that contains a control character, such as \"\\n\"."
    )]
    UnusableTerminator {
        /// The serializer's name.
        serializer: String,
        /// The terminator.
        terminator: String,
    },
    /// The peer does not understand this kind of message.
    #[error(
        "cannot send \"{type_name}\": the {peer} does not understand {what}. Its program speaks an older or smaller form \
         of the protocol: update it, or do without."
    )]
    UnsupportedByPeer {
        /// The message type.
        type_name: String,
        /// The side that lacks it.
        peer: &'static str,
        /// The missing feature.
        what: &'static str,
    },
    /// The peer does not accept shared buffers.
    #[error(
        "the {} does not accept shared buffers: give its {} `sharedMemory: true` (on Linux, with the serializer \
         'structured'), or send a copy: buffer.read()",
        sender.peer(), options_of_peer(*sender)
    )]
    SharedBufferRefused {
        /// The side that sends.
        sender: Side,
    },
    /// The message has more shared buffers than descriptors may go with it.
    #[error("the message has {count} shared buffers, the limit is {most}")]
    TooManySharedBuffers {
        /// Shared buffers of the message.
        count: usize,
        /// The limit.
        most: usize,
    },
    /// The message is over the limit, with the bytes of its shared buffers.
    #[error(
        "the message has {size} bytes, those of its shared buffers included; the limit is {limit}. \
         Raise `maxMessageSize`, or share less."
    )]
    SharedBuffersTooLarge {
        /// Bytes of the payload.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection has ended.
    #[error("cannot send \"{type_name}\": the connection is closed")]
    Closed {
        /// The message type.
        type_name: String,
    },
}

impl Error {
    /// The stable code that users switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Error::TooLarge { .. } | Error::SharedBuffersTooLarge { .. } => code::MESSAGE_TOO_LARGE,
            Error::SharedBufferRefused { .. } | Error::TooManySharedBuffers { .. } => code::NOT_SERIALIZABLE,
            Error::ContainsTerminator { .. } => code::TERMINATOR_IN_MESSAGE,
            Error::Duplicate(_) => code::DUPLICATE_TRANSACTION,
            Error::InvalidTransactionId(_) => code::INVALID_TRANSACTION_ID,
            Error::InvalidTimeout(_) | Error::TypeNameTooLong { .. } | Error::UnusableTerminator { .. } => {
                code::INVALID_OPTION
            }
            Error::UnsupportedByPeer { .. } => code::UNSUPPORTED_BY_PEER,
            Error::Closed { .. } => code::WORKER_CLOSED,
        }
    }

    pub(crate) fn from_frame(error: FrameError, type_name: &str) -> Self {
        let type_name = type_name.to_owned();
        match error {
            FrameError::TooLarge { size, limit } => {
                Error::TooLarge { type_name, size: size as u64, limit: limit as u64 }
            }
            FrameError::ContainsTerminator { .. } => Error::ContainsTerminator { type_name },
        }
    }
}

/// The functions whose options decide what the peer accepts.
fn options_of_peer(sender: Side) -> &'static str {
    match sender {
        Side::Host => "`startWorkerServer`",
        Side::Worker => "`createWorker` or `attachWorker`",
    }
}

/// How many characters of a name of the peer an error shows.
const SHOWN: usize = 200;

/// Text of a peer in quotes: escaped, so that no character affects a terminal, and truncated.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text))
}

/// Like `quoted`, without quotes.
pub(crate) fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let rest = text.chars().count().saturating_sub(SHOWN);
    if rest > 0 {
        shown.push_str(&format!("… ({rest} more)"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_peer_is_quoted_and_cut() {
        assert_eq!(quoted("load"), r#""load""#);
        assert_eq!(quoted("a\u{1b}]0;title\u{7}\nb\""), r#""a\u{1b}]0;title\u{7}\nb\"""#);
        assert_eq!(quoted(&"x".repeat(300)), format!("\"{}… (100 more)\"", "x".repeat(200)));
    }
}
