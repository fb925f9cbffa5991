//! What has come beside the stream of a connection.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use crate::parts::Place;
use crate::transport::memory::Memory;

/// Memories that wait for their frames to be delivered. More are let go: nobody sends so many who is not hostile, or kept
/// waiting by a blocked thread.
const MOST_WAITING: usize = 256;

/// The peer's memory.
#[derive(Debug, Default)]
pub struct Intake {
    /// Each with the place in the input up to which had come what came with it.
    waiting: Vec<(Memory, u64)>,
    /// Where large parts are.
    lane: Option<Memory>,
    /// How far the peer was told that its input is read.
    told: u64,
}

impl Intake {
    /// Descriptors have come, with input up to `received`. What is no memory is closed.
    pub fn add(&mut self, passed: Vec<OwnedFd>, received: u64) {
        for memory in passed.into_iter().filter_map(|descriptor| Memory::adopt(descriptor).ok()) {
            if self.waiting.len() < MOST_WAITING {
                self.waiting.push((memory, received));
            }
        }
    }

    /// Everything that was received up to `processed` was delivered: whatever came with it is of no use any more, and the
    /// peer may use its lane again.
    pub fn settle(&mut self, processed: u64) {
        if !self.waiting.is_empty() {
            self.waiting.retain(|(_, received)| *received > processed);
        }
        if let Some(memory) = &self.lane
            && self.told != processed
        {
            self.told = processed;
            // A peer that took it away harms itself only.
            let _ = memory.write_at(&processed.to_le_bytes(), 0);
        }
    }

    /// A memory that came with a frame, which has it from now on.
    pub fn take(&mut self, id: u64) -> Result<Memory, String> {
        let found = self.waiting.iter().position(|(memory, _)| memory.id() == id);
        found.map(|at| self.waiting.swap_remove(at).0).ok_or_else(|| {
            "its shared memory did not come with it; the process may have had no file descriptors left".to_owned()
        })
    }

    /// Checks that a part lies in its lane; gives how many bytes it has.
    pub fn look(&mut self, place: Place, limit: usize) -> Result<usize, String> {
        let Place { memory, offset, length } = place;
        if self.lane.as_ref().is_none_or(|lane| lane.id() != memory) {
            self.lane = Some(self.take(memory)?);
        }
        let Some(bytes) = usize::try_from(length).ok().filter(|bytes| *bytes <= limit) else {
            return Err(format!("a part has {length} bytes, the limit is {limit}"));
        };
        let size = self.lane.as_ref().and_then(|lane| lane.size().ok()).unwrap_or(0);
        if offset.checked_add(length).is_none_or(|end| end > size) {
            return Err(format!("a part of {length} bytes at {offset} does not lie in a shared memory of {size}"));
        }
        Ok(bytes)
    }

    /// Copies a part that was looked at.
    pub fn copy(&self, place: Place, into: &mut [MaybeUninit<u8>]) -> Result<(), String> {
        let copied = self.lane.as_ref().map(|lane| lane.read_at(into, place.offset));
        copied.unwrap_or(Ok(())).map_err(|error| format!("a part of its shared memory cannot be read: {error}"))
    }
}
