//! The numbers that the addon and its TypeScript facade exchange.
//!
//! `tests/generated.rs` writes them, and those of [`crate::protocol`], to `ts/protocol/generated.ts`.

use crate::protocol::message::Kind;

/// Defines an enum of numbers with the list of its members.
macro_rules! numbered {
    ($(#[$attribute:meta])* $name:ident: $($(#[$doc:meta])* $member:ident = $number:expr,)*) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(i32)]
        pub enum $name {
            $($(#[$doc])* $member = $number,)*
        }

        impl $name {
            /// All members and their names.
            pub const MEMBERS: &'static [(&'static str, i32)] = &[$((stringify!($member), Self::$member as i32)),*];

            /// The member with this number.
            pub fn from_number(number: i32) -> Option<Self> {
                [$(Self::$member),*].into_iter().find(|member| *member as i32 == number)
            }
        }
    };
}

/// The integers in front of the records in the shared memory: whether a flush is scheduled, three for data of an event
/// or a command, [`READY_HINT`] and [`SLOW_HINT`]. Their number aligns the rest for floating-point numbers.
pub const HEAD: usize = 6;
/// The integer that JavaScript sets when Node has delivered messages.
pub const READY_HINT: usize = 4;
/// The integer that the addon sets when a recent batch, with all that followed it, has taken long.
pub const SLOW_HINT: usize = 5;
/// The integers of one record: kind, number, second number, length of the payload ([`NO_PAYLOAD`]: none).
pub const RECORD: usize = 4;
/// In place of a length: the record has no payload.
pub const NO_PAYLOAD: i32 = -1;
/// In place of a length: the payload has segments. Its size is subtracted from this number.
pub const SEGMENTS: i32 = -2;

/// In place of a timeout: the configured one of the message type.
pub const CONFIGURED: i32 = -1;
/// In place of a slot: too much output waits, and nothing was sent.
pub const NO_CAPACITY: u32 = u32::MAX;

/// A ticket is `sequence % 2^27 * TICKET_SLOTS + slot`: an integer that a JavaScript number holds exactly.
pub const TICKET_SLOTS: u64 = 1 << 26;
/// In place of a ticket: there is none.
pub const NO_TICKET: f64 = -1.0;
/// The most tickets that one call exchanges.
pub const TICKETS: usize = 2048;
/// The hexadecimal digits at the end of a generated transaction id: the number of its request.
pub const ID_DIGITS: u32 = 12;
/// Requests of a worker have numbers from this one on: their ids then differ from those of its host.
pub const WORKER_NUMBERS: u64 = 1 << (4 * ID_DIGITS - 1);

numbered! {
    /// The kind of a record in a batch of messages.
    RecordKind:
    /// The result of a request of this side. Outcomes have the lowest numbers.
    Result = 1,
    /// The error of a request of this side.
    RemoteError = 2,
    /// A request of this side has timed out.
    TimedOut = 3,
    /// A plain request of the peer.
    Request = 4,
    /// A notification of the peer.
    Notification = 5,
    // The following have the numbers of the wire: no number above may be one of them.
    /// A request for a stream.
    Stream = Kind::Stream as i32,
    /// A request with input.
    Upload = Kind::Upload as i32,
    /// A request for a stream, with input.
    Duplex = Kind::Duplex as i32,
    /// The peer no longer waits for the outcome.
    Cancel = Kind::Cancel as i32,
    /// Progress of a handler of the peer.
    Progress = Kind::Progress as i32,
    /// A chunk of the outcome of a request of this side.
    Chunk = Kind::Chunk as i32,
    /// This side may send more chunks.
    Credit = Kind::Credit as i32,
    /// A chunk of input.
    Input = Kind::Input as i32,
    /// The end of the input.
    InputEnd = Kind::InputEnd as i32,
    /// This side may send more input.
    Demand = Kind::Demand as i32,
    /// The context of the message in the next record.
    Context = ValueKind::Context as i32,
}

numbered! {
    /// The kind of a message that only connections of values have, besides those of [`crate::protocol::message::Kind`].
    ValueKind:
    /// The handshake.
    Hello = 8,
    /// The context of the next message.
    Context = 19,
    /// Between threads: this side could not read a post of the other side, by its number.
    Unreadable = 40,
    /// Between threads: all posts up to this number have arrived.
    Received = 41,
}

numbered! {
    /// The kind of a rare event, which has its own call into JavaScript.
    Control:
    /// Both handshakes are done.
    Ready = 1,
    /// The two sides do not fit.
    Mismatch = 2,
    /// The peer's handshake has not arrived in time.
    HandshakeTimedOut = 3,
    /// An unusable answer to a request of this side.
    Refused = 4,
    /// A request of a type without a handler.
    UnknownRequest = 5,
    /// A notification of a type without a handler.
    UnknownNotification = 6,
    /// The host asks the worker to stop.
    Close = 7,
    /// A message was dropped.
    Dropped = 8,
    /// The input has ended.
    End = 9,
    /// The error that is about to end the worker.
    Fatal = 10,
    /// JavaScript may send requests again.
    Room = 11,
    /// A deadline has passed.
    Due = 12,
    /// An unusable message for a request of the peer.
    InputRefused = 13,
    /// The connection was given up: the peer reads no answers.
    Overflow = 14,
    /// JavaScript may send answers and chunks again.
    Writable = 15,
    /// The addon has failed, and has closed the connection.
    Broken = 16,
    /// The peer asks whether a request that it has cancelled has ended.
    Ended = 17,
    /// The outcome of a request whose host has left.
    KeptResult = 18,
    /// Another host takes over the worker.
    TakenOver = 19,
}

numbered! {
    /// How a request has ended for which a thread was blocked.
    WaitOutcome:
    /// It has a result.
    Result = 1,
    /// Its handler has failed.
    RemoteError = 2,
    /// It has timed out.
    TimedOut = 3,
    /// Its answer is unusable.
    Refused = 4,
    /// The connection has ended.
    Lost = 5,
}

numbered! {
    /// When a connection keeps the event loop alive.
    #[derive(Default)]
    RefMode:
    /// Never.
    Never = 0,
    /// While requests are in flight.
    #[default]
    InFlight = 1,
    /// Until it is closed.
    Always = 2,
}

numbered! {
    /// The state of a worker according to its answer to a ping.
    PulseState:
    /// It lives; its JavaScript has run for a known time, 0 if it waits.
    Busy = 1,
    /// It lives; no more is known.
    Alive = 2,
    /// It has not answered yet.
    Silent = 3,
    /// It has ended.
    Gone = 4,
}
