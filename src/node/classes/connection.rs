//! A connection for the facade.

use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use napi::JsValue;
use napi::bindgen_prelude::{Env, Function};
use napi_derive::napi;

use super::options::NativeOptions;
use super::pair::NativePair;
use crate::boundary::RefMode;
use crate::error::Error;
use crate::error::code;
use crate::io::IoDriver;
use crate::node::classes::environment::NativeEnvironment;
use crate::node::delivery::{Callbacks, Delivery, Driver};
use crate::node::event_loop::environment::Environment;
use crate::node::values::batch::Form;
use crate::node::values::failure::{Failure, entry, system};
use crate::node::values::reference::Reference;
use crate::protocol::connection::Connection;
use crate::protocol::exchange::{CallId, Timeout};
use crate::protocol::timeouts::Timeouts;
use crate::protocol::transactions::Slot;
use crate::sys::{self, Stream};

/// One side of one connection. Payloads are the output of the serializer: text or bytes; `undefined` for none.
#[napi]
pub struct NativeConnection {
    pub(in crate::node) driver: Rc<Driver>,
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

/// A timeout of the facade: negative for the configured one.
pub(in crate::node) fn timeout_of(millis: f64) -> Result<Timeout, Failure> {
    if millis < 0.0 {
        return Ok(Timeout::Configured);
    }
    Ok(Timeout::PerCall(Timeouts::from_millis(millis).map_err(Error::from)?))
}

impl NativeConnection {
    fn new(environment: &Rc<Environment>, stream: Stream, connection: Connection) -> Self {
        let driver =
            IoDriver::new(&environment.drivers, stream, connection, |driver| Delivery::new(environment, driver));
        Self { driver }
    }

    /// From now on the engine watches the stream, and the callbacks receive events.
    fn open(
        &self,
        options: &NativeOptions,
        shares_memory: bool,
        callbacks: Callbacks,
        mode: RefMode,
    ) -> Result<(), Failure> {
        let driver = &self.driver;
        driver.set_bound(options.bound());
        driver.set_may_spin(options.busy_poll);
        if shares_memory {
            driver.share_memory();
        }
        let delivery = driver.user();
        delivery.shares_buffers.set(options.shared_buffers);
        delivery.open(form_of(options), callbacks);
        driver.attach(mode, |stream| delivery.environment.watch(stream, driver))?;
        driver.flush();
        Ok(())
    }
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
            Failure::new(code::SYSTEM.to_owned(), "the pair has a connection already, or is closed".to_owned())
        })?;
        let connection = Self::new(environment, stream, connection);
        let callbacks = callbacks(env, &on_messages, &on_control);
        connection.open(&options, config.shared_memory, callbacks, RefMode::InFlight)?;
        Ok(connection)
    }

    /// The worker's side, from the descriptor that this process inherited. It reads nothing yet.
    #[napi(factory, catch_unwind)]
    pub fn worker(environment: &NativeEnvironment, fd: i32) -> Result<Self, Failure> {
        let stream = sys::adopt(fd).map_err(|error| system(&format!("cannot use the descriptor {fd}"), &error))?;
        Ok(Self::new(&environment.inner, stream, Connection::worker()))
    }

    /// Blocks until the start-up data arrive; returns them once, as JSON text. Throws `ERR_CONNECT_TIMEOUT`.
    #[napi(catch_unwind)]
    pub fn read_startup_data(&self, timeout: f64) -> Result<Option<String>, Failure> {
        let timeout = Timeouts::from_millis(timeout).map_err(Error::from)?;
        let bytes = self.driver.read_startup_data(timeout).map_err(|error| {
            if error.kind() == ErrorKind::TimedOut {
                let text = "the host has not sent its handshake and start-up data in time".to_owned();
                return Failure::new(code::CONNECT_TIMEOUT.to_owned(), text);
            }
            system("cannot read the start-up data", &error)
        })?;
        bytes.map(String::from_utf8).transpose().map_err(|_| {
            Failure::new(code::MALFORMED_MESSAGE.to_owned(), "the start-up data are not valid UTF-8".to_owned())
        })
    }

    /// Starts to serve. The next `takeTurn()` delivers the first messages.
    #[napi(catch_unwind, ts_args_type = "options: NativeOptions, onMessages: OnMessages, onControl: OnControl")]
    pub fn serve(
        &self,
        env: Env,
        options: NativeOptions,
        on_messages: Function<'_, (), ()>,
        on_control: Function<'_, (), ()>,
    ) -> Result<(), Failure> {
        let config = options.to_config()?;
        let now = self.driver.now();
        let handlers = options.handlers.iter().map(String::as_str);
        self.driver.with_events(|connection, events| connection.serve(&config, handlers, now, events))?;
        let callbacks = callbacks(env, &on_messages, &on_control);
        self.open(&options, config.shared_memory, callbacks, RefMode::Always)
    }

    /// The transaction id of a request in flight.
    #[napi(catch_unwind)]
    pub fn transaction_id(&self, slot: u32) -> Option<String> {
        self.driver.channel().connection.borrow().exchange.transaction_id(Slot(slot))
    }

    /// Ends a transaction without an outcome; returns whether there was one.
    #[napi(catch_unwind)]
    pub fn cancel(&self, slot: u32) -> Result<bool, Failure> {
        entry(&self.driver, "cancel", || {
            let cancelled = self.driver.channel().connection.borrow_mut().exchange.cancel(Slot(slot));
            self.driver.schedule_write();
            cancelled
        })
    }

    /// Ends all transactions without an outcome; returns their slots, oldest first.
    #[napi(catch_unwind)]
    pub fn fail_all(&self) -> Result<Vec<u32>, Failure> {
        entry(&self.driver, "failAll", || {
            let slots = self.driver.channel().connection.borrow_mut().exchange.fail_all();
            self.driver.schedule_write();
            slots.into_iter().map(|slot| slot.0).collect()
        })
    }

    /// Answers a request of the peer with an error, as JSON text. `false`: as for `respondCommand`.
    #[napi(catch_unwind)]
    pub fn fail(&self, call: u32, error: String) -> Result<bool, Failure> {
        entry(&self.driver, "fail", || {
            self.driver.channel().connection.borrow_mut().exchange.fail_with(CallId(call), &error);
            self.driver.schedule_write();
            self.driver.is_writable()
        })
    }

    /// The transaction id of a request of the peer that has no answer yet.
    #[napi(catch_unwind)]
    pub fn call_transaction_id(&self, call: u32) -> Option<String> {
        self.driver.channel().connection.borrow().exchange.call_transaction_id(CallId(call))
    }

    /// Handles all messages that have arrived, before it returns.
    #[napi(catch_unwind)]
    pub fn drain(&self) -> Result<(), Failure> {
        entry(&self.driver, "drain", || self.driver.drain())
    }

    /// Handles arrived messages for as long as a turn of the event loop may take; the rest follows in later turns.
    #[napi(catch_unwind)]
    pub fn take_turn(&self) -> Result<(), Failure> {
        entry(&self.driver, "takeTurn", || self.driver.on_readable())
    }

    /// Handles all messages that have arrived, also in the middle of a delivery; of a message that has begun to arrive it
    /// waits for the rest, for at most this many milliseconds. `isWhole`: no record of that delivery was left for later.
    #[napi(catch_unwind)]
    pub fn receive_now(&self, timeout: u32, is_whole: bool) -> Result<(), Failure> {
        let timeout = Duration::from_millis(timeout.into());
        entry(&self.driver, "receiveNow", || self.driver.receive_now(timeout, is_whole))
    }

    /// Like `drain`, for as long as a turn of the event loop may take; the rest follows in later turns. Returns whether
    /// all messages that had arrived at the first call are handled.
    #[napi(catch_unwind)]
    pub fn drain_some(&self) -> Result<bool, Failure> {
        entry(&self.driver, "drainSome", || self.driver.drain_some())
    }

    /// Writes all output, blocking for at most this many milliseconds.
    #[napi(catch_unwind)]
    pub fn flush_blocking(&self, timeout: u32) -> Result<(), Failure> {
        entry(&self.driver, "flushBlocking", || self.driver.flush_blocking(Duration::from_millis(timeout.into())))
    }

    /// Whether the connection keeps the event loop alive.
    #[napi(catch_unwind, ts_args_type = "mode: RefMode")]
    pub fn set_ref_mode(&self, mode: i32) {
        self.driver.set_ref_mode(RefMode::from_number(mode).unwrap_or(RefMode::Never));
    }

    /// Bytes queued for the socket, or for a grant of the peer. Bytes already copied to shared memory count as written.
    #[napi(getter, catch_unwind)]
    pub fn pending_bytes(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "memory has fewer bytes than 2^53")]
        let pending = self.driver.channel().connection.borrow().pending_bytes() as f64;
        pending
    }

    /// Requests `Control.Capacity` as soon as no more than half of the bound waits.
    #[napi(catch_unwind)]
    pub fn request_capacity(&self) {
        self.driver.request_capacity();
    }

    /// Call it from a `Control.Due` callback to postpone expiry (a debugger may have stopped one side). The
    /// connection's clock stops until a `Control.Due` in which this is not called; due requests then restart with their
    /// full timeout, all others resume.
    #[napi(catch_unwind)]
    pub fn hold(&self) {
        self.driver.postpone_expiry();
    }

    /// Reports delivered messages of the peer, and their bytes, that wait for their handlers to begin: the peer is
    /// granted less.
    #[napi(catch_unwind)]
    pub fn set_waiting(&self, messages: u32, bytes: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of sizes of payloads")]
        self.driver.channel().connection.borrow_mut().exchange.set_waiting(messages.into(), bytes as u64);
        self.driver.schedule_write();
    }

    /// How many requests of this side wait for their outcome.
    #[napi(getter, catch_unwind)]
    pub fn in_flight(&self) -> u32 {
        u32::try_from(self.driver.channel().connection.borrow().exchange.in_flight()).unwrap_or(u32::MAX)
    }

    /// The most bytes of a message of this side.
    #[napi(getter, catch_unwind)]
    pub fn message_limit(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "limits are below 2^53")]
        let limit = self.driver.channel().connection.borrow().exchange.limit as f64;
        limit
    }

    /// Whether both handshakes are done and the connection has not ended.
    #[napi(getter, catch_unwind)]
    pub fn is_ready(&self) -> bool {
        self.driver.channel().connection.borrow().is_ready()
    }

    /// Closes the connection at once. It reports nothing afterwards.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.driver.close();
    }
}
