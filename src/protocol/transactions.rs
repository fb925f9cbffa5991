//! The table of requests in flight: transaction id to slot, value and deadline.
//!
//! A transaction leaves the table exactly once: completed, cancelled, expired or failed. The first of these wins; the
//! others find nothing, which is normal (an answer may arrive late). A slot is a small integer under which the binding
//! keeps its own data of the transaction, so a vacated slot stays unused until [`Transactions::recycle`].

mod deadlines;
mod slots;

use std::hash::BuildHasher;
use std::time::Duration;

use foldhash::quality::RandomState;
use hashbrown::hash_table::{Entry, HashTable};

use crate::protocol::transaction_id::{TransactionId, TransactionIdRef};
use deadlines::Deadlines;
use slots::Slots;

/// The place of a transaction in the table: a small integer, unique among the transactions in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// A transaction id that is already in flight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a request with the transaction id \"{id}\" is in flight already")]
pub struct DuplicateTransaction {
    /// The id.
    pub id: TransactionId,
}

/// The transactions in flight, each with a value of the caller. An operation takes constant time and, for a deadline,
/// the logarithm of the number of transactions; [`Transactions::fail_all`] visits each.
#[derive(Debug)]
pub struct Transactions<T> {
    slots: Slots<Transaction<T>>,
    /// Slots by the hash of their id.
    index: HashTable<u32>,
    hasher: RandomState,
    deadlines: Deadlines,
    inserted: u64,
}

#[derive(Debug)]
struct Transaction<T> {
    id: TransactionId,
    /// The hash of the id.
    hash: u64,
    value: T,
    /// Its place in the order of insertion.
    sequence: u64,
}

impl<T> Default for Transactions<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Transactions<T> {
    /// An empty table.
    pub fn new() -> Self {
        Self {
            slots: Slots::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            deadlines: Deadlines::default(),
            inserted: 0,
        }
    }

    /// Registers a transaction whose deadline is `now + timeout`; without a timeout it has none. If `now` is earlier
    /// than in a previous registration, the table uses that one.
    ///
    /// # Errors
    /// A transaction with this id is in flight. The value is dropped.
    ///
    /// # Panics
    /// 2^32 - 1 slots are in use.
    pub fn insert(
        &mut self,
        id: TransactionId,
        value: T,
        now: Duration,
        timeout: Option<Duration>,
    ) -> Result<Slot, DuplicateTransaction> {
        let Self { slots, index, hasher, .. } = self;
        let hash = hash(hasher, id.borrowed());
        let entry = index.entry(
            hash,
            |slot| slots.get(*slot).is_some_and(|transaction| transaction.id == id),
            |slot| slots.get(*slot).map_or(0, |transaction| transaction.hash),
        );
        let Entry::Vacant(entry) = entry else {
            return Err(DuplicateTransaction { id });
        };
        let sequence = self.inserted;
        self.inserted += 1;
        let slot = slots.insert(Transaction { id, hash, value, sequence });
        entry.insert(slot);
        if let Some(timeout) = timeout {
            self.deadlines.insert(slot, sequence, now, timeout);
        }
        Ok(Slot(slot))
    }

    /// Ends the transaction of an answer. `None` for an id that is not in flight: unknown, or already ended.
    pub fn complete(&mut self, id: TransactionIdRef<'_>) -> Option<(Slot, T)> {
        let is_it = |slot: &u32| self.slots.get(*slot).is_some_and(|transaction| id == transaction.id);
        let (slot, _) = self.index.find_entry(hash(&self.hasher, id), is_it).ok()?.remove();
        self.deadlines.remove(slot);
        Some((Slot(slot), self.slots.remove(slot)?.value))
    }

    /// Ends the transaction in this slot. `None` if the slot is vacant; any number is allowed.
    pub fn cancel(&mut self, slot: Slot) -> Option<T> {
        self.remove(slot).map(|(_, value)| value)
    }

    /// Like [`Self::cancel`], and returns the id.
    pub fn remove(&mut self, slot: Slot) -> Option<(TransactionId, T)> {
        let transaction = self.take(slot.0)?;
        self.deadlines.remove(slot.0);
        Some((transaction.id, transaction.value))
    }

    /// The value of the transaction in this slot, mutably. Any number is allowed.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.slots.get_mut(slot.0).map(|transaction| &mut transaction.value)
    }

    /// The transactions in flight, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.slots.iter().map(|(slot, transaction)| (Slot(slot), &transaction.value))
    }

    /// The values of the transactions in flight, mutably, in no order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.values_mut().map(|transaction| &mut transaction.value)
    }

    /// The place of the transaction in this slot in the order of insertion, from 0: it distinguishes successive
    /// transactions of a slot.
    pub fn sequence(&self, slot: Slot) -> Option<u64> {
        self.slots.get(slot.0).map(|transaction| transaction.sequence)
    }

    /// The transaction in this slot. Any number is allowed.
    pub fn get(&self, slot: Slot) -> Option<(&TransactionId, &T)> {
        self.slots.get(slot.0).map(|transaction| (&transaction.id, &transaction.value))
    }

    /// The transaction with this id, which stays in flight.
    pub fn peek(&self, id: TransactionIdRef<'_>) -> Option<(Slot, &T)> {
        let is_it = |slot: &u32| self.slots.get(*slot).is_some_and(|transaction| id == transaction.id);
        let slot = *self.index.find(hash(&self.hasher, id), is_it)?;
        Some((Slot(slot), &self.slots.get(slot)?.value))
    }

    /// Ends every transaction whose deadline is `now` or earlier, in the order of the deadlines, and returns each with
    /// its timeout.
    pub fn expire(&mut self, now: Duration, mut each: impl FnMut(Slot, TransactionId, T, Duration)) {
        while let Some((slot, timeout)) = self.deadlines.pop_expired(now) {
            if let Some(transaction) = self.take(slot) {
                each(Slot(slot), transaction.id, transaction.value, timeout);
            }
        }
    }

    /// Replaces the deadline of the transaction in this slot by `now + timeout`; without a timeout it has none. Any
    /// number is allowed.
    pub fn extend(&mut self, slot: Slot, now: Duration, timeout: Option<Duration>) {
        let Some(sequence) = self.sequence(slot) else { return };
        self.deadlines.remove(slot.0);
        if let Some(timeout) = timeout {
            self.deadlines.insert(slot.0, sequence, now, timeout);
        }
    }

    /// Restarts the full timeout of every transaction whose deadline is `now` or earlier, from `now` on.
    pub fn renew(&mut self, now: Duration) {
        let slots = &self.slots;
        self.deadlines.renew_expired(now, |slot| slots.get(slot).map_or(0, |transaction| transaction.sequence));
    }

    /// The earliest deadline of all. Cheap enough to call after every change.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.next()
    }

    /// Ends all transactions, in the order of insertion.
    pub fn fail_all(&mut self, mut each: impl FnMut(Slot, T)) {
        let mut all: Vec<(u64, u32)> =
            self.slots.iter().map(|(slot, transaction)| (transaction.sequence, slot)).collect();
        all.sort_unstable();
        for (_, slot) in all {
            if let Some(value) = self.cancel(Slot(slot)) {
                each(Slot(slot), value);
            }
        }
    }

    /// Makes vacated slots available again. Releases memory after a burst.
    pub fn recycle(&mut self) {
        if self.slots.recycle() {
            self.index = HashTable::new();
            self.deadlines.reset();
        }
    }

    /// How many transactions there have been.
    pub fn inserted(&self) -> u64 {
        self.inserted
    }

    /// How many transactions are in flight.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether no transaction is in flight.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Removes a transaction from slots and index, but not its deadline.
    fn take(&mut self, slot: u32) -> Option<Transaction<T>> {
        let transaction = self.slots.remove(slot)?;
        if let Ok(entry) = self.index.find_entry(transaction.hash, |other| *other == slot) {
            entry.remove();
        }
        Some(transaction)
    }
}

/// Keyed with a secret of the table: a peer chooses the ids of its requests, and must not be able to choose many that
/// collide.
fn hash(hasher: &RandomState, id: TransactionIdRef<'_>) -> u64 {
    match id {
        TransactionIdRef::Uuid(value) => hasher.hash_one(value),
        TransactionIdRef::Custom(text) => hasher.hash_one(text),
    }
}

#[cfg(test)]
mod tests;
