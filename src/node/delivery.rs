//! What the facade receives of a connection: batches of messages, and rare events.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use napi::sys;

use crate::boundary::{Control, RecordKind};
use crate::error::code;
use crate::io::{Channel, Deliver, IoDriver, Report};
use crate::node::event_loop::environment::Environment;
use crate::node::event_loop::watch::Watch;
use crate::node::values::batch::{Batch, Form, payload_to_js};
use crate::node::values::buffer_pool::BufferPool;
use crate::node::values::failure::NativeFailure;
use crate::node::values::rare_event::RareEvent;
use crate::node::values::reference::Reference;
use crate::node::values::scope::in_scope;
use crate::node::values::segments::Sources;
use crate::protocol::connection::Connection;
use crate::protocol::event::{Event, Payload};

/// The most unrequested messages of one call: their handlers may continue after the call.
const MOST_UNREQUESTED: usize = 256;

/// The driver of a connection of JavaScript.
pub(in crate::node) type Driver = IoDriver<Delivery>;

/// The functions of the facade: for batches of messages, and for rare events.
#[derive(Debug)]
pub(in crate::node) struct Callbacks {
    pub(in crate::node) messages: Reference,
    pub(in crate::node) control: Reference,
}

/// The content of a record: its kind, two numbers and its payload.
type Record<'a> = (RecordKind, [i32; 2], Option<&'a Payload>);

/// One connection's way into JavaScript.
#[derive(Debug)]
pub(in crate::node) struct Delivery {
    pub(in crate::node) environment: Rc<Environment>,
    pub(in crate::node) driver: Weak<Driver>,
    /// `None` before the connection serves, and after it was closed.
    callbacks: RefCell<Option<Rc<Callbacks>>>,
    form: Cell<Form>,
    batch: RefCell<Batch>,
    /// This side passes and accepts shared buffers.
    pub(in crate::node) shares_buffers: Cell<bool>,
    pub(in crate::node) buffer_pool: BufferPool,
}

impl Delivery {
    pub(in crate::node) fn new(environment: &Rc<Environment>, driver: Weak<Driver>) -> Self {
        Self {
            environment: Rc::clone(environment),
            driver,
            callbacks: RefCell::default(),
            form: Cell::new(Form::Binary),
            batch: RefCell::default(),
            shares_buffers: Cell::new(false),
            buffer_pool: BufferPool::default(),
        }
    }

    /// Sets the functions that receive messages, and the form of their payloads.
    pub(in crate::node) fn open(&self, form: Form, callbacks: Callbacks) {
        self.form.set(form);
        *self.callbacks.borrow_mut() = Some(Rc::new(callbacks));
    }

    pub(in crate::node) fn form(&self) -> Form {
        self.form.get()
    }

    /// The sources of segments of incoming payloads.
    pub(in crate::node) fn sources<'a>(&'a self, channel: &'a Channel, connection: &Connection) -> Sources<'a> {
        Sources { delivery: self, channel, limit: connection.exchange.limit }
    }

    /// One payload of the input as a value of JavaScript.
    pub(in crate::node) fn payload_to_js(&self, channel: &Channel, payload: &Payload) -> sys::napi_value {
        let connection = channel.connection.borrow();
        payload_to_js(self.sources(channel, &connection), &connection, self.form.get(), payload)
    }

    /// Delivers an event without a record.
    fn report_event(&self, channel: &Channel, event: &Event) {
        let rare = RareEvent::new;
        let rare = match event {
            Event::InputRefused { call, code, message } => {
                rare(Control::InputRefused).number(call.0).failure(NativeFailure::new(code, message))
            }
            Event::Request { call, kind, handler: Err(name), payload } => {
                rare(Control::UnknownRequest).number(call.0).payload(payload.as_ref()).detail(name).kind(*kind)
            }
            Event::Notification { handler: Err(name), payload } => {
                rare(Control::UnknownNotification).payload(payload.as_ref()).detail(name)
            }
            Event::Ready => rare(Control::Ready),
            Event::Mismatch(mismatch) => rare(Control::Mismatch).failure(mismatch.into()),
            Event::HandshakeTimedOut => rare(Control::HandshakeTimedOut),
            Event::Refused { slot, code, message } => {
                rare(Control::Refused).number(slot.0).failure(NativeFailure::new(code, message))
            }
            Event::Fatal { payload } => rare(Control::Fatal).payload(payload.as_ref()),
            Event::Ended { call, id } => rare(Control::Ended).number(call.0).detail(id),
            Event::KeptResult { payload } => rare(Control::KeptResult).payload(payload.as_ref()),
            Event::TakenOver => rare(Control::TakenOver),
            Event::Close => rare(Control::Close),
            Event::Dropped { reason } => rare(Control::Dropped).detail(reason),
            Event::Overflow { message } => {
                rare(Control::Overflow).failure(NativeFailure::new(code::BACKPRESSURE, message))
            }
            Event::End { mid_frame } => rare(Control::End).number((*mid_frame).into()),
            // The others have records.
            _ => return,
        };
        self.control(channel, rare);
    }

    fn control(&self, channel: &Channel, event: RareEvent<'_>) {
        let Some(callbacks) = self.callbacks.borrow().clone() else { return };
        let env = self.environment.env;
        in_scope(env, || {
            let payload = event.payload.map(|payload| self.payload_to_js(channel, payload));
            let arguments = event.into_arguments(env, payload);
            self.environment.call(callbacks.control.get(), &arguments);
        });
    }
}

impl Deliver for Delivery {
    type Watch = Watch;

    fn now(&self) -> Duration {
        self.environment.now()
    }

    fn collect<'a>(&self, connection: &Connection, events: impl Iterator<Item = &'a Event>) -> usize {
        let mut batch = self.batch.borrow_mut();
        let (mut count, mut unrequested) = (0, 0);
        for event in events {
            let Some((kind, numbers, payload)) = record_of(event) else { break };
            unrequested += usize::from(matches!(event, Event::Notification { .. } | Event::Request { .. }));
            if unrequested > MOST_UNREQUESTED
                || !batch.push(&self.environment, connection, self.form.get(), kind, numbers, payload.cloned())
            {
                break;
            }
            count += 1;
        }
        count
    }

    /// JavaScript leaves records for later if they take long.
    fn deliver(&self, channel: &Channel) -> usize {
        let callbacks = self.callbacks.borrow().clone();
        let Some(callbacks) = callbacks else {
            self.discard();
            return usize::MAX;
        };
        let mut handled = usize::MAX;
        in_scope(self.environment.env, || {
            let connection = channel.connection.borrow();
            let sources = self.sources(channel, &connection);
            let arguments = self.batch.borrow_mut().take(sources, &connection, self.form.get());
            drop(connection);
            let result = self.environment.call(callbacks.messages.get(), &arguments);
            handled = result.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        });
        handled
    }

    fn discard(&self) {
        if let Ok(mut batch) = self.batch.try_borrow_mut() {
            batch.clear();
        }
    }

    fn report(&self, channel: &Channel, report: Report) {
        match report {
            Report::Event(event) => self.report_event(channel, &event),
            Report::Capacity => self.control(channel, RareEvent::new(Control::Room)),
            Report::Writable => self.control(channel, RareEvent::new(Control::Writable)),
            Report::Due => self.control(channel, RareEvent::new(Control::Due)),
            Report::Failed(reason) => {
                let text = format!("the addon has failed, and has ended the connection: {reason}");
                let failure = NativeFailure::new(code::SYSTEM, text);
                self.control(channel, RareEvent::new(Control::Broken).failure(failure));
            }
        }
    }

    fn set_flush_scheduled(&self, is_scheduled: bool) {
        self.environment.records.set_flush_scheduled(is_scheduled);
    }

    fn set_slow(&self, is_slow: bool) {
        self.environment.records.set_slow(is_slow);
    }

    fn schedule_turn(&self) {
        self.environment.schedule_turn();
    }

    fn trim_deadline(&self) -> Option<Duration> {
        self.buffer_pool.next_deadline()
    }

    fn trim(&self, now: Duration) {
        self.buffer_pool.trim(now);
    }

    fn close(&self) {
        if let Ok(mut callbacks) = self.callbacks.try_borrow_mut() {
            callbacks.take();
        }
        self.buffer_pool.clear();
    }
}

/// `None`: the event needs its own call.
fn record_of(event: &Event) -> Option<Record<'_>> {
    let number = u32::cast_signed;
    let (kind, numbers, payload) = match event {
        Event::Result { slot, payload } => (RecordKind::Result, [number(slot.0), 0], payload.as_ref()),
        Event::RemoteError { slot, payload } => (RecordKind::RemoteError, [number(slot.0), 0], payload.as_ref()),
        Event::TimedOut { slot, timeout } => {
            let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
            (RecordKind::TimedOut, [number(slot.0), millis], None)
        }
        Event::Request { call, kind, handler: Ok(handler), payload } => {
            (RecordKind::of_request(*kind), [number(call.0), number(handler.0)], payload.as_ref())
        }
        Event::Context { payload } => (RecordKind::Context, [0, 0], Some(payload)),
        Event::Progress { slot, payload } => (RecordKind::Progress, [number(slot.0), 0], payload.as_ref()),
        Event::Chunk { slot, cost, payload } => (RecordKind::Chunk, [number(slot.0), number(*cost)], payload.as_ref()),
        Event::Demand { slot, units } => (RecordKind::Demand, [number(slot.0), number(*units)], None),
        Event::Cancel { call } => (RecordKind::Cancel, [number(call.0), 0], None),
        Event::Credit { call, units } => (RecordKind::Credit, [number(call.0), number(*units)], None),
        Event::Input { call, cost, payload } => (RecordKind::Input, [number(call.0), number(*cost)], payload.as_ref()),
        Event::InputEnd { call, payload } => (RecordKind::InputEnd, [number(call.0), 0], payload.as_ref()),
        Event::Notification { handler: Ok(handler), payload } => {
            (RecordKind::Notification, [0, number(handler.0)], payload.as_ref())
        }
        _ => return None,
    };
    Some((kind, numbers, payload))
}
