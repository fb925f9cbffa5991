//! The transaction table against an obviously right one: a list in the order of insertion.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use isolated_workers::protocol::transaction_id::{TransactionId, TransactionIdRef};
use isolated_workers::protocol::transactions::{Slot, Transactions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Debug, Clone)]
enum Operation {
    Insert {
        id: u8,
        timeout: Option<u64>,
    },
    Complete {
        id: u8,
    },
    Cancel {
        slot: u32,
    },
    CancelPresent {
        which: Index,
    },
    /// Lets time pass; backwards if negative.
    Wait {
        millis: i64,
    },
    Expire,
    Recycle,
    FailAll,
}

fn operations() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let few_timeouts = prop_oneof![Just(None), Just(Some(0)), Just(Some(10)), Just(Some(25))];
    let any_timeout = prop_oneof![Just(Some(u64::MAX)), (0..100_u64).prop_map(Some)];
    let timeout = prop_oneof![3 => few_timeouts, 1 => any_timeout];
    prop_oneof![
        12 => (any::<u8>(), timeout).prop_map(|(id, timeout)| Insert { id, timeout }),
        4 => any::<u8>().prop_map(|id| Complete { id }),
        1 => prop_oneof![0..100_u32, any::<u32>()].prop_map(|slot| Cancel { slot }),
        3 => any::<Index>().prop_map(|which| CancelPresent { which }),
        3 => prop_oneof![9 => 0..15_i64, 1 => -20..0_i64].prop_map(|millis| Wait { millis }),
        3 => Just(Expire),
        3 => Just(Recycle),
        1 => prop::bool::weighted(0.1).prop_map(|all| if all { FailAll } else { Recycle }),
    ]
}

/// Half of the ids are UUIDs.
fn id(number: u8) -> TransactionId {
    match number % 2 {
        0 => TransactionId::Uuid(u128::from(number) << 70),
        _ => TransactionId::from_custom(&format!("request-{number}")).unwrap(),
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Pending {
    id: TransactionId,
    value: u64,
    slot: Slot,
    /// When, and after which timeout.
    deadline: Option<(Duration, Duration)>,
}

/// The oracle.
#[derive(Default)]
struct Naive {
    pending: Vec<Pending>,
    latest: Duration,
    vacated: BTreeSet<Slot>,
}

impl Naive {
    fn insert(&mut self, id: TransactionId, value: u64, slot: Slot, now: Duration, timeout: Option<Duration>) {
        if timeout.is_some() {
            self.latest = self.latest.max(now);
        }
        let deadline = timeout.map(|timeout| (self.latest.saturating_add(timeout), timeout));
        self.pending.push(Pending { id, value, slot, deadline });
    }

    fn remove(&mut self, which: impl Fn(&Pending) -> bool) -> Option<Pending> {
        let at = self.pending.iter().position(which)?;
        let pending = self.pending.remove(at);
        self.vacated.insert(pending.slot);
        Some(pending)
    }

    fn expire(&mut self, now: Duration) -> Vec<(Slot, u64, Duration)> {
        let mut due: Vec<Pending> = self.pending.clone();
        due.retain(|pending| pending.deadline.is_some_and(|(deadline, _)| deadline <= now));
        due.sort_by_key(|pending| pending.deadline.unwrap().0);
        let due: Vec<_> = due.into_iter().map(|p| (p.slot, p.value, p.deadline.unwrap().1)).collect();
        for (slot, ..) in &due {
            self.remove(|pending| pending.slot == *slot);
        }
        due
    }

    fn next_deadline(&self) -> Option<Duration> {
        self.pending.iter().filter_map(|pending| Some(pending.deadline?.0)).min()
    }
}

/// Applies the operation to both and compares what they say.
fn apply(operation: Operation, value: u64, now: &mut Duration, table: &mut Transactions<u64>, naive: &mut Naive) {
    match operation {
        Operation::Insert { id: number, timeout } => {
            let id = id(number);
            let timeout = timeout.map(Duration::from_millis);
            match table.insert(id.clone(), value, *now, timeout) {
                Ok(slot) => {
                    assert!(!naive.vacated.contains(&slot), "{slot:?} was reused before it was recycled");
                    naive.insert(id, value, slot, *now, timeout);
                }
                Err(error) => {
                    assert_eq!(error.id, id);
                    assert!(naive.pending.iter().any(|pending| pending.id == id), "{id} is no duplicate");
                }
            }
        }
        Operation::Complete { id: number } => {
            let text = id(number).to_string();
            let expected = naive.remove(|pending| pending.id.to_string() == text);
            let completed = table.complete(TransactionIdRef::parse(&text));
            assert_eq!(completed, expected.map(|pending| (pending.slot, pending.value)));
        }
        Operation::Cancel { slot } => {
            let expected = naive.remove(|pending| pending.slot == Slot(slot));
            assert_eq!(table.cancel(Slot(slot)), expected.map(|pending| pending.value));
        }
        Operation::CancelPresent { which } => {
            if !naive.pending.is_empty() {
                let slot = which.get(&naive.pending).slot;
                apply(Operation::Cancel { slot: slot.0 }, value, now, table, naive);
            }
        }
        Operation::Wait { millis } => {
            let step = Duration::from_millis(millis.unsigned_abs());
            *now = if millis < 0 { now.saturating_sub(step) } else { *now + step };
        }
        Operation::Expire => {
            let mut expired = Vec::new();
            table.expire(*now, |slot, _, value, timeout| expired.push((slot, value, timeout)));
            assert_eq!(expired, naive.expire(*now));
        }
        Operation::Recycle => {
            table.recycle();
            naive.vacated.clear();
        }
        Operation::FailAll => {
            let mut failed = Vec::new();
            table.fail_all(|slot, value| failed.push((slot, value)));
            let all = std::mem::take(&mut naive.pending);
            naive.vacated.extend(all.iter().map(|pending| pending.slot));
            assert_eq!(failed, all.iter().map(|pending| (pending.slot, pending.value)).collect::<Vec<_>>());
        }
    }
}

fn assert_alike(table: &Transactions<u64>, naive: &Naive) {
    assert_eq!(table.len(), naive.pending.len());
    assert_eq!(table.is_empty(), naive.pending.is_empty());
    assert_eq!(table.next_deadline(), naive.next_deadline());
    let slots: HashSet<Slot> = naive.pending.iter().map(|pending| pending.slot).collect();
    assert_eq!(slots.len(), naive.pending.len(), "two transactions share a slot");
    for Pending { id, value, slot, .. } in &naive.pending {
        assert_eq!(table.get(*slot), Some((id, value)));
        assert_eq!(table.peek(id.borrowed()), Some((*slot, value)));
    }
    for slot in &naive.vacated {
        assert_eq!(table.get(*slot), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_table_agrees_with_a_naive_list_under_any_sequence_of_operations(operations in vec(operations(), 0..300)) {
        let mut table = Transactions::new();
        let mut naive = Naive::default();
        let mut now = Duration::from_secs(1);
        for (value, operation) in (0..).zip(operations) {
            apply(operation, value, &mut now, &mut table, &mut naive);
            assert_alike(&table, &naive);
        }
    }

    #[test]
    fn slots_stay_as_dense_as_the_most_that_were_ever_in_flight(in_flight in 1..50_u32, rounds in 1..20_u128) {
        let mut table = Transactions::new();
        for round in 0..rounds {
            let slots: Vec<Slot> = (0..u128::from(in_flight))
                .map(|n| table.insert(TransactionId::Uuid(round << 64 | n), (), Duration::ZERO, None).unwrap())
                .collect();
            prop_assert!(slots.iter().all(|slot| slot.0 < in_flight));
            for slot in slots {
                table.cancel(slot).unwrap();
            }
            table.recycle();
        }
    }
}
