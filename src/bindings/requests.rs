//! Requests whose messages the facade moves itself, as JavaScript values: their ids, their slots and their deadlines.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use napi::bindgen_prelude::{Env, Unknown};
use napi_derive::napi;

use super::clock::{Clock, LOOK};
use super::command::{self, Outcome};
use super::environment::{Environment, NativeEnvironment};
use super::failure::Failure;
use super::options::NativeOptions;
use crate::error::Error;
use crate::timeouts::Timeouts;
use crate::transaction_id::{TransactionId, TransactionIdRef};
use crate::transactions::{Slot, Transactions};

/// A ticket is `sequence % SEQUENCES * SLOTS + slot`: an integer that a JavaScript number holds exactly.
const SLOTS: u64 = 1 << 26;
const SEQUENCES: u64 = 1 << 27;
/// The digits of a generated id that count; the others are random, once for each table.
const COUNTED: u32 = 48;

/// What is kept of a request: how long it may take.
type Timeout = Option<Duration>;

/// The requests in flight of a connection that moves JavaScript values. The same table that serves byte connections; the
/// facade sends the messages and tells it the answers.
#[napi]
pub struct NativeRequests {
    environment: Rc<Environment>,
    timeouts: Timeouts,
    table: Rc<RefCell<Transactions<Timeout>>>,
    /// What generated ids begin with.
    base: u128,
    clock: Rc<Clock>,
}

#[napi]
impl NativeRequests {
    /// Only the timeouts of the options matter. Where the other side has a table too, it gives its `idBase`: the ids of
    /// this one begin with it as well, and their numbers with 2^47.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        environment: &NativeEnvironment,
        options: NativeOptions,
        id_base: Option<String>,
    ) -> Result<Self, Failure> {
        let base = match id_base {
            Some(text) => shared_base(&text)?,
            None => uuid::Uuid::new_v4().as_u128() >> COUNTED << COUNTED,
        };
        Ok(Self {
            environment: Rc::clone(&environment.inner),
            timeouts: options.to_config()?.timeouts,
            table: Rc::new(RefCell::new(Transactions::new())),
            base,
            clock: Rc::default(),
        })
    }

    fn now(&self) -> Duration {
        self.clock.now(self.environment.now())
    }

    /// Begins a transaction; gives its ticket, whose remainder by 2^26 is its slot. Without an id it gets one that
    /// begins with `idBase` and ends in its number. A negative timeout is the configured one.
    #[napi(catch_unwind)]
    pub fn begin(&self, message_type: String, tx: Option<String>, timeout: f64) -> Result<f64, Failure> {
        let mut table = self.table.borrow_mut();
        // The facade settles what has ended before it begins anything new.
        table.recycle();
        let id = match tx {
            Some(text) => TransactionId::from_custom(&text).map_err(Error::from)?,
            None => generated(self.base, &table),
        };
        let per_call = if timeout < 0.0 { None } else { Some(Timeouts::from_millis(timeout).map_err(Error::from)?) };
        let timeout = self.timeouts.message_timeout(&message_type, per_call);
        let slot = table.insert(id, timeout, self.now(), timeout).map_err(Error::from)?;
        Ok(ticket(slot, &table))
    }

    /// A function that first ends the transactions of some tickets, then begins some with generated ids and the general
    /// timeout. How many, it reads in the head of the shared memory; the tickets go in and come out behind it, as
    /// floating-point numbers, at most 2,048. A ticket whose transaction has ended before is passed over.
    #[napi(getter, catch_unwind, ts_return_type = "() => void")]
    pub fn exchange(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        let table = Rc::clone(&self.table);
        let environment = Rc::clone(&self.environment);
        let clock = Rc::clone(&self.clock);
        let (base, timeout) = (self.base, self.timeouts.message);
        command::create(env, move |_| {
            let mut table = table.borrow_mut();
            let (finished, begun) = environment.exchange_counts();
            for index in 0..finished {
                finish(&mut table, environment.read_number(index));
            }
            if begun == 0 {
                return Ok(Outcome::Nothing);
            }
            table.recycle();
            let now = clock.now(environment.now());
            for index in 0..begun {
                let id = generated(base, &table);
                // It counts, so it cannot be in flight.
                let ticket = table.insert(id, timeout, now, timeout).map_or(-1.0, |slot| ticket(slot, &table));
                environment.write_number(index, ticket);
            }
            Ok(Outcome::Nothing)
        })
    }

    /// Ends the transaction with this id; gives its slot, or -1 where it has ended before.
    #[napi(catch_unwind)]
    pub fn finish_by_id(&self, tx: String) -> i64 {
        let ended = self.table.borrow_mut().complete(TransactionIdRef::parse(&tx));
        ended.map_or(-1, |(slot, _)| slot.0.into())
    }

    /// The slot of the transaction with this id, which stays in flight; -1 where it has ended before.
    #[napi(catch_unwind)]
    pub fn slot_by_id(&self, tx: String) -> i64 {
        let found = self.table.borrow().peek(TransactionIdRef::parse(&tx)).map(|(slot, _)| slot);
        found.map_or(-1, |slot| slot.0.into())
    }

    /// Begins the timeout of a transaction anew.
    #[napi(catch_unwind)]
    pub fn extend(&self, slot: u32) {
        let mut table = self.table.borrow_mut();
        let timeout = table.get(Slot(slot)).and_then(|(_, timeout)| *timeout);
        table.extend(Slot(slot), self.now(), timeout);
    }

    /// Takes the deadline of a transaction away until `extend`.
    #[napi(catch_unwind)]
    pub fn pause(&self, slot: u32) {
        self.table.borrow_mut().extend(Slot(slot), self.now(), None);
    }

    /// The transaction id of a request in flight.
    #[napi(catch_unwind)]
    pub fn transaction_id(&self, slot: u32) -> Option<String> {
        self.table.borrow().get(Slot(slot)).map(|(id, _)| id.to_string())
    }

    /// Ends a transaction without an outcome; tells whether there was one.
    #[napi(catch_unwind)]
    pub fn cancel(&self, slot: u32) -> bool {
        self.table.borrow_mut().cancel(Slot(slot)).is_some()
    }

    /// Ends all transactions without an outcome; gives their slots, oldest first.
    #[napi(catch_unwind)]
    pub fn fail_all(&self) -> Vec<u32> {
        let mut slots = Vec::new();
        self.table.borrow_mut().fail_all(|slot, _| slots.push(slot.0));
        slots
    }

    /// Instead of `expire`: what is late does not end, and time stands still until the next `expire`. What is late has its
    /// whole timeout again then, everything else what was left of it.
    #[napi(catch_unwind)]
    pub fn hold(&self) {
        self.clock.stop(self.environment.now());
        self.table.borrow_mut().renew(self.now());
    }

    /// Ends what is late; gives slots and their timeouts in milliseconds, in turns.
    #[napi(catch_unwind)]
    pub fn expire(&self) -> Vec<f64> {
        let mut late = Vec::new();
        self.clock.go_on(self.environment.now());
        let now = self.now();
        self.table.borrow_mut().expire(now, |slot, _, _, timeout| {
            late.extend([slot.0.into(), timeout.as_secs_f64() * 1e3]);
        });
        late
    }

    /// Milliseconds until something may be late, or until it is to be looked again; -1 where nothing has a deadline.
    #[napi(catch_unwind)]
    pub fn next_deadline(&self) -> f64 {
        let now = self.now();
        let deadline = self.table.borrow().next_deadline();
        let delay = deadline.map(|at| if self.clock.is_stopped() { LOOK } else { at.saturating_sub(now) });
        delay.map_or(-1.0, |delay| delay.as_secs_f64() * 1e3)
    }

    /// How many requests wait for their outcome.
    #[napi(getter, catch_unwind)]
    pub fn in_flight(&self) -> u32 {
        u32::try_from(self.table.borrow().len()).unwrap_or(u32::MAX)
    }

    /// What all generated ids begin with: 24 characters, up to the last hyphen. The rest is the request's number in
    /// hexadecimal.
    #[napi(getter, catch_unwind)]
    pub fn id_base(&self) -> String {
        TransactionId::Uuid(self.base).to_string()[..24].to_owned()
    }
}

/// What the other side's ids begin with, and the bit that keeps this side's apart.
fn shared_base(text: &str) -> Result<u128, Failure> {
    match TransactionId::from_custom(&format!("{text}{:012x}", 1_u64 << (COUNTED - 1))).map_err(Error::from)? {
        TransactionId::Uuid(base) => Ok(base),
        // The peer's ids are no UUIDs, so none of this side can be one of them.
        TransactionId::Custom(_) => Ok(uuid::Uuid::new_v4().as_u128() >> COUNTED << COUNTED),
    }
}

fn generated(base: u128, table: &Transactions<Timeout>) -> TransactionId {
    TransactionId::Uuid(base | u128::from(table.inserted() % (1 << COUNTED)))
}

/// Ends the transaction of a ticket, if it has not ended before.
fn finish(table: &mut Transactions<Timeout>, number: f64) {
    let slot = slot_of(number);
    if ticket(slot, table) == number {
        table.cancel(slot);
    }
}

/// The ticket of the transaction that is in the slot; -1 where there is none.
#[expect(clippy::cast_precision_loss, reason = "it has at most 53 bits")]
fn ticket(slot: Slot, table: &Transactions<Timeout>) -> f64 {
    table.sequence(slot).map_or(-1.0, |sequence| (sequence % SEQUENCES * SLOTS + u64::from(slot.0) % SLOTS) as f64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whatever is none finds no transaction")]
fn slot_of(ticket: f64) -> Slot {
    Slot((ticket as u64 % SLOTS) as u32)
}
