//! A connection as the facade sees it.

use std::rc::Rc;
use std::time::Duration;

use napi::JsValue;
use napi::bindgen_prelude::{Env, Function};
use napi_derive::napi;

use super::batch::Form;
use super::delivery::Callbacks;
use super::environment::NativeEnvironment;
use super::failure::{Failure, system};
use super::link::{Hold, Link, Pause};
use super::options::NativeOptions;
use super::pair::NativePair;
use super::reference::Reference;
use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::{CallId, Timeout};
use crate::timeouts::Timeouts;
use crate::transactions::Slot;
use crate::transport;

/// One side of one connection. Payloads go in as the serializer made them: text or bytes; `undefined` for none.
#[napi]
pub struct NativeConnection {
    pub(super) link: Rc<Link>,
}

fn form_of(options: &NativeOptions) -> Form {
    match options.terminator {
        None if options.has_parts() => Form::Structured,
        None => Form::Binary,
        Some(_) if options.json => Form::Json,
        Some(_) => Form::Text,
    }
}

fn callbacks(env: Env, messages: &Function<'_, (), ()>, control: &Function<'_, (), ()>) -> Callbacks {
    Callbacks { messages: Reference::new(env.raw(), messages.raw()), control: Reference::new(env.raw(), control.raw()) }
}

/// A timeout as the facade writes it: negative for the configured one.
pub(super) fn timeout_of(millis: f64) -> Result<Timeout, Failure> {
    if millis < 0.0 {
        return Ok(Timeout::Configured);
    }
    Ok(Timeout::PerCall(Timeouts::from_millis(millis).map_err(Error::from)?))
}

#[napi]
impl NativeConnection {
    /// The host's side of a pair. `startupData` is JSON text.
    #[napi(
        factory,
        catch_unwind,
        ts_args_type = "environment: NativeEnvironment, pair: NativePair, options: NativeOptions, \
            startupData: string | undefined, onMessages: OnMessages, onControl: OnControl"
    )]
    pub fn host(
        env: Env,
        environment: &NativeEnvironment,
        pair: &mut NativePair,
        options: NativeOptions,
        startup_data: Option<String>,
        on_messages: Function<'_, (), ()>,
        on_control: Function<'_, (), ()>,
    ) -> Result<Self, Failure> {
        let config = options.to_config()?;
        let environment = &environment.inner;
        let data = startup_data.as_deref().map(str::as_bytes);
        let names = options.handlers.iter().map(String::as_str);
        let connection = Connection::host(&config, data, names, environment.now())?;
        let stream = pair.ours.take().ok_or_else(|| {
            Failure::new("ERR_SYSTEM".to_owned(), "the pair has a connection already, or is closed".to_owned())
        })?;
        let link = Link::new(environment, stream, connection);
        link.set_bound(options.bound());
        if config.shared_memory {
            link.share_memory();
        }
        link.attach(form_of(&options), callbacks(env, &on_messages, &on_control), Hold::InFlight)?;
        link.flush();
        Ok(Self { link })
    }

    /// The worker's side, from the descriptor this process inherited. It reads nothing yet.
    #[napi(factory, catch_unwind)]
    pub fn worker(environment: &NativeEnvironment, fd: i32) -> Result<Self, Failure> {
        let stream =
            transport::adopt(fd).map_err(|error| system(&format!("cannot use the descriptor {fd}"), &error))?;
        Ok(Self { link: Link::new(&environment.inner, stream, Connection::worker()) })
    }

    /// Blocks until the start-up data are there; gives them once, as JSON text. Throws `ERR_CONNECT_TIMEOUT`.
    #[napi(catch_unwind)]
    pub fn read_startup_data(&self, timeout: f64) -> Result<Option<String>, Failure> {
        let timeout = Timeouts::from_millis(timeout).map_err(Error::from)?;
        let bytes = self.link.read_startup_data(timeout)?;
        bytes.map(String::from_utf8).transpose().map_err(|_| {
            Failure::new("ERR_MALFORMED_MESSAGE".to_owned(), "the start-up data are not valid UTF-8".to_owned())
        })
    }

    /// Starts to serve. Messages come from the next `drain()` on.
    #[napi(catch_unwind, ts_args_type = "options: NativeOptions, onMessages: OnMessages, onControl: OnControl")]
    pub fn serve(
        &self,
        env: Env,
        options: NativeOptions,
        on_messages: Function<'_, (), ()>,
        on_control: Function<'_, (), ()>,
    ) -> Result<(), Failure> {
        let config = options.to_config()?;
        let now = self.link.now();
        let mut served = Ok(());
        self.link.with_events(|connection, events| {
            served = connection.serve(&config, options.handlers.iter().map(String::as_str), now, events);
        });
        served?;
        self.link.set_bound(options.bound());
        if config.shared_memory {
            self.link.share_memory();
        }
        self.link.attach(form_of(&options), callbacks(env, &on_messages, &on_control), Hold::Always)?;
        self.link.flush();
        Ok(())
    }

    /// The transaction id of a request in flight.
    #[napi(catch_unwind)]
    pub fn transaction_id(&self, slot: u32) -> Option<String> {
        self.link.connection.borrow().exchange.transaction_id(Slot(slot))
    }

    /// Ends a transaction without an outcome; tells whether there was one.
    #[napi(catch_unwind)]
    pub fn cancel(&self, slot: u32) -> bool {
        let cancelled = self.link.connection.borrow_mut().exchange.cancel(Slot(slot));
        self.link.touch();
        cancelled
    }

    /// Ends all transactions without an outcome; gives their slots, oldest first.
    #[napi(catch_unwind)]
    pub fn fail_all(&self) -> Vec<u32> {
        let slots = self.link.connection.borrow_mut().exchange.fail_all();
        self.link.touch();
        slots.into_iter().map(|slot| slot.0).collect()
    }

    /// Answers a request of the peer with an error, as JSON text. `false`: as for `respondCommand`.
    #[napi(catch_unwind)]
    pub fn fail(&self, call: u32, error: String) -> bool {
        self.link.connection.borrow_mut().exchange.fail_with(CallId(call), &error);
        self.link.touch();
        self.link.pause_if_full()
    }

    /// Tells the host the error that ends this worker, as JSON text.
    #[napi(catch_unwind)]
    pub fn tell_fatal(&self, error: String) {
        self.link.connection.borrow_mut().exchange.tell_fatal(&error);
        self.link.touch();
    }

    /// The transaction id of a request of the peer that has no answer yet.
    #[napi(catch_unwind)]
    pub fn call_transaction_id(&self, call: u32) -> Option<String> {
        self.link.connection.borrow().exchange.call_transaction_id(CallId(call))
    }

    /// Asks the worker to stop, after all that was sent before.
    #[napi(catch_unwind)]
    pub fn ask_to_close(&self) {
        self.link.connection.borrow_mut().exchange.ask_to_close();
        self.link.touch();
    }

    /// Handles everything that has arrived, before it returns.
    #[napi(catch_unwind)]
    pub fn drain(&self) {
        self.link.receive_buffered();
        self.link.deliver();
        self.link.read_and_deliver(usize::MAX);
    }

    /// Writes all output, blocking for at most so many milliseconds.
    #[napi(catch_unwind)]
    pub fn flush_blocking(&self, timeout: u32) {
        self.link.flush_blocking(Duration::from_millis(timeout.into()));
    }

    /// Whether the connection keeps the event loop alive: -1 never, 0 while requests are in flight, 1 always.
    #[napi(catch_unwind)]
    pub fn set_hold(&self, hold: i32) {
        self.link.set_hold(match hold {
            0 => Hold::InFlight,
            1.. => Hold::Always,
            _ => Hold::Never,
        });
    }

    /// How many bytes wait to be written. What is in shared memory is, like what the system has taken.
    #[napi(getter, catch_unwind)]
    pub fn pending_bytes(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "memory has fewer bytes than 2^53")]
        let pending = self.link.connection.borrow().output().len() as f64;
        pending
    }

    /// `Control.Room` is to be told as soon as no more than half of the bound waits to be written.
    #[napi(catch_unwind)]
    pub fn want_room(&self) {
        self.link.want_room();
    }

    /// While `Control.Due` is told: what is due does not end, and time stands still until it is told again and this is not
    /// called. What is due then has its whole timeout again, everything else what was left of it.
    #[napi(catch_unwind)]
    pub fn hold(&self) {
        self.link.hold();
    }

    /// Whether what the peer sends is read.
    #[napi(catch_unwind)]
    pub fn set_reading(&self, reading: bool) {
        self.link.set_paused(Pause::Caller, !reading);
    }

    /// How many requests of this side wait for their outcome.
    #[napi(getter, catch_unwind)]
    pub fn in_flight(&self) -> u32 {
        u32::try_from(self.link.connection.borrow().exchange.in_flight()).unwrap_or(u32::MAX)
    }

    /// Whether both handshakes are done and the end was not seen.
    #[napi(getter, catch_unwind)]
    pub fn is_ready(&self) -> bool {
        self.link.connection.borrow().is_ready()
    }

    /// Closes the connection at once. Nothing more will be told.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.link.close();
    }
}
