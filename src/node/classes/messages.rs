//! The facade's calls per message: functions that each connection creates once. Methods of a class, as napi-rs makes
//! them, spent a quarter of the time of a small message on finding their object.

use std::rc::Rc;

use napi::bindgen_prelude::{Env, Unknown};
use napi::sys;
use napi_derive::napi;

use super::connection::{NativeConnection, timeout_of};
use crate::boundary::NO_CAPACITY;
use crate::error::Error;
use crate::io::Bypass;
use crate::node::delivery::Driver;
use crate::node::values::failure::{Failure, entry};
use crate::node::values::functions::{self, Arguments, Outcome};
use crate::node::values::payload::{Append, with_message, with_payload};
use crate::protocol::connection::Connection;
use crate::protocol::exchange::CallId;
use crate::protocol::message::Kind;
use crate::protocol::transaction_id::TransactionId;
use crate::protocol::transactions::Slot;

#[napi]
impl NativeConnection {
    /// A function that sends a request; returns its slot, or `NO_CAPACITY` if too much output waits: then it began
    /// nothing.
    #[napi(getter, catch_unwind, ts_return_type = "(messageType: string, payload: unknown, timeout: number) => number")]
    pub fn request_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let timeout = timeout_of(arguments.number(2))?;
            let random = uuid::Uuid::new_v4().as_u128();
            let now = driver.now();
            let slot = with_message(driver, arguments.value(0), arguments.value(1), |connection, name, payload| {
                connection.exchange.request(name, payload, timeout, random, now)
            })?;
            driver.schedule_write();
            Ok(Outcome::Number(slot.map_or(NO_CAPACITY, |slot| slot.0).into()))
        })
    }

    /// A function that begins a transaction whose message, of this kind, follows with `submitCommand`; returns its
    /// slot. Without an id it generates a random one.
    #[napi(
        getter,
        catch_unwind,
        ts_return_type = "(messageType: string, tx: string | undefined, timeout: number, kind: RequestKind) => number"
    )]
    pub fn reserve_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let message_type = arguments.text(0)?.unwrap_or_default();
            let id = match arguments.text(1)? {
                Some(text) => TransactionId::from_custom(&text).map_err(Error::from)?,
                None => TransactionId::Uuid(uuid::Uuid::new_v4().as_u128()),
            };
            let timeout = timeout_of(arguments.number(2))?;
            let kind = u8::try_from(arguments.integer(3)).ok().and_then(Kind::from_byte);
            let kind = kind.filter(|kind| kind.is_request() && kind.has_type()).unwrap_or(Kind::Request);
            let now = driver.now();
            let slot =
                driver.channel().connection.borrow_mut().exchange.reserve(&message_type, id, timeout, kind, now)?;
            driver.schedule_write();
            Ok(Outcome::Number(slot.0.into()))
        })
    }

    /// A function that sends the message of a transaction, unless it has ended meanwhile; `false` if too much output
    /// waits.
    #[napi(getter, catch_unwind, ts_return_type = "(slot: number, messageType: string, payload: unknown) => boolean")]
    pub fn submit_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let slot = Slot(arguments.integer(0));
            let sent = with_message(driver, arguments.value(1), arguments.value(2), |connection, name, payload| {
                connection.exchange.submit(slot, name, payload)
            })?;
            driver.schedule_write();
            Ok(Outcome::Truth(sent.is_some()))
        })
    }

    /// A function that sets the context of later messages, a JSON object of strings.
    #[napi(getter, catch_unwind, ts_return_type = "(context: string | undefined) => void")]
    pub fn set_context_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            driver.channel().connection.borrow_mut().exchange.set_context(arguments.text(0)?);
            Ok(Outcome::Nothing)
        })
    }

    /// A function that sends a notification; `false` if too much output waits.
    #[napi(getter, catch_unwind, ts_return_type = "(messageType: string, payload: unknown) => boolean")]
    pub fn post_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let sent = with_message(driver, arguments.value(0), arguments.value(1), |connection, name, payload| {
                connection.exchange.notify(name, payload)
            })?;
            driver.write_early();
            Ok(Outcome::Truth(sent.is_some()))
        })
    }

    /// A function that sends the host the outcome of a request of an earlier host.
    #[napi(getter, catch_unwind, ts_return_type = "(payload: unknown) => void")]
    pub fn kept_result_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let send = |payload: Option<Append<'_>>| {
                driver.channel().connection.borrow_mut().exchange.send_kept_result(payload)
            };
            with_payload(driver, arguments.value(0), Bypass::Large, |_| true, send)?;
            driver.schedule_write();
            Ok(Outcome::Nothing)
        })
    }

    /// A function that answers a request of the peer. It returns `false` if too much output waits: `Control.Writable`
    /// then follows.
    #[napi(getter, catch_unwind, ts_return_type = "(call: number, payload: unknown) => boolean")]
    pub fn respond_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let call = CallId(arguments.integer(0));
            with_payload(
                driver,
                arguments.value(1),
                Bypass::Large,
                |_| true,
                |payload| driver.channel().connection.borrow_mut().exchange.respond(call, payload),
            )?;
            driver.schedule_write();
            Ok(Outcome::Truth(driver.is_writable()))
        })
    }

    /// A function that sends a chunk of a request's input. It returns the chunk's cost in units; negative if too much
    /// output waits: `Control.Writable` then follows.
    #[napi(getter, catch_unwind, ts_return_type = "(slot: number, payload: unknown) => number")]
    pub fn input_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let slot = Slot(arguments.integer(0));
            let now = driver.now();
            send_chunk(driver, arguments.value(1), |connection, payload| connection.exchange.input(slot, payload, now))
        })
    }

    /// A function that sends a chunk of a call's outcome. Like `inputCommand`.
    #[napi(getter, catch_unwind, ts_return_type = "(call: number, payload: unknown) => number")]
    pub fn chunk_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |driver, arguments| {
            let call = CallId(arguments.integer(0));
            send_chunk(driver, arguments.value(1), |connection, payload| connection.exchange.chunk(call, payload))
        })
    }
}

impl NativeConnection {
    /// Makes a function that uses the driver.
    fn command<'a>(
        &self,
        env: Env,
        act: impl Fn(&Rc<Driver>, &Arguments) -> Result<Outcome, Failure> + 'static,
    ) -> Result<Unknown<'a>, Failure> {
        let driver = Rc::clone(&self.driver);
        functions::create(env, move |arguments| entry(&driver, "command", || act(&driver, arguments))?)
    }
}

fn send_chunk(
    driver: &Rc<Driver>,
    payload: sys::napi_value,
    send: impl FnOnce(&mut Connection, Option<Append<'_>>) -> Result<u32, Error>,
) -> Result<Outcome, Failure> {
    let send = |payload: Option<Append<'_>>| send(&mut driver.channel().connection.borrow_mut(), payload);
    let cost = i64::from(with_payload(driver, payload, Bypass::Nothing, |_| true, send)?.unwrap_or(1));
    driver.write_early();
    Ok(Outcome::Number(if driver.is_writable() { cost } else { -cost }))
}
