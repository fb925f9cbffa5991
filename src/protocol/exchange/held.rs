//! Messages that wait for a grant: whole frames, in the order of sending.

use std::collections::BTreeMap;

use crate::protocol::transactions::Slot;

/// The number of a waiting frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HeldId(u64);

/// A waiting frame, and the later frames of its request.
#[derive(Debug)]
pub(super) struct HeldFrame {
    /// The request, unless it is a notification.
    pub(super) slot: Option<Slot>,
    pub(super) bytes: Vec<u8>,
    /// Bytes of the frame, which need the grant; `None`: it needs none, only its place in the order.
    pub(super) cost: Option<usize>,
}

/// The waiting frames.
#[derive(Debug, Default)]
pub(super) struct Held {
    frames: BTreeMap<HeldId, HeldFrame>,
    next: u64,
    bytes: usize,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes of all waiting frames.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, frame: HeldFrame) -> HeldId {
        let id = HeldId(self.next);
        self.next += 1;
        self.bytes += frame.bytes.len();
        self.frames.insert(id, frame);
        id
    }

    /// Appends a later frame to a waiting one.
    ///
    /// # Panics
    /// No frame with this number waits.
    pub(super) fn extend<T>(&mut self, id: HeldId, append: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let frame = self.frames.get_mut(&id).expect("a request knows the number of its frame as long as that waits");
        let before = frame.bytes.len();
        let done = append(&mut frame.bytes);
        self.bytes += frame.bytes.len() - before;
        done
    }

    /// The frame is no longer needed.
    pub(super) fn remove(&mut self, id: HeldId) {
        if let Some(frame) = self.frames.remove(&id) {
            self.bytes -= frame.bytes.len();
        }
    }

    /// Takes the first frame, if it needs no grant or `is_open`.
    pub(super) fn pop(&mut self, is_open: bool) -> Option<HeldFrame> {
        let first = self.frames.first_entry().filter(|first| is_open || first.get().cost.is_none())?;
        let frame = first.remove();
        self.bytes -= frame.bytes.len();
        Some(frame)
    }

    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }
}
