//! What can go wrong when a message is sent or a connection is made, each with its stable code.

use crate::frame::FrameError;
use crate::timeouts::InvalidTimeout;
use crate::transaction_id::InvalidTransactionId;
use crate::transactions::DuplicateTransaction;

/// A failed operation. It concerns one message or one call; the connection lives on unless it says otherwise.
///
/// The text names the operation, the value or limit, and what to do next; it is what users read.
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
    /// The id a generator returned cannot be used.
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
        /// Who does not.
        peer: &'static str,
        /// What.
        what: &'static str,
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
            Error::TooLarge { .. } => "ERR_MESSAGE_TOO_LARGE",
            Error::ContainsTerminator { .. } => "ERR_TERMINATOR_IN_MESSAGE",
            Error::Duplicate(_) => "ERR_DUPLICATE_TRANSACTION",
            Error::InvalidTransactionId(_) => "ERR_INVALID_TRANSACTION_ID",
            Error::InvalidTimeout(_) | Error::TypeNameTooLong { .. } | Error::UnusableTerminator { .. } => {
                "ERR_INVALID_OPTION"
            }
            Error::UnsupportedByPeer { .. } => "ERR_UNSUPPORTED_BY_PEER",
            Error::Closed { .. } => "ERR_WORKER_CLOSED",
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
