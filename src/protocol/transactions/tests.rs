use std::collections::HashSet;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn insert(table: &mut Transactions<u32>, id: u128, timeout: Option<Duration>) -> Slot {
    table.insert(TransactionId::Uuid(id), id as u32, Duration::ZERO, timeout).unwrap()
}

fn expired(table: &mut Transactions<u32>, now: Duration) -> Vec<(u32, Duration)> {
    let mut expired = Vec::new();
    table.expire(now, |_, _, value, timeout| expired.push((value, timeout)));
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
fn a_changed_value_leaves_the_transaction_in_flight() {
    let mut table = Transactions::new();
    let slot = insert(&mut table, 1, Some(SECOND));
    *table.get_mut(slot).unwrap() = 2;
    assert_eq!(table.get_mut(Slot(9)), None);
    assert_eq!(expired(&mut table, SECOND), [(2, SECOND)]);
    assert_eq!(table.get_mut(slot), None, "a vacated slot has no value");
}

#[test]
fn a_transaction_that_is_renewed_has_its_whole_timeout_again() {
    let mut table = Transactions::new();
    table.insert(TransactionId::Uuid(1), 1, Duration::ZERO, Some(SECOND)).unwrap();
    table.insert(TransactionId::Uuid(2), 2, Duration::ZERO, Some(SECOND * 3)).unwrap();
    table.insert(TransactionId::Uuid(3), 3, Duration::ZERO, Some(Duration::ZERO)).unwrap();
    table.renew(SECOND * 2);
    assert_eq!(expired(&mut table, SECOND * 2), [(3, Duration::ZERO)]);
    assert_eq!(table.next_deadline(), Some(SECOND * 3));
    assert_eq!(expired(&mut table, SECOND * 3), [(1, SECOND), (2, SECOND * 3)]);
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
fn an_extended_transaction_expires_later_and_a_paused_one_never() {
    let mut table = Transactions::new();
    let slot = insert(&mut table, 1, Some(SECOND));
    table.extend(slot, SECOND / 2, Some(SECOND));
    assert_eq!(expired(&mut table, SECOND), []);
    table.extend(slot, SECOND, None);
    assert_eq!(expired(&mut table, SECOND * 9), []);
    table.extend(slot, SECOND * 9, Some(SECOND));
    assert_eq!(expired(&mut table, SECOND * 10), [(1, SECOND)]);
    table.extend(slot, SECOND * 10, Some(SECOND));
    assert_eq!(table.next_deadline(), None, "a transaction that has ended has no deadline");
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
        let buckets: HashSet<u64> =
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

#[test]
fn no_peer_can_choose_ids_that_collide() {
    type Family = fn(u128) -> u128;
    const COUNT: u128 = 50_000;
    // Ids that differ in few bits, or in bits that a fold without a key would cancel.
    let families: [(&str, Family); 5] = [
        ("one after the other", |n| n),
        ("in the upper half", |n| n << 64),
        ("in both halves", |n| (n << 64) | n),
        ("in both halves, turned", |n| (n << 64) | u128::from((n as u64).rotate_left(32))),
        ("in every fourth bit", |n| (0..16).fold(0, |id, bit| id | ((n >> bit & 1) << (bit * 8)))),
    ];
    let hasher = RandomState::default();
    for (name, id) in families {
        let hashes: Vec<_> = (0..COUNT).map(|n| hash(&hasher, TransactionIdRef::Uuid(id(n)))).collect();
        let different = |bits: u64| hashes.iter().map(|hash| hash & bits).collect::<HashSet<_>>().len();
        // A table of 65,536 places takes the lowest bits; chance would fill 35,000 of them.
        assert!(different(u64::MAX) > 49_990, "{name}: {} hashes", different(u64::MAX));
        assert!(different(0xffff) > 30_000, "{name}: {} places", different(0xffff));
    }
}

#[test]
fn each_table_has_a_key_of_its_own() {
    let [one, other] = [RandomState::default(), RandomState::default()];
    let differ =
        (0..64_u128).filter(|id| hash(&one, TransactionIdRef::Uuid(*id)) != hash(&other, TransactionIdRef::Uuid(*id)));
    assert!(differ.count() >= 60);
}
