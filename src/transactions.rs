//! The table of requests in flight: transaction id to slot, value and deadline.
//!
//! A transaction leaves the table exactly once: completed, cancelled, expired or failed. Whichever is first wins; the
//! others find nothing, which is normal (an answer may come late). A slot is a small integer under which the other
//! side of a binding keeps what belongs to the transaction, so a vacated slot stays unused until
//! [`Transactions::recycle`].

mod deadlines;
mod slots;

use std::hash::BuildHasher;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::hash_table::{Entry, HashTable};

use crate::transaction_id::{TransactionId, TransactionIdRef};
use deadlines::Deadlines;
use slots::Slots;

/// The place of a transaction in the table: a small integer, unique among the transactions in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// A transaction id that is in flight already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a request with the transaction id \"{id}\" is in flight already")]
pub struct DuplicateTransaction {
    /// The id.
    pub id: TransactionId,
}

/// The transactions in flight, each with a value of the caller's. All operations take constant time (with the logarithm
/// of the number of *distinct* timeouts), except [`Transactions::fail_all`].
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
    value: T,
    /// Its place in the order of insertion.
    sequence: u64,
    timeout: Option<Duration>,
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

    /// Registers a transaction whose deadline is `now + timeout`; with no timeout it has none. A `now` that is earlier
    /// than that of a registration before counts as that one's.
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
        let entry = index.entry(
            hash(hasher, id.borrowed()),
            |slot| slots.get(*slot).is_some_and(|transaction| transaction.id == id),
            |slot| slots.get(*slot).map_or(0, |transaction| hash(hasher, transaction.id.borrowed())),
        );
        let Entry::Vacant(entry) = entry else {
            return Err(DuplicateTransaction { id });
        };
        let sequence = self.inserted;
        self.inserted += 1;
        let slot = slots.insert(Transaction { id, value, sequence, timeout });
        entry.insert(slot);
        if let Some(timeout) = timeout {
            self.deadlines.insert(slot, sequence, now, timeout);
        }
        Ok(Slot(slot))
    }

    /// Ends the transaction that an answer belongs to. `None` for an id that is not in flight: unknown, or ended before.
    pub fn complete(&mut self, id: TransactionIdRef<'_>) -> Option<(Slot, T)> {
        let is_it = |slot: &u32| self.slots.get(*slot).is_some_and(|transaction| id == transaction.id);
        let (slot, _) = self.index.find_entry(hash(&self.hasher, id), is_it).ok()?.remove();
        self.deadlines.remove(slot);
        Some((Slot(slot), self.slots.remove(slot)?.value))
    }

    /// Ends the transaction in this slot. `None` if the slot is vacant; any number may be given.
    pub fn cancel(&mut self, slot: Slot) -> Option<T> {
        let value = self.take(slot.0)?;
        self.deadlines.remove(slot.0);
        Some(value)
    }

    /// The place of the transaction in this slot in the order of insertion, from 0: it tells a slot's transactions apart.
    pub fn sequence(&self, slot: Slot) -> Option<u64> {
        self.slots.get(slot.0).map(|transaction| transaction.sequence)
    }

    /// The transaction in this slot. Any number may be given.
    pub fn get(&self, slot: Slot) -> Option<(&TransactionId, &T)> {
        self.slots.get(slot.0).map(|transaction| (&transaction.id, &transaction.value))
    }

    /// Gives the transaction in this slot another value, and gives back the one it had. Any number may be given.
    pub fn replace(&mut self, slot: Slot, value: T) -> Option<T> {
        self.slots.get_mut(slot.0).map(|transaction| std::mem::replace(&mut transaction.value, value))
    }

    /// The transaction with this id, which stays in flight.
    pub fn peek(&self, id: TransactionIdRef<'_>) -> Option<(Slot, &T)> {
        let is_it = |slot: &u32| self.slots.get(*slot).is_some_and(|transaction| id == transaction.id);
        let slot = *self.index.find(hash(&self.hasher, id), is_it)?;
        Some((Slot(slot), &self.slots.get(slot)?.value))
    }

    /// Ends every transaction whose deadline is `now` or earlier, in the order of the deadlines, and hands each out with
    /// its timeout.
    pub fn expire(&mut self, now: Duration, mut each: impl FnMut(Slot, T, Duration)) {
        while let Some((slot, timeout)) = self.deadlines.pop_expired(now) {
            if let Some(value) = self.take(slot) {
                each(Slot(slot), value, timeout);
            }
        }
    }

    /// Begins the timeout of the transaction in this slot anew, if it has one. Any number may be given.
    pub fn extend(&mut self, slot: Slot, now: Duration) {
        if let Some(&Transaction { sequence, timeout: Some(timeout), .. }) = self.slots.get(slot.0) {
            self.deadlines.remove(slot.0);
            self.deadlines.insert(slot.0, sequence, now, timeout);
        }
    }

    /// Takes the deadline of the transaction in this slot away until `extend`. Any number may be given.
    pub fn pause(&mut self, slot: Slot) {
        self.deadlines.remove(slot.0);
    }

    /// The earliest deadline of all. Cheap enough to ask after every change.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.next()
    }

    /// Ends all transactions, in the order in which they were inserted.
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

    /// Lets the slots that were vacated so far be handed out again. Gives memory back after a burst that has ended.
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

    /// Takes a transaction out of slots and index, but not its deadline.
    fn take(&mut self, slot: u32) -> Option<T> {
        let transaction = self.slots.remove(slot)?;
        let hash = hash(&self.hasher, transaction.id.borrowed());
        if let Ok(entry) = self.index.find_entry(hash, |other| *other == slot) {
            entry.remove();
        }
        Some(transaction.value)
    }
}

fn hash(hasher: &RandomState, id: TransactionIdRef<'_>) -> u64 {
    match id {
        // Random already; one multiplication does for ids that only look like UUIDs and count in some of their digits.
        TransactionIdRef::Uuid(value) => {
            let folded = (value as u64 ^ ((value >> 64) as u64).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            folded ^ folded >> 32
        }
        TransactionIdRef::Custom(text) => hasher.hash_one(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn insert(table: &mut Transactions<u32>, id: u128, timeout: Option<Duration>) -> Slot {
        table.insert(TransactionId::Uuid(id), id as u32, Duration::ZERO, timeout).unwrap()
    }

    fn expired(table: &mut Transactions<u32>, now: Duration) -> Vec<(u32, Duration)> {
        let mut expired = Vec::new();
        table.expire(now, |_, value, timeout| expired.push((value, timeout)));
        expired
    }

    #[test]
    fn an_answer_ends_its_transaction_once() {
        let mut table = Transactions::new();
        let slot = insert(&mut table, 7, Some(SECOND));
        assert_eq!(table.peek(TransactionIdRef::Uuid(7)), Some((slot, &7)));
        assert_eq!(table.complete(TransactionIdRef::Uuid(7)), Some((slot, 7)));
        assert_eq!(table.complete(TransactionIdRef::Uuid(7)), None, "a second answer finds nothing");
        assert_eq!(table.cancel(slot), None);
        assert_eq!(expired(&mut table, SECOND * 2), []);
        assert_eq!(table.next_deadline(), None);
    }

    #[test]
    fn a_late_answer_is_unknown() {
        let mut table = Transactions::new();
        insert(&mut table, 7, Some(SECOND));
        assert_eq!(expired(&mut table, SECOND), [(7, SECOND)]);
        assert_eq!(table.complete(TransactionIdRef::Uuid(7)), None);
        assert!(table.is_empty());
    }

    #[test]
    fn a_timeout_can_begin_anew_and_be_paused() {
        let mut table = Transactions::new();
        let slot = insert(&mut table, 1, Some(SECOND * 2));
        insert(&mut table, 2, Some(SECOND * 2));
        let endless = insert(&mut table, 3, None);
        table.extend(slot, SECOND);
        table.extend(endless, SECOND);
        assert_eq!(expired(&mut table, SECOND * 2), [(2, SECOND * 2)], "the other one is as late as it was");
        table.pause(slot);
        assert_eq!(table.next_deadline(), None);
        assert_eq!(expired(&mut table, SECOND * 100), []);
        table.extend(slot, SECOND * 100);
        assert_eq!(expired(&mut table, SECOND * 102), [(1, SECOND * 2)]);
        table.extend(slot, SECOND * 102);
        table.pause(slot);
        assert_eq!(table.next_deadline(), None, "a slot that is vacant has no deadline");
    }

    #[test]
    fn an_id_in_flight_is_refused_and_may_come_again_afterwards() {
        let mut table = Transactions::new();
        let id = TransactionId::from_custom("load-1").unwrap();
        let slot = table.insert(id.clone(), 1, Duration::ZERO, None).unwrap();
        let error = table.insert(id.clone(), 2, Duration::ZERO, None).unwrap_err();
        assert_eq!(error.to_string(), "a request with the transaction id \"load-1\" is in flight already");
        assert_eq!(table.get(slot), Some((&id, &1)), "the first one is unharmed");
        assert_eq!(table.cancel(slot), Some(1));
        assert!(table.insert(id, 3, Duration::ZERO, None).is_ok());
    }

    #[test]
    fn a_vacated_slot_is_reused_only_after_recycling() {
        let mut table = Transactions::new();
        let slots = [1, 2, 3].map(|id| insert(&mut table, id, None));
        assert_eq!(slots, [Slot(0), Slot(1), Slot(2)]);
        table.cancel(slots[1]);
        assert_eq!(insert(&mut table, 4, None), Slot(3));
        table.recycle();
        assert_eq!(insert(&mut table, 5, None), Slot(1));
    }

    #[test]
    fn any_number_is_safe_as_a_slot() {
        let mut table = Transactions::new();
        insert(&mut table, 1, None);
        for slot in [1, 2, u32::MAX - 1, u32::MAX].map(Slot) {
            assert_eq!(table.cancel(slot), None);
            assert_eq!(table.get(slot), None);
        }
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_replaced_value_leaves_the_transaction_in_flight() {
        let mut table = Transactions::new();
        let slot = insert(&mut table, 1, Some(SECOND));
        assert_eq!(table.replace(slot, 2), Some(1));
        assert_eq!(table.replace(Slot(9), 3), None);
        assert_eq!(expired(&mut table, SECOND), [(2, SECOND)]);
        assert_eq!(table.replace(slot, 4), None, "a vacated slot takes no value");
    }

    #[test]
    fn a_transaction_without_timeout_never_expires() {
        let mut table = Transactions::new();
        insert(&mut table, 1, None);
        assert_eq!(table.next_deadline(), None);
        assert_eq!(expired(&mut table, Duration::MAX), []);
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_deadline_counts_as_passed_at_its_instant() {
        let mut table = Transactions::new();
        insert(&mut table, 1, Some(SECOND));
        insert(&mut table, 2, Some(Duration::ZERO));
        assert_eq!(table.next_deadline(), Some(Duration::ZERO));
        assert_eq!(expired(&mut table, Duration::ZERO), [(2, Duration::ZERO)]);
        assert_eq!(expired(&mut table, SECOND - Duration::from_nanos(1)), []);
        assert_eq!(expired(&mut table, SECOND), [(1, SECOND)]);
    }

    #[test]
    fn all_fail_in_the_order_they_were_inserted() {
        let mut table = Transactions::new();
        for id in 0..10 {
            insert(&mut table, id, (id % 2 == 0).then_some(SECOND));
        }
        table.cancel(Slot(3));
        table.recycle();
        insert(&mut table, 10, None);
        let mut failed = Vec::new();
        table.fail_all(|_, value| failed.push(value));
        assert_eq!(failed, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
        assert!(table.is_empty());
        assert_eq!(table.next_deadline(), None);
    }

    #[test]
    fn ids_that_differ_in_few_digits_hash_apart() {
        let hasher = RandomState::default();
        for shift in [0, 32, 64, 96] {
            let buckets: std::collections::HashSet<u64> =
                (0..1024_u128).map(|n| hash(&hasher, TransactionIdRef::Uuid(n << shift)) % 4096).collect();
            assert!(buckets.len() > 512, "{} of 1024 at bit {shift}", buckets.len());
        }
    }

    #[test]
    fn the_memory_of_a_burst_is_given_back() {
        let mut table = Transactions::new();
        for id in 0..20_000 {
            insert(&mut table, id, Some(SECOND));
        }
        table.fail_all(|_, _| {});
        table.recycle();
        assert_eq!(table.index.capacity(), 0);
        assert_eq!(table.deadlines.capacity(), 0);
        assert_eq!(insert(&mut table, 1, Some(SECOND)), Slot(0));
        assert_eq!(table.next_deadline(), Some(SECOND));
    }
}
