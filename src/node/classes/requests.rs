//! Requests whose messages the facade moves itself, as JavaScript values: their ids, their slots and their deadlines.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use napi::bindgen_prelude::{Env, Unknown};
use napi_derive::napi;

use super::options::NativeOptions;
use crate::boundary::{ID_DIGITS, NO_TICKET, TICKET_SLOTS, WORKER_NUMBERS};
use crate::error::Error;
use crate::io::pausable_clock::{POLL_INTERVAL, PausableClock};
use crate::node::classes::environment::NativeEnvironment;
use crate::node::event_loop::environment::Environment;
use crate::node::values::failure::Failure;
use crate::node::values::functions::{self, Outcome};
use crate::protocol::timeouts::Timeouts;
use crate::protocol::transaction_id::{TransactionId, TransactionIdRef};
use crate::protocol::transactions::{Slot, Transactions};

/// A ticket has the remainder of a sequence number by this: with the slot, 53 bits.
const SEQUENCES: u64 = 1 << 27;
/// The bits of a generated id that count; the others are random, once for each table.
const COUNTED: u32 = 4 * ID_DIGITS;

/// The stored data of a request: its timeout.
type Timeout = Option<Duration>;

/// The requests in flight of a connection that moves JavaScript values. Byte connections use this kind of table too;
/// the facade sends the messages and reports the answers.
#[napi]
pub struct NativeRequests {
    environment: Rc<Environment>,
    timeouts: Timeouts,
    table: Rc<RefCell<Transactions<Timeout>>>,
    /// The beginning of generated ids.
    base: u128,
    clock: Rc<PausableClock>,
}

#[napi]
impl NativeRequests {
    /// Only the timeouts of the options matter. If the other side has a table too, pass its `idBase`: the ids of this
    /// one share it, and their numbers start at 2^47.
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

    /// Begins a transaction; returns its ticket, whose remainder by 2^26 is its slot. Without an id it generates one
    /// that begins with `idBase` and ends in its number. A negative timeout is the configured one.
    #[napi(catch_unwind)]
    pub fn begin(&self, message_type: String, tx: Option<String>, timeout: f64) -> Result<f64, Failure> {
        let mut table = self.table.borrow_mut();
        // The facade settles ended transactions before it begins new ones.
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
    /// timeout. The head of the shared memory has their numbers; the tickets follow it in both directions, as
    /// floating-point numbers, at most 2,048. It ignores a ticket whose transaction has already ended.
    #[napi(getter, catch_unwind, ts_return_type = "() => void")]
    pub fn exchange(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        let table = Rc::clone(&self.table);
        let environment = Rc::clone(&self.environment);
        let clock = Rc::clone(&self.clock);
        let (base, timeout) = (self.base, self.timeouts.message);
        functions::create(env, move |_| {
            let mut table = table.borrow_mut();
            let (finished, begun) = environment.records.exchange_counts();
            for index in 0..finished {
                finish(&mut table, environment.records.read_number(index));
            }
            if begun == 0 {
                return Ok(Outcome::Nothing);
            }
            table.recycle();
            let now = clock.now(environment.now());
            for index in 0..begun {
                let id = generated(base, &table);
                // Its number is new, so it cannot be in flight.
                let ticket = table.insert(id, timeout, now, timeout).map_or(NO_TICKET, |slot| ticket(slot, &table));
                environment.records.write_number(index, ticket);
            }
            Ok(Outcome::Nothing)
        })
    }

    /// Ends the transaction with this id; returns its slot, unless it has already ended.
    #[napi(catch_unwind)]
    pub fn finish_by_id(&self, tx: String) -> Option<u32> {
        let ended = self.table.borrow_mut().complete(TransactionIdRef::parse(&tx));
        ended.map(|(slot, _)| slot.0)
    }

    /// The slot of the transaction with this id, which stays in flight, unless it has already ended.
    #[napi(catch_unwind)]
    pub fn slot_by_id(&self, tx: String) -> Option<u32> {
        let found = self.table.borrow().peek(TransactionIdRef::parse(&tx)).map(|(slot, _)| slot);
        found.map(|slot| slot.0)
    }

    /// Restarts the timeout of a transaction.
    #[napi(catch_unwind)]
    pub fn extend(&self, slot: u32) {
        let mut table = self.table.borrow_mut();
        let timeout = table.get(Slot(slot)).and_then(|(_, timeout)| *timeout);
        table.extend(Slot(slot), self.now(), timeout);
    }

    /// Suspends the deadline of a transaction until `extend`.
    #[napi(catch_unwind)]
    pub fn pause(&self, slot: u32) {
        self.table.borrow_mut().extend(Slot(slot), self.now(), None);
    }

    /// The transaction id of a request in flight.
    #[napi(catch_unwind)]
    pub fn transaction_id(&self, slot: u32) -> Option<String> {
        self.table.borrow().get(Slot(slot)).map(|(id, _)| id.to_string())
    }

    /// Ends a transaction without an outcome; returns whether there was one.
    #[napi(catch_unwind)]
    pub fn cancel(&self, slot: u32) -> bool {
        self.table.borrow_mut().cancel(Slot(slot)).is_some()
    }

    /// Ends all transactions without an outcome; returns their slots, oldest first.
    #[napi(catch_unwind)]
    pub fn fail_all(&self) -> Vec<u32> {
        let mut slots = Vec::new();
        self.table.borrow_mut().fail_all(|slot, _| slots.push(slot.0));
        slots
    }

    /// Call it instead of `expire` to postpone expiry: the clock stops until the next `expire`. Due requests then
    /// restart with their full timeout, all others resume.
    #[napi(catch_unwind)]
    pub fn hold(&self) {
        self.clock.stop(self.environment.now());
        self.table.borrow_mut().renew(self.now());
    }

    /// Ends due transactions; returns their slots and timeouts in milliseconds, alternately.
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

    /// Milliseconds until the next deadline or check, if there is one.
    #[napi(catch_unwind)]
    pub fn next_deadline(&self) -> Option<f64> {
        let now = self.now();
        let deadline = self.table.borrow().next_deadline();
        let delay = deadline.map(|at| if self.clock.is_stopped() { POLL_INTERVAL } else { at.saturating_sub(now) });
        delay.map(|delay| delay.as_secs_f64() * 1e3)
    }

    /// How many requests wait for their outcome.
    #[napi(getter, catch_unwind)]
    pub fn in_flight(&self) -> u32 {
        u32::try_from(self.table.borrow().len()).unwrap_or(u32::MAX)
    }

    /// The beginning of all generated ids: 24 characters, up to the last hyphen. The rest is the request's number in
    /// hexadecimal.
    #[napi(getter, catch_unwind)]
    pub fn id_base(&self) -> String {
        TransactionId::Uuid(self.base).to_string()[..24].to_owned()
    }
}

/// The beginning of the other side's ids, and the bit that distinguishes this side's.
fn shared_base(text: &str) -> Result<u128, Failure> {
    match TransactionId::from_custom(&format!("{text}{WORKER_NUMBERS:012x}")).map_err(Error::from)? {
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

/// The ticket of the transaction that is in the slot; `NO_TICKET` without one.
#[expect(clippy::cast_precision_loss, reason = "it has at most 53 bits")]
fn ticket(slot: Slot, table: &Transactions<Timeout>) -> f64 {
    let number = |sequence: u64| sequence % SEQUENCES * TICKET_SLOTS + u64::from(slot.0) % TICKET_SLOTS;
    table.sequence(slot).map_or(NO_TICKET, |sequence| number(sequence) as f64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whatever is none finds no transaction")]
fn slot_of(ticket: f64) -> Slot {
    Slot((ticket as u64 % TICKET_SLOTS) as u32)
}
