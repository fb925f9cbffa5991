//! What is to go beside the stream of a connection.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use crate::lane::{BASE, Lane};
use crate::parts::Place;
use crate::transport::mapping::Mapping;
use crate::transport::passing::MOST_DESCRIPTORS;

/// Parts of this size are worth it.
pub const LARGE: usize = 64 << 10;
/// What may wait to be read in a lane; more goes through the stream.
pub(super) const CAPACITY: usize = 64 << 20;
/// Of each memory, what no part can have: the start, and what ranges are rounded up to.
const ROOM: usize = 2 * BASE as usize;
/// Memory up to this size is kept for the next large part.
const KEEP: u64 = 1 << 20;
/// More is given back when it was not used for so long.
pub const IDLE: Duration = Duration::from_secs(1);

/// The large parts of one direction, and the descriptors that wait to be written with their frames.
#[derive(Debug)]
pub struct Outbox {
    lane: Lane,
    memory: Option<Rc<Mapping>>,
    /// The peer has it.
    is_known: bool,
    /// The system refused memory: everything goes through the stream.
    refused: bool,
    /// Where in the stream the frames begin that take descriptors along, and those.
    passed: VecDeque<(u64, Vec<Rc<Mapping>>)>,
    /// Of the frame that is being written.
    open: Vec<Rc<Mapping>>,
    used_at: Duration,
}

impl Outbox {
    /// `bound` bytes may wait to be read, [`CAPACITY`] at most. A single part may be larger.
    pub fn new(bound: usize) -> Self {
        Self {
            lane: Lane::new(CAPACITY.min(bound) as u64),
            memory: None,
            is_known: false,
            refused: false,
            passed: VecDeque::new(),
            open: Vec::new(),
            used_at: Duration::ZERO,
        }
    }

    /// Copies a part of the frame that is being written. `None`: it has to go through the stream.
    pub fn put(&mut self, bytes: &[u8]) -> Option<Place> {
        let (place, _) = self.reserve(bytes.len())?;
        self.memory.as_ref()?.write(place.offset, bytes).then_some(place)
    }

    /// Room for a part of the frame that is being written, which is to be filled at once. `None`: as for [`Outbox::put`].
    pub fn reserve(&mut self, length: usize) -> Option<(Place, *mut u8)> {
        let memory = self.open_memory(length)?;
        let offset = self.lane.take(length as u64)?;
        let start = memory.part(offset, length)?;
        Some((Place { memory: memory.memory().id(), offset, length: length as u64 }, start))
    }

    /// The memory of the lane, once there is one.
    pub fn memory(&self) -> Option<Rc<Mapping>> {
        self.memory.clone()
    }

    /// That, or another where it is too small and nobody needs it any more.
    fn open_memory(&mut self, length: usize) -> Option<Rc<Mapping>> {
        let memory = match &self.memory {
            Some(memory) if length <= memory.length() - ROOM || !self.lane.is_empty() => Rc::clone(memory),
            _ => self.create(length)?,
        };
        // Until the peer has shown that it has it.
        self.is_known = self.is_known || memory.number() > 0;
        (self.is_known || self.pass(&memory)).then_some(memory)
    }

    fn create(&mut self, length: usize) -> Option<Rc<Mapping>> {
        if self.refused {
            return None;
        }
        let size = length.checked_next_multiple_of(1 << 20)?.max(CAPACITY).checked_add(ROOM)?;
        let memory = Mapping::create(size).ok().map(Rc::new);
        self.refused = memory.is_none();
        self.is_known = false;
        self.memory.clone_from(&memory);
        memory
    }

    /// Passes a memory beside the frame that is being written. `false`: it takes too many along.
    pub fn pass(&mut self, memory: &Rc<Mapping>) -> bool {
        if self.open.iter().any(|other| Rc::ptr_eq(other, memory)) {
            return true;
        }
        let has_room = self.open.len() < MOST_DESCRIPTORS;
        if has_room {
            self.open.push(Rc::clone(memory));
        }
        has_room
    }

    /// Before a frame is written: what the peer has read is free again.
    pub fn prepare(&mut self, now: Duration) {
        self.used_at = now;
        if !self.lane.is_empty() {
            self.free();
        }
    }

    fn free(&mut self) {
        // It is 0 until the peer has said something.
        if let Some(memory) = &self.memory {
            self.lane.free(memory.number());
        }
    }

    /// The frame is written; in the stream it begins and ends there.
    pub fn commit(&mut self, start: u64, end: u64) {
        self.lane.commit(end);
        if !self.open.is_empty() {
            self.passed.push_back((start, std::mem::take(&mut self.open)));
        }
    }

    /// The frame is not written.
    pub fn undo(&mut self) {
        self.lane.undo();
        self.open.clear();
    }

    /// How much of `pending`, which begins at `start`, may be written at once, and what goes beside it.
    pub fn next(&self, start: u64, pending: usize) -> (usize, Vec<BorrowedFd<'_>>) {
        let mut places = self.passed.iter().map(|(place, _)| *place);
        let Some(first) = places.next() else { return (pending, Vec::new()) };
        let until = |place: u64| usize::try_from(place - start).map_or(pending, |length| length.min(pending));
        if first > start {
            return (until(first), Vec::new());
        }
        let beside = self.passed[0].1.iter().map(|mapping| mapping.memory().as_fd()).collect();
        (places.next().map_or(pending, until), beside)
    }

    /// What goes beside the first bytes was written with them.
    pub fn passed(&mut self) {
        self.passed.pop_front();
    }

    /// Nobody reads any more: what was to be passed is not.
    pub fn forget(&mut self) {
        self.passed.clear();
    }

    /// When [`Outbox::trim`] has work to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        (self.lane.high() > KEEP).then(|| self.used_at.saturating_add(IDLE))
    }

    /// Gives memory back that was not used for a while.
    pub fn trim(&mut self, now: Duration) {
        if self.next_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        self.free();
        self.used_at = now;
        if self.lane.is_empty()
            && let Some(memory) = &self.memory
        {
            memory.memory().trim(KEEP);
            self.lane.trim(KEEP.max(BASE));
        }
    }
}
