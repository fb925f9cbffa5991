//! Deadlines of slots, with constant cost for each: one list per distinct timeout.
//!
//! Time does not go backwards, so the deadlines of one timeout come in order and a list per timeout is sorted as it is.
//! There are few timeouts, usually one to three. A heap of the lists, by the deadline at their front, finds the next
//! deadline of all, and stays cheap even when every request has a timeout of its own.

use std::hash::BuildHasher;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::hash_table::{Entry, HashTable};

/// No slot, no lane.
const NONE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// By slot. A slot without deadline has `lane: NONE`.
    nodes: Vec<Node>,
    lanes: Vec<Lane>,
    free_lanes: Vec<u32>,
    /// The lane of each timeout.
    index: HashTable<u32>,
    hasher: RandomState,
    /// Lanes as a binary heap: the one with the earliest front comes first.
    heap: Vec<u32>,
    /// The latest time seen.
    now: Duration,
}

/// The place of a slot in its lane.
#[derive(Debug, Clone, Copy)]
struct Node {
    deadline: Duration,
    /// Breaks ties between equal deadlines.
    sequence: u64,
    lane: u32,
    previous: u32,
    next: u32,
}

/// The slots that share a timeout, as a doubly linked list in the order of their deadlines. Never empty while in use.
#[derive(Debug)]
struct Lane {
    timeout: Duration,
    first: u32,
    last: u32,
    /// Its position in the heap.
    position: u32,
}

impl Deadlines {
    /// Gives the slot, which has none, the deadline `now + timeout`. A `now` that went backwards counts as the latest.
    pub fn insert(&mut self, slot: u32, sequence: u64, now: Duration, timeout: Duration) {
        self.now = self.now.max(now);
        let lane = self.lane_of(timeout);
        let previous = std::mem::replace(&mut self.lanes[lane as usize].last, slot);
        let deadline = self.now.saturating_add(timeout);
        let node = Node { deadline, sequence, lane, previous, next: NONE };
        if self.nodes.len() <= slot as usize {
            self.nodes.resize(slot as usize + 1, Node::VACANT);
        }
        self.nodes[slot as usize] = node;
        if previous == NONE {
            self.lanes[lane as usize].first = slot;
            self.heap.push(lane);
            self.sift_up(self.heap.len() - 1, lane);
        } else {
            self.nodes[previous as usize].next = slot;
        }
    }

    /// Takes the slot's deadline away, if it has one.
    pub fn remove(&mut self, slot: u32) {
        let Some(cell) = self.nodes.get_mut(slot as usize).filter(|node| node.lane != NONE) else {
            return;
        };
        let node = std::mem::replace(cell, Node::VACANT);
        let lane = &mut self.lanes[node.lane as usize];
        match node.next {
            NONE => lane.last = node.previous,
            next => self.nodes[next as usize].previous = node.previous,
        }
        match node.previous {
            NONE => lane.first = node.next,
            previous => self.nodes[previous as usize].next = node.next,
        }
        let position = lane.position as usize;
        match (lane.first, node.previous) {
            (NONE, _) => self.remove_lane(node.lane),
            (_, NONE) => self.sift_down(position, node.lane),
            _ => {}
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        let lane = *self.heap.first()?;
        Some(self.key(lane).0)
    }

    /// Removes the slot with the earliest deadline, if that is not after `now`; the slot and its timeout.
    pub fn pop_expired(&mut self, now: Duration) -> Option<(u32, Duration)> {
        let lane = &self.lanes[*self.heap.first()? as usize];
        let (slot, timeout) = (lane.first, lane.timeout);
        if self.nodes[slot as usize].deadline > now {
            return None;
        }
        self.remove(slot);
        Some((slot, timeout))
    }

    /// Gives every slot whose deadline is `now` or earlier its whole timeout again. `sequence` tells a slot's.
    pub fn renew_expired(&mut self, now: Duration, sequence: impl Fn(u32) -> u64) {
        let expired: Vec<_> = std::iter::from_fn(|| self.pop_expired(now)).collect();
        for (slot, timeout) in expired {
            self.insert(slot, sequence(slot), now, timeout);
        }
    }

    /// Gives memory back. No slot has a deadline.
    pub fn reset(&mut self) {
        debug_assert!(self.heap.is_empty());
        *self = Self { now: self.now, ..Self::default() };
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.nodes.capacity()
    }

    /// The list of this timeout; an empty one that is not in the heap yet if there was none.
    fn lane_of(&mut self, timeout: Duration) -> u32 {
        // Most requests have the timeout of the one before.
        if let Some(&lane) = self.heap.first().filter(|lane| self.lanes[**lane as usize].timeout == timeout) {
            return lane;
        }
        let hash = |timeout: Duration| self.hasher.hash_one(timeout);
        let lanes = &mut self.lanes;
        let entry = self.index.entry(
            hash(timeout),
            |lane| lanes[*lane as usize].timeout == timeout,
            |lane| hash(lanes[*lane as usize].timeout),
        );
        match entry {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let empty = Lane { timeout, first: NONE, last: NONE, position: 0 };
                let lane = match self.free_lanes.pop() {
                    Some(lane) => {
                        lanes[lane as usize] = empty;
                        lane
                    }
                    None => {
                        lanes.push(empty);
                        // There are no more lanes than slots.
                        (lanes.len() - 1) as u32
                    }
                };
                *entry.insert(lane).get()
            }
        }
    }

    fn remove_lane(&mut self, lane: u32) {
        let Lane { timeout, position, .. } = self.lanes[lane as usize];
        let hash = self.hasher.hash_one(timeout);
        if let Ok(entry) = self.index.find_entry(hash, |other| *other == lane) {
            entry.remove();
        }
        self.free_lanes.push(lane);
        let position = position as usize;
        let moved = self.heap.pop().expect("the lane is in the heap");
        if position < self.heap.len() {
            self.sift_up(position, moved);
            self.sift_down(self.lanes[moved as usize].position as usize, moved);
        }
    }

    /// What the heap is ordered by.
    fn key(&self, lane: u32) -> (Duration, u64) {
        let node = &self.nodes[self.lanes[lane as usize].first as usize];
        (node.deadline, node.sequence)
    }

    fn place(&mut self, position: usize, lane: u32) {
        self.heap[position] = lane;
        self.lanes[lane as usize].position = position as u32;
    }

    /// Puts the lane at this position of the heap or above.
    fn sift_up(&mut self, mut position: usize, lane: u32) {
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.key(self.heap[parent]) <= self.key(lane) {
                break;
            }
            self.place(position, self.heap[parent]);
            position = parent;
        }
        self.place(position, lane);
    }

    /// Puts the lane at this position of the heap or below.
    fn sift_down(&mut self, mut position: usize, lane: u32) {
        loop {
            let children = 2 * position + 1..self.heap.len().min(2 * position + 3);
            let Some(child) = children.min_by_key(|child| self.key(self.heap[*child])) else {
                break;
            };
            if self.key(lane) <= self.key(self.heap[child]) {
                break;
            }
            self.place(position, self.heap[child]);
            position = child;
        }
        self.place(position, lane);
    }
}

impl Node {
    const VACANT: Self = Self { deadline: Duration::ZERO, sequence: 0, lane: NONE, previous: NONE, next: NONE };
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn drain(deadlines: &mut Deadlines, now: Duration) -> Vec<u32> {
        std::iter::from_fn(|| deadlines.pop_expired(now)).map(|(slot, _)| slot).collect()
    }

    #[test]
    fn lists_of_different_timeouts_expire_in_the_order_of_their_deadlines() {
        let mut deadlines = Deadlines::default();
        for (slot, timeout) in [(0, 5), (1, 3), (2, 4), (3, 3), (4, 9)] {
            deadlines.insert(slot, u64::from(slot), Duration::ZERO, SECOND * timeout);
        }
        assert_eq!(deadlines.next(), Some(SECOND * 3));
        assert_eq!(drain(&mut deadlines, SECOND * 8), [1, 3, 2, 0]);
        assert_eq!(deadlines.next(), Some(SECOND * 9));
    }

    #[test]
    fn thousands_of_distinct_timeouts_leave_no_lists_behind() {
        let mut deadlines = Deadlines::default();
        for slot in 0..5000_u32 {
            deadlines.insert(
                slot,
                u64::from(slot),
                Duration::ZERO,
                Duration::from_millis(u64::from(slot * 7919 % 5000)),
            );
        }
        for slot in (0..5000).step_by(2) {
            deadlines.remove(slot);
        }
        let order: Vec<u32> = drain(&mut deadlines, SECOND * 5);
        assert_eq!(order.len(), 2500);
        assert!(order.is_sorted_by_key(|slot| slot * 7919 % 5000));
        assert_eq!(deadlines.next(), None);
        assert!(deadlines.index.is_empty() && deadlines.heap.is_empty());
        assert_eq!(deadlines.free_lanes.len(), deadlines.lanes.len());
    }

    #[test]
    fn a_clock_that_goes_backwards_keeps_the_lists_sorted() {
        let mut deadlines = Deadlines::default();
        deadlines.insert(0, 0, SECOND * 10, SECOND);
        deadlines.insert(1, 1, SECOND * 2, SECOND);
        assert_eq!(drain(&mut deadlines, SECOND * 11), [0, 1]);
    }

    #[test]
    fn a_deadline_beyond_the_end_of_time_is_the_end_of_time() {
        let mut deadlines = Deadlines::default();
        deadlines.insert(0, 0, SECOND, Duration::MAX);
        assert_eq!(deadlines.next(), Some(Duration::MAX));
    }
}
