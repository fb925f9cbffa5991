//! The receiving end of the shared-memory side channel.

use std::mem::MaybeUninit;

use crate::protocol::multipart::ShmRange;
use crate::shm::sender::{CAPACITY, size_for};
use crate::sys::Descriptor;
use crate::sys::closing::close_elsewhere;
use crate::sys::mapping::Mapping;
use crate::sys::memory::Memory;

/// How many memories may wait for their frames. The receiver drops further ones: only a hostile peer, or one behind a
/// blocked thread, passes so many.
const MOST_WAITING: usize = 256;

/// The peer's memory.
#[derive(Debug, Default)]
pub struct ShmReceiver {
    /// Each with the position in the input at which it had arrived.
    waiting: Vec<(Memory, u64)>,
    /// The ring with large segments.
    mapped: Option<Mapping>,
    /// Bytes of large segments since the ring was last empty.
    found: usize,
}

impl ShmReceiver {
    /// Descriptors have arrived, with input up to `received`. Closes descriptors that are not memories on another
    /// thread. `false`: there are so many that the caller must disconnect the peer.
    pub fn add(&mut self, passed: Vec<Descriptor>, received: u64) -> bool {
        let mut foreign = Vec::new();
        for memory in passed.into_iter().map(Memory::adopt) {
            match memory {
                Ok(memory) if self.waiting.len() < MOST_WAITING => self.waiting.push((memory, received)),
                Ok(_) => {}
                Err(descriptor) => foreign.push(descriptor),
            }
        }
        close_elsewhere(foreign)
    }

    /// The owner has delivered everything up to `processed`: drops unclaimed memories of that input, and the peer may
    /// reuse its memory up to there.
    pub fn settle(&mut self, processed: u64) {
        if !self.waiting.is_empty() {
            self.waiting.retain(|(_, received)| *received > processed);
        }
        self.found = 0;
        if let Some(mapped) = &self.mapped {
            mapped.set_number(processed);
        }
    }

    /// Takes a memory that arrived with a frame. It may have at most `most` bytes: the receiver maps only what the peer
    /// may send.
    ///
    /// # Errors
    /// It did not come, is larger, or cannot be mapped.
    pub fn take(&mut self, id: u64, most: u64) -> Result<Mapping, String> {
        let Some(at) = self.waiting.iter().position(|(memory, _)| memory.id() == id) else {
            let text = "its shared memory did not come with it; the process may have had no file descriptors left";
            return Err(text.to_owned());
        };
        let (memory, _) = self.waiting.swap_remove(at);
        let size = memory.size();
        if size > most {
            return Err(format!("its shared memory has {size} bytes, and may have {most}"));
        }
        Mapping::of(memory).map_err(|error| format!("its shared memory cannot be used: {error}"))
    }

    /// Checks that a segment lies in the ring; returns its length and position. `left` bytes of its payload remain, of
    /// at most `limit`.
    ///
    /// # Errors
    /// It does not, or is over the limit. Or there are more at once than a ring has room for: a peer that names the same
    /// bytes again and again would make this process large with few bytes of its own.
    pub fn find(&mut self, range: ShmRange, left: usize, limit: usize) -> Result<(usize, *const u8), String> {
        let ShmRange { memory, offset, length } = range;
        let mapped = match self.mapped.take() {
            Some(mapped) if mapped.memory().id() == memory => mapped,
            other => {
                self.mapped = other;
                let most = size_for(limit).unwrap_or(usize::MAX);
                self.take(memory, most as u64)?
            }
        };
        let mapped = self.mapped.insert(mapped);
        let Some(bytes) = usize::try_from(length).ok().filter(|bytes| *bytes <= left) else {
            return Err(format!("a segment has {length} bytes, the limit is {limit}"));
        };
        self.found = self.found.saturating_add(bytes);
        if self.found > CAPACITY.max(limit) {
            return Err(format!("{} bytes of shared memory are more at once than a peer may use", self.found));
        }
        let size = mapped.length();
        let data = mapped.range(offset, bytes);
        let data = data.ok_or_else(|| {
            format!("a segment of {length} bytes at {offset} does not lie in a shared memory of {size}")
        })?;
        Ok((bytes, data.cast_const()))
    }

    /// Copies a checked segment.
    pub fn copy(&self, range: ShmRange, into: &mut [MaybeUninit<u8>]) -> bool {
        self.mapped.as_ref().is_some_and(|mapped| mapped.read(range.offset, into))
    }
}
