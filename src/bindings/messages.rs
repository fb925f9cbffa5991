//! What the facade sends, once per message: functions that are made once for each connection. Methods of a class, as napi-rs
//! makes them, took a quarter of the time of a small message for finding out whose they are.

use std::rc::Rc;

use napi::bindgen_prelude::{Env, Unknown};
use napi::sys;
use napi_derive::napi;

use super::command::{self, Arguments, Outcome};
use super::connection::{NativeConnection, timeout_of};
use super::failure::Failure;
use super::link::Link;
use super::payload::{Append, Beside, with_message, with_payload};
use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::CallId;
use crate::message::Kind;
use crate::transaction_id::TransactionId;
use crate::transactions::Slot;

/// In place of a slot.
const NO_ROOM: u32 = u32::MAX;

#[napi]
impl NativeConnection {
    /// A function that sends a request; gives its slot, or 4,294,967,295 when too much waits to be written: then nothing
    /// was begun.
    #[napi(getter, catch_unwind, ts_return_type = "(messageType: string, payload: unknown, timeout: number) => number")]
    pub fn request_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            let timeout = timeout_of(arguments.number(2))?;
            let random = uuid::Uuid::new_v4().as_u128();
            let now = link.now();
            let slot = with_message(link, arguments.value(0), arguments.value(1), |connection, name, payload| {
                connection.exchange.request(name, payload, timeout, random, now)
            })?;
            link.touch();
            Ok(Outcome::Number(slot.map_or(NO_ROOM, |slot| slot.0).into()))
        })
    }

    /// A function that begins a transaction whose message, of this kind, follows with `submitCommand`; gives its slot.
    /// Without an id it gets a random one.
    #[napi(
        getter,
        catch_unwind,
        ts_return_type = "(messageType: string, tx: string | undefined, timeout: number, kind: number) => number"
    )]
    pub fn reserve_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            let message_type = arguments.text(0)?.unwrap_or_default();
            let id = match arguments.text(1)? {
                Some(text) => TransactionId::from_custom(&text).map_err(Error::from)?,
                None => TransactionId::Uuid(uuid::Uuid::new_v4().as_u128()),
            };
            let timeout = timeout_of(arguments.number(2))?;
            let kind = match arguments.integer(3) {
                9 => Kind::Stream,
                10 => Kind::Upload,
                11 => Kind::Duplex,
                _ => Kind::Request,
            };
            let now = link.now();
            let slot = link.connection.borrow_mut().exchange.reserve(&message_type, id, timeout, kind, now)?;
            link.touch();
            Ok(Outcome::Number(slot.0.into()))
        })
    }

    /// A function that sends the message of a transaction, unless it has ended meanwhile; `false` when too much waits to be
    /// written.
    #[napi(getter, catch_unwind, ts_return_type = "(slot: number, messageType: string, payload: unknown) => boolean")]
    pub fn submit_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            let slot = Slot(arguments.integer(0));
            let sent = with_message(link, arguments.value(1), arguments.value(2), |connection, name, payload| {
                connection.exchange.submit(slot, name, payload)
            })?;
            link.touch();
            Ok(Outcome::Truth(sent.is_some()))
        })
    }

    /// A function: until it is called again, what is sent takes this context with it, a JSON object of strings.
    #[napi(getter, catch_unwind, ts_return_type = "(context: string | undefined) => void")]
    pub fn carry_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            link.connection.borrow_mut().exchange.carry(arguments.text(0)?);
            Ok(Outcome::Nothing)
        })
    }

    /// A function that sends a message that expects no answer; `false` when too much waits to be written.
    #[napi(getter, catch_unwind, ts_return_type = "(messageType: string, payload: unknown) => boolean")]
    pub fn post_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            let sent = with_message(link, arguments.value(0), arguments.value(1), |connection, name, payload| {
                connection.exchange.notify(name, payload)
            })?;
            link.touch();
            Ok(Outcome::Truth(sent.is_some()))
        })
    }

    /// A function that answers a request of the peer. It gives `false` where too much waits to be written; nothing is read
    /// then until `Control.Room` is told.
    #[napi(getter, catch_unwind, ts_return_type = "(call: number, payload: unknown) => boolean")]
    pub fn respond_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            let call = CallId(arguments.integer(0));
            with_payload(
                link,
                arguments.value(1),
                Beside::Large,
                |_| true,
                |payload| link.connection.borrow_mut().exchange.respond(call, payload),
            )?;
            link.touch();
            Ok(Outcome::Truth(link.pause_if_full()))
        })
    }

    /// A function that sends a chunk of a request's payload. It gives the chunk's cost in units; negative, where too much
    /// waits to be written: then `Control.Room` will be told.
    #[napi(getter, catch_unwind, ts_return_type = "(slot: number, payload: unknown) => number")]
    pub fn input_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            let slot = Slot(arguments.integer(0));
            let now = link.now();
            send_chunk(link, arguments.value(1), |connection, payload| connection.exchange.input(slot, payload, now))
        })
    }

    /// A function that sends a chunk of a call's outcome. As `inputCommand`.
    #[napi(getter, catch_unwind, ts_return_type = "(call: number, payload: unknown) => number")]
    pub fn chunk_command(&self, env: Env) -> Result<Unknown<'_>, Failure> {
        self.command(env, |link, arguments| {
            let call = CallId(arguments.integer(0));
            send_chunk(link, arguments.value(1), |connection, payload| connection.exchange.chunk(call, payload))
        })
    }
}

impl NativeConnection {
    /// A function that does something with the link.
    fn command<'a>(
        &self,
        env: Env,
        act: impl Fn(&Rc<Link>, &Arguments) -> Result<Outcome, Failure> + 'static,
    ) -> Result<Unknown<'a>, Failure> {
        let link = Rc::clone(&self.link);
        command::create(env, move |arguments| act(&link, arguments))
    }
}

fn send_chunk(
    link: &Rc<Link>,
    payload: sys::napi_value,
    send: impl FnOnce(&mut Connection, Option<Append<'_>>) -> Result<u32, Error>,
) -> Result<Outcome, Failure> {
    let send = |payload: Option<Append<'_>>| send(&mut link.connection.borrow_mut(), payload);
    let cost = i64::from(with_payload(link, payload, Beside::Nothing, |_| true, send)?.unwrap_or(1));
    link.touch();
    if link.has_room(0) {
        return Ok(Outcome::Number(cost));
    }
    link.want_room();
    Ok(Outcome::Number(-cost))
}
