//! What has come beside the stream of a connection.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use super::outbox::CAPACITY;
use crate::parts::Place;
use crate::transport::mapping::Mapping;
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
    lane: Option<Mapping>,
    /// Bytes of large parts since what they are in was last free again.
    found: usize,
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
        self.found = 0;
        if let Some(lane) = &self.lane {
            lane.set_number(processed);
        }
    }

    /// A memory that came with a frame, which has it from now on.
    ///
    /// # Errors
    /// It did not come, or cannot be mapped.
    pub fn take(&mut self, id: u64) -> Result<Mapping, String> {
        let Some(at) = self.waiting.iter().position(|(memory, _)| memory.id() == id) else {
            let text = "its shared memory did not come with it; the process may have had no file descriptors left";
            return Err(text.to_owned());
        };
        Mapping::of(self.waiting.swap_remove(at).0)
            .map_err(|error| format!("its shared memory cannot be used: {error}"))
    }

    /// Checks that a part lies in its lane; gives how many bytes it has, and where they are. Of its payload so many bytes are
    /// `left`, of at most `limit`.
    ///
    /// # Errors
    /// It does not, or is over the limit. Or there are more at once than a lane has room for: a peer that names the same
    /// bytes again and again would make this process large with few bytes of its own.
    pub fn find(&mut self, place: Place, left: usize, limit: usize) -> Result<(usize, *const u8), String> {
        let Place { memory, offset, length } = place;
        let lane = match self.lane.take() {
            Some(lane) if lane.memory().id() == memory => lane,
            other => {
                self.lane = other;
                self.take(memory)?
            }
        };
        let lane = self.lane.insert(lane);
        let Some(bytes) = usize::try_from(length).ok().filter(|bytes| *bytes <= left) else {
            return Err(format!("a part has {length} bytes, the limit is {limit}"));
        };
        self.found = self.found.saturating_add(bytes);
        if self.found > CAPACITY.max(limit) {
            return Err(format!("{} bytes of shared memory are more at once than a peer may use", self.found));
        }
        let size = lane.length();
        let data = lane.part(offset, bytes);
        let data = data
            .ok_or_else(|| format!("a part of {length} bytes at {offset} does not lie in a shared memory of {size}"))?;
        Ok((bytes, data.cast_const()))
    }

    /// Copies a part that was found.
    pub fn copy(&self, place: Place, into: &mut [MaybeUninit<u8>]) -> bool {
        self.lane.as_ref().is_some_and(|lane| lane.read(place.offset, into))
    }
}
