//! How the events of an isolate cross into JavaScript. `ts/isolate/generated.ts` has these numbers, too.

use std::collections::VecDeque;

use crate::mail::{Ending, Event};
use crate::shared::SharedMemory;

/// Defines the members of an enumeration once: as a Rust type, and as a table for the facade.
macro_rules! numbered {
    ($(#[$attribute:meta])* $name:ident: $($(#[$doc:meta])* $member:ident = $number:expr,)*) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* $member = $number,)*
        }

        impl $name {
            /// All members and their names.
            pub const MEMBERS: &'static [(&'static str, u8)] = &[$((stringify!($member), Self::$member as u8)),*];
        }
    };
}

numbered! {
    /// The kinds of events.
    EventKind:
    /// A value in V8's format.
    Message = 0,
    /// A line for the standard output.
    Output = 1,
    /// A line for the standard error.
    ErrorOutput = 2,
    /// The name of a module whose source the isolate waits for.
    Load = 3,
    /// The last event: an [`EndingKind`], and what belongs to it.
    Ended = 4,
    /// The module that imports and the specifier, with a zero between, whose name the isolate waits for.
    Resolve = 5,
    /// A value in V8's format, with shared memories, which the addon gives.
    SharedMessage = 6,
    /// The offset of a word in the next shared memory, and how many of those who wait for it are still to be woken.
    Notified = 7,
}

numbered! {
    /// How an isolate has ended.
    EndingKind:
    /// Four bytes of the exit code follow.
    Exit = 0,
    /// The error follows in V8's format.
    Failed = 1,
    /// The number of the limit follows.
    Limit = 2,
    /// The host has ended it.
    Killed = 3,
    /// A text follows.
    Panicked = 4,
}

/// The names of the limits in the options of the facade, by the numbers of [`crate::limits::Limit`].
pub const LIMIT_NAMES: [&str; 6] = ["memoryMb", "stackKb", "cpuMsPerMessage", "cpuMs", "wallMs", "maxQueuedBytes"];

/// The bytes in front of each event: its kind, and the length of what follows.
pub const HEAD: usize = 5;

/// In place of milliseconds: a cooperative isolate has more to do.
pub const RUNNABLE: i32 = -1;
/// In place of milliseconds: it has ended.
pub const ENDED: i32 = -2;

/// Adds an event to a batch, and its shared memories to `memories`.
pub fn write(batch: &mut Vec<u8>, event: Event, memories: &mut VecDeque<Vec<SharedMemory>>) {
    match event {
        Event::Message(parcel) if parcel.memories.is_empty() => {
            write_bytes(batch, EventKind::Message, &[&parcel.bytes]);
        }
        Event::Message(parcel) => {
            memories.push_back(parcel.memories);
            write_bytes(batch, EventKind::SharedMessage, &[&parcel.bytes]);
        }
        Event::Notified { memory, offset, count } => {
            memories.push_back(vec![memory]);
            // A memory has less than 2^31 bytes.
            write_bytes(batch, EventKind::Notified, &[&(offset as u32).to_le_bytes(), &count.to_le_bytes()]);
        }
        Event::Output { is_error: false, text } => write_bytes(batch, EventKind::Output, &[text.as_bytes()]),
        Event::Output { is_error: true, text } => write_bytes(batch, EventKind::ErrorOutput, &[text.as_bytes()]),
        Event::Load(name) => write_bytes(batch, EventKind::Load, &[name.as_bytes()]),
        Event::Resolve { base, specifier } => {
            write_bytes(batch, EventKind::Resolve, &[base.as_bytes(), &[0], specifier.as_bytes()]);
        }
        Event::Ended(ending) => match ending {
            Ending::Exit(code) => write_end(batch, EndingKind::Exit, &code.to_le_bytes()),
            Ending::Failed(bytes) => write_end(batch, EndingKind::Failed, &bytes),
            Ending::Limit(limit) => write_end(batch, EndingKind::Limit, &[limit as u8]),
            Ending::Killed => write_end(batch, EndingKind::Killed, &[]),
            Ending::Panicked(text) => write_end(batch, EndingKind::Panicked, text.as_bytes()),
        },
    }
}

fn write_end(batch: &mut Vec<u8>, kind: EndingKind, rest: &[u8]) {
    write_bytes(batch, EventKind::Ended, &[&[kind as u8], rest]);
}

fn write_bytes(batch: &mut Vec<u8>, kind: EventKind, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    batch.push(kind as u8);
    batch.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    for part in parts {
        batch.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::limits::Limit;
    use crate::mail::Parcel;

    #[test]
    fn a_batch_has_the_kind_the_length_and_the_bytes_of_each_event() {
        let (mut batch, mut memories) = (Vec::new(), VecDeque::new());
        write(&mut batch, Event::Load("ab".into()), &mut memories);
        write(&mut batch, Event::Ended(Ending::Exit(7)), &mut memories);
        assert_eq!(batch, [3, 2, 0, 0, 0, b'a', b'b', 4, 5, 0, 0, 0, 0, 7, 0, 0, 0]);
        assert!(memories.is_empty());
    }

    #[test]
    fn shared_memories_stand_beside_the_batch_in_the_order_of_their_events() {
        let memory = |size| SharedMemory::new(size, &Arc::default()).expect("memory");
        let (mut batch, mut memories) = (Vec::new(), VecDeque::new());
        write(&mut batch, Event::Message(Parcel { bytes: vec![9], memories: vec![memory(8)] }), &mut memories);
        write(&mut batch, Event::Message(vec![7].into()), &mut memories);
        write(&mut batch, Event::Notified { memory: memory(16), offset: 4, count: 2 }, &mut memories);
        assert_eq!(batch, [6, 1, 0, 0, 0, 9, 0, 1, 0, 0, 0, 7, 7, 8, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0]);
        let sizes: Vec<Vec<usize>> =
            memories.iter().map(|list| list.iter().map(SharedMemory::size).collect()).collect();
        assert_eq!(sizes, [[8], [16]]);
    }

    #[test]
    fn the_last_limit_has_the_last_name() {
        assert_eq!(LIMIT_NAMES.len(), Limit::Queued as usize + 1);
        assert_eq!(LIMIT_NAMES[Limit::Wall as usize], "wallMs");
    }
}
