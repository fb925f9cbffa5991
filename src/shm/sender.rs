//! The sending end of the shared-memory side channel.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::multipart::ShmRange;
use crate::protocol::shm_ring::{BASE, ShmRing};
use crate::sys::DescriptorRef;
use crate::sys::fd_passing::MOST_DESCRIPTORS;
use crate::sys::mapping::Mapping;

/// The least size of a segment for which the side channel pays off.
pub const LARGE: usize = 64 << 10;
/// How many bytes may wait in a ring; more go through the stream.
pub(super) const CAPACITY: usize = 64 << 20;
/// The bytes of each memory besides segments: its header, and the rounding of ranges.
const ROOM: usize = 2 * BASE as usize;
/// The sender keeps memory up to this size for the next large segment.
const KEEP: u64 = 1 << 20;
/// It releases more after this time without use.
pub const IDLE: Duration = Duration::from_secs(1);

/// The size of a memory for segments of up to `length`.
pub(super) fn size_for(length: usize) -> Option<usize> {
    length.checked_next_multiple_of(1 << 20)?.max(CAPACITY).checked_add(ROOM)
}

/// The large segments of one direction, and the descriptors that wait for their frames.
#[derive(Debug)]
pub struct ShmSender {
    ring: ShmRing,
    memory: Option<Arc<Mapping>>,
    /// The peer has mapped it.
    is_known: bool,
    /// The system refused memory: everything goes through the stream.
    refused: bool,
    /// The positions in the stream of frames that carry descriptors, and the descriptors.
    passed: VecDeque<(u64, Vec<Arc<Mapping>>)>,
    /// The descriptors of the frame that is being written.
    open: Vec<Arc<Mapping>>,
    used_at: Duration,
}

impl ShmSender {
    /// `bound` bytes may wait for the reader, at most [`CAPACITY`]. A single segment may be larger.
    pub fn new(bound: usize) -> Self {
        Self {
            ring: ShmRing::new(CAPACITY.min(bound) as u64),
            memory: None,
            is_known: false,
            refused: false,
            passed: VecDeque::new(),
            open: Vec::new(),
            used_at: Duration::ZERO,
        }
    }

    /// Copies a segment of the frame that is being written. `None`: it must go through the stream.
    pub fn put(&mut self, bytes: &[u8]) -> Option<ShmRange> {
        let (range, _) = self.reserve(bytes.len())?;
        self.memory.as_ref()?.write(range.offset, bytes).then_some(range)
    }

    /// Reserves a range for a segment of the frame that is being written; the caller fills it at once. `None`: as for
    /// [`ShmSender::put`].
    pub fn reserve(&mut self, length: usize) -> Option<(ShmRange, *mut u8)> {
        let memory = self.open_memory(length)?;
        let offset = self.ring.take(length as u64)?;
        let start = memory.range(offset, length)?;
        Some((ShmRange { memory: memory.memory().id(), offset, length: length as u64 }, start))
    }

    /// The memory of the ring, if there is one.
    pub fn memory(&self) -> Option<Arc<Mapping>> {
        self.memory.clone()
    }

    /// The current memory, or another if it is too small and no reader needs it any more.
    fn open_memory(&mut self, length: usize) -> Option<Arc<Mapping>> {
        let memory = match &self.memory {
            Some(memory) if length <= memory.length() - ROOM || !self.ring.is_empty() => Arc::clone(memory),
            _ => self.create(length)?,
        };
        // Until the peer has shown that it has mapped it.
        self.is_known = self.is_known || memory.number() > 0;
        (self.is_known || self.pass(&memory)).then_some(memory)
    }

    fn create(&mut self, length: usize) -> Option<Arc<Mapping>> {
        if self.refused {
            return None;
        }
        let size = size_for(length)?;
        let memory = Mapping::create(size).ok().map(Arc::new);
        self.refused = memory.is_none();
        self.is_known = false;
        self.memory.clone_from(&memory);
        memory
    }

    /// Passes a memory beside the frame that is being written. `false`: the frame carries too many.
    pub fn pass(&mut self, memory: &Arc<Mapping>) -> bool {
        if self.open.iter().any(|other| Arc::ptr_eq(other, memory)) {
            return true;
        }
        let has_room = self.open.len() < MOST_DESCRIPTORS;
        if has_room {
            self.open.push(Arc::clone(memory));
        }
        has_room
    }

    /// Before a frame: frees the ranges that the peer has read.
    pub fn prepare(&mut self, now: Duration) {
        self.used_at = now;
        if !self.ring.is_empty() {
            self.free();
        }
    }

    fn free(&mut self) {
        // It is 0 until the peer has written to it.
        if let Some(memory) = &self.memory {
            self.ring.free(memory.number());
        }
    }

    /// The frame is written; it begins and ends at these positions of the stream.
    pub fn commit(&mut self, start: u64, end: u64) {
        self.ring.commit(end);
        if !self.open.is_empty() {
            self.passed.push_back((start, std::mem::take(&mut self.open)));
        }
    }

    /// The frame was not written.
    pub fn undo(&mut self) {
        self.ring.undo();
        self.open.clear();
    }

    /// How much of `pending`, which begins at `start`, may be written at once, and with which descriptors.
    pub fn next(&self, start: u64, pending: usize) -> (usize, Vec<DescriptorRef<'_>>) {
        let mut positions = self.passed.iter().map(|(position, _)| *position);
        let Some(first) = positions.next() else { return (pending, Vec::new()) };
        let until = |position: u64| usize::try_from(position - start).map_or(pending, |length| length.min(pending));
        if first > start {
            return (until(first), Vec::new());
        }
        let beside = self.passed[0].1.iter().map(|mapping| mapping.memory().descriptor()).collect();
        (positions.next().map_or(pending, until), beside)
    }

    /// The descriptors of the first bytes were written with them.
    pub fn passed(&mut self) {
        self.passed.pop_front();
    }

    /// The stream has ended: drops waiting descriptors.
    pub fn forget(&mut self) {
        self.passed.clear();
    }

    /// When [`ShmSender::trim`] has work to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        (self.ring.high() > KEEP).then(|| self.used_at.saturating_add(IDLE))
    }

    /// Releases memory that was unused for a while.
    pub fn trim(&mut self, now: Duration) {
        if self.next_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        self.free();
        self.used_at = now;
        if self.ring.is_empty()
            && let Some(memory) = &self.memory
        {
            memory.memory().trim(KEEP);
            self.ring.trim(KEEP.max(BASE));
        }
    }
}
