//! The stable codes of all errors that this crate makes. `tests/generated.rs` writes them to the facade as a type.

/// Defines the codes, and the list of all of them.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*

        /// All codes.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

codes! {
    /// A worker has refused this host.
    ATTACH_REFUSED = "ERR_ATTACH_REFUSED",
    /// The peer reads no answers.
    BACKPRESSURE = "ERR_BACKPRESSURE",
    /// The host's handshake has not come in time.
    CONNECT_TIMEOUT = "ERR_CONNECT_TIMEOUT",
    /// A request with this transaction id is in flight.
    DUPLICATE_TRANSACTION = "ERR_DUPLICATE_TRANSACTION",
    /// This thread is blocked and can serve no request.
    HOST_BLOCKED = "ERR_HOST_BLOCKED",
    /// A value of the user is unusable.
    INVALID_OPTION = "ERR_INVALID_OPTION",
    /// A transaction id is unusable.
    INVALID_TRANSACTION_ID = "ERR_INVALID_TRANSACTION_ID",
    /// A message of the peer is unusable.
    MALFORMED_MESSAGE = "ERR_MALFORMED_MESSAGE",
    /// A message is over the limit.
    MESSAGE_TOO_LARGE = "ERR_MESSAGE_TOO_LARGE",
    /// A payload cannot be sent.
    NOT_SERIALIZABLE = "ERR_NOT_SERIALIZABLE",
    /// No worker listens at the path.
    NO_SUCH_WORKER = "ERR_NO_SUCH_WORKER",
    /// The peer speaks another protocol.
    PROTOCOL_MISMATCH = "ERR_PROTOCOL_MISMATCH",
    /// The two sides have different serializers.
    SERIALIZER_MISMATCH = "ERR_SERIALIZER_MISMATCH",
    /// A worker has not answered in time.
    START_TIMEOUT = "ERR_START_TIMEOUT",
    /// The peer sends too much while this thread is blocked.
    SYNC_OVERFLOW = "ERR_SYNC_OVERFLOW",
    /// An operation of the system failed, or the addon itself.
    SYSTEM = "ERR_SYSTEM",
    /// An encoded message contains the bytes that end a frame.
    TERMINATOR_IN_MESSAGE = "ERR_TERMINATOR_IN_MESSAGE",
    /// The peer sends more requests than this side holds.
    TOO_MANY_REQUESTS = "ERR_TOO_MANY_REQUESTS",
    /// The peer does not understand this kind of message.
    UNSUPPORTED_BY_PEER = "ERR_UNSUPPORTED_BY_PEER",
    /// The platform lacks what the operation needs.
    UNSUPPORTED_PLATFORM = "ERR_UNSUPPORTED_PLATFORM",
    /// The connection is closed, or the worker has ended.
    WORKER_CLOSED = "ERR_WORKER_CLOSED",
    /// Another host has the worker, or another worker the socket.
    WORKER_OCCUPIED = "ERR_WORKER_OCCUPIED",
}
