//! The sending end of the shared-memory side channel.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::multipart::ShmRange;
use crate::protocol::shm_ring::{BASE, ShmRing};
use crate::reuse::Kept;
use crate::sys::DescriptorRef;
use crate::sys::fd_passing::MOST_DESCRIPTORS;
use crate::sys::mapping::Mapping;

/// The least size of a segment for which the side channel pays off.
pub const LARGE: usize = 64 << 10;
/// How many bytes may wait in a ring; more go through the stream.
pub(super) const CAPACITY: usize = 64 << 20;
/// The bytes of each memory besides segments: its header, and the rounding of ranges.
const ROOM: usize = 2 * BASE as usize;
/// The sender keeps memory up to this size for the next large segment, as far as the process may.
const KEEP: u64 = 1 << 20;
/// Memory without use for this time, whose segments the peer has read, is kept rather than in use.
const IN_USE: Duration = Duration::from_millis(50);
/// The sender releases what is more than [`KEEP`] after this time without use.
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
    /// The peer had not read all when the sender looked last.
    is_unread: bool,
    /// What the sender keeps of an unused memory.
    kept: Kept,
}

impl ShmSender {
    /// `bound` bytes may wait for the reader, at most [`CAPACITY`]. A single segment may be larger.
    pub fn new(bound: usize) -> Self {
        Self::with(bound, Kept::default())
    }

    /// Like [`ShmSender::new`], with a share of another budget.
    pub fn with(bound: usize, kept: Kept) -> Self {
        Self {
            ring: ShmRing::new(CAPACITY.min(bound) as u64),
            memory: None,
            is_known: false,
            refused: false,
            passed: VecDeque::new(),
            open: Vec::new(),
            used_at: Duration::ZERO,
            is_unread: false,
            kept,
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
        let has_capacity = self.open.len() < MOST_DESCRIPTORS;
        if has_capacity {
            self.open.push(Arc::clone(memory));
        }
        has_capacity
    }

    /// Before a frame: frees the ranges that the peer has read.
    pub fn prepare(&mut self, now: Duration) {
        self.used_at = now;
        self.is_unread = false;
        self.kept.shrink(0);
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
        let is_kept = self.kept.bytes() as u64 >= self.ring.high() - BASE;
        let time = match (is_kept, self.is_unread) {
            (true, _) if self.ring.high() <= KEEP => return None,
            (false, false) => IN_USE,
            _ => IDLE,
        };
        Some(self.used_at.saturating_add(time))
    }

    /// Releases memory that was unused for a while: what is more than the process may keep at first, then all but
    /// [`KEEP`].
    pub fn trim(&mut self, now: Duration) {
        if self.next_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        self.free();
        self.is_unread = !self.ring.is_empty();
        if self.is_unread {
            self.used_at = now;
            return;
        }
        let used = self.ring.high() - BASE;
        let is_kept = self.kept.bytes() as u64 >= used;
        let most = if is_kept { KEEP - BASE } else { used };
        self.kept.shrink(usize::try_from(most).unwrap_or(usize::MAX));
        let kept = self.kept.raise(usize::try_from(most).unwrap_or(usize::MAX)) as u64;
        if kept < used
            && let Some(memory) = &self.memory
        {
            memory.memory().trim(BASE + kept);
            self.ring.trim(BASE + kept);
        }
    }
}
