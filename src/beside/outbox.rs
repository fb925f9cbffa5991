//! What is to go beside the stream of a connection.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use crate::lane::{BASE, Lane};
use crate::parts::Place;
use crate::transport::memory::Memory;
use crate::transport::passing::MOST_DESCRIPTORS;

/// Parts of this size are worth it.
pub const LARGE: usize = 512 << 10;
/// What may wait to be read in a lane; more goes through the stream.
const CAPACITY: u64 = 64 << 20;
/// Memory up to this size is kept for the next large part.
const KEEP: u64 = 1 << 20;
/// More is given back when it was not used for so long.
const IDLE: Duration = Duration::from_secs(1);

/// The large parts of one direction, and the descriptors that wait to be written with their frames.
#[derive(Debug)]
pub struct Outbox {
    lane: Lane,
    memory: Option<Rc<Memory>>,
    /// The peer has it.
    is_known: bool,
    /// The system refused memory: everything goes through the stream.
    refused: bool,
    /// Where in the stream the frames begin that take descriptors along, and those.
    passed: VecDeque<(u64, Vec<Rc<Memory>>)>,
    /// Of the frame that is being written.
    open: Vec<Rc<Memory>>,
    used_at: Duration,
}

impl Outbox {
    /// `bound` bytes may wait to be read, [`CAPACITY`] at most. A single part may be larger.
    pub fn new(bound: usize) -> Self {
        Self {
            lane: Lane::new(CAPACITY.min(bound as u64)),
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
        let length = bytes.len() as u64;
        let memory = self.open_memory()?;
        let offset = self.lane.take(length)?;
        if memory.write_at(bytes, offset).is_err() {
            // There is no memory left. What was taken for it is free again when the frame is read.
            self.refused = true;
            return None;
        }
        Some(Place { memory: memory.id(), offset, length })
    }

    /// The memory of the lane, once there is one.
    pub fn memory(&self) -> Option<Rc<Memory>> {
        self.memory.clone()
    }

    fn open_memory(&mut self) -> Option<Rc<Memory>> {
        if self.refused {
            return None;
        }
        let memory = match &self.memory {
            Some(memory) => Rc::clone(memory),
            None => {
                self.refused = true;
                let memory = Rc::new(Memory::create().ok()?);
                self.refused = false;
                self.memory = Some(Rc::clone(&memory));
                memory
            }
        };
        // Until the peer has shown that it has it.
        let is_known = self.is_known || memory.read_number(0).is_ok_and(|processed| processed > 0);
        self.is_known = is_known;
        (is_known || self.pass(&memory)).then_some(memory)
    }

    /// Passes a memory beside the frame that is being written. `false`: it takes too many along.
    pub fn pass(&mut self, memory: &Rc<Memory>) -> bool {
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
        let Some(memory) = &self.memory else { return };
        // It reads as 0 until the peer has said something.
        if let Ok(processed) = memory.read_number(0) {
            self.lane.free(processed);
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
        let beside = self.passed[0].1.iter().map(|memory| memory.as_fd()).collect();
        (places.next().map_or(pending, until), beside)
    }

    /// What goes beside the first bytes was written with them.
    pub fn passed(&mut self) {
        self.passed.pop_front();
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
            memory.trim(KEEP);
            self.lane.trim(KEEP.max(BASE));
        }
    }
}
