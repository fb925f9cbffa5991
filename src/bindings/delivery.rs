//! What a link tells JavaScript: batches of messages, and everything that is rare.

use std::ptr;
use std::rc::Rc;

use napi::sys;

use super::batch::{RecordKind, payload_to_js, undefined};
use super::link::Link;
use super::reference::Reference;
use super::scope::in_scope;
use super::text;
use crate::event::{Event, Payload};

/// The functions of the facade: batches of messages, and everything that is rare.
#[derive(Debug)]
pub(super) struct Callbacks {
    pub(super) messages: Reference,
    pub(super) control: Reference,
}

/// What a control call tells.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
enum Control {
    Ready = 1,
    Mismatch = 2,
    HandshakeTimedOut = 3,
    Refused = 4,
    UnknownRequest = 5,
    UnknownNotification = 6,
    Close = 7,
    Dropped = 8,
    End = 9,
    Fatal = 10,
    Room = 11,
    Due = 12,
    InputRefused = 13,
}

impl Link {
    /// Tells JavaScript what has happened.
    pub(super) fn deliver(self: &Rc<Self>) {
        if self.delivering.get() || self.events.borrow().is_empty() {
            return;
        }
        let Some(callbacks) = self.callbacks.borrow().clone() else { return };
        self.keep_startup_data(&self.connection.borrow());
        let mut events = std::mem::take(&mut *self.events.borrow_mut());
        self.delivering.set(true);
        // What the handlers send is written right below, without a microtask for it.
        self.environment.set_flush_scheduled(true);
        while !events.is_empty() {
            for event in events.drain(..) {
                self.deliver_event(&callbacks, event);
            }
            self.deliver_batch(&callbacks);
            // While JavaScript waited for an answer, more may have come.
            std::mem::swap(&mut events, &mut self.events.borrow_mut());
        }
        self.delivering.set(false);
        let mut connection = self.connection.borrow_mut();
        connection.pin(false);
        connection.release();
        drop(connection);
        let mut slot = self.events.borrow_mut();
        if slot.is_empty() {
            *slot = events;
        }
        drop(slot);
        self.settle();
        self.environment.flush();
        self.update();
    }

    fn deliver_event(&self, callbacks: &Callbacks, event: Event) {
        let number = u32::cast_signed;
        match event {
            Event::Result { slot, payload } => {
                self.add_record(callbacks, RecordKind::Result, [number(slot.0), 0], payload);
            }
            Event::RemoteError { slot, payload } => {
                self.add_record(callbacks, RecordKind::RemoteError, [number(slot.0), 0], payload);
            }
            Event::TimedOut { slot, timeout } => {
                let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
                self.add_record(callbacks, RecordKind::TimedOut, [number(slot.0), millis], None);
            }
            Event::Request { call, kind, handler: Ok(handler), payload } => {
                let kind = RecordKind::of_request(kind);
                self.add_record(callbacks, kind, [number(call.0), number(handler.0)], payload);
            }
            Event::Context { payload } => self.add_record(callbacks, RecordKind::Context, [0, 0], Some(payload)),
            Event::Progress { slot, payload } => {
                self.add_record(callbacks, RecordKind::Progress, [number(slot.0), 0], payload);
            }
            Event::Chunk { slot, cost, payload } => {
                self.add_record(callbacks, RecordKind::Chunk, [number(slot.0), number(cost)], payload);
            }
            Event::Demand { slot, units } => {
                self.add_record(callbacks, RecordKind::Demand, [number(slot.0), number(units)], None);
            }
            Event::Cancel { call } => self.add_record(callbacks, RecordKind::Cancel, [number(call.0), 0], None),
            Event::Credit { call, units } => {
                self.add_record(callbacks, RecordKind::Credit, [number(call.0), number(units)], None);
            }
            Event::Input { call, cost, payload } => {
                self.add_record(callbacks, RecordKind::Input, [number(call.0), number(cost)], payload);
            }
            Event::InputEnd { call, payload } => {
                self.add_record(callbacks, RecordKind::InputEnd, [number(call.0), 0], payload);
            }
            Event::InputRefused { call, code, message } => {
                self.control(callbacks, Control::InputRefused, call.0, None, &format!("{code} {message}"));
            }
            Event::Notification { handler: Ok(handler), payload } => {
                self.add_record(callbacks, RecordKind::Notification, [0, number(handler.0)], payload);
            }
            Event::Request { call, kind, handler: Err(name), payload } => {
                let detail = format!("{} {name}", RecordKind::of_request(kind) as i32);
                self.control(callbacks, Control::UnknownRequest, call.0, payload.as_ref(), &detail);
            }
            Event::Notification { handler: Err(name), payload } => {
                self.control(callbacks, Control::UnknownNotification, 0, payload.as_ref(), &name);
            }
            Event::Ready => {
                self.stop_idle_timer();
                self.control(callbacks, Control::Ready, 0, None, "");
            }
            Event::Mismatch(mismatch) => {
                let detail = format!("{} {mismatch}", mismatch.code());
                self.control(callbacks, Control::Mismatch, 0, None, &detail);
            }
            Event::HandshakeTimedOut => self.control(callbacks, Control::HandshakeTimedOut, 0, None, ""),
            Event::Refused { slot, code, message } => {
                self.control(callbacks, Control::Refused, slot.0, None, &format!("{code} {message}"));
            }
            Event::Fatal { payload } => self.control(callbacks, Control::Fatal, 0, payload.as_ref(), ""),
            Event::Close => self.control(callbacks, Control::Close, 0, None, ""),
            Event::Dropped { reason } => self.control(callbacks, Control::Dropped, 0, None, &reason),
            Event::End { mid_frame } => self.control(callbacks, Control::End, mid_frame.into(), None, ""),
            Event::StartupData { .. } => {}
        }
    }

    /// What waits to be written has become little.
    pub(super) fn tell_room(&self) {
        let Some(callbacks) = self.callbacks.borrow().clone() else { return };
        self.control(&callbacks, Control::Room, 0, None, "");
    }

    /// A deadline has come, unless that is held now.
    pub(super) fn tell_due(&self) {
        let Some(callbacks) = self.callbacks.borrow().clone() else { return };
        self.control(&callbacks, Control::Due, 0, None, "");
    }

    fn add_record(&self, callbacks: &Callbacks, kind: RecordKind, numbers: [i32; 2], payload: Option<Payload>) {
        let push = |payload: Option<Payload>| {
            let connection = self.connection.borrow();
            self.batch.borrow_mut().push(&self.environment, &connection, self.form.get(), kind, numbers, payload)
        };
        if !push(payload.clone()) {
            self.deliver_batch(callbacks);
            push(payload);
        }
    }

    fn deliver_batch(&self, callbacks: &Callbacks) {
        if self.batch.borrow().is_empty() {
            return;
        }
        if self.is_closed() {
            self.batch.borrow_mut().clear();
            return;
        }
        in_scope(self.environment.env, || {
            let connection = self.connection.borrow();
            let arguments = self.batch.borrow_mut().take(self.sources(&connection), &connection, self.form.get());
            drop(connection);
            self.environment.call(callbacks.messages.get(), &arguments);
        });
    }

    /// `detail` is the rest of the news as text; a code comes first, up to a space.
    fn control(&self, callbacks: &Callbacks, what: Control, number: u32, payload: Option<&Payload>, detail: &str) {
        self.deliver_batch(callbacks);
        // JavaScript may have closed the connection while it handled an event before this one.
        if self.is_closed() {
            return;
        }
        in_scope(self.environment.env, || {
            let env = self.environment.env;
            let integer = |value: i32| {
                let mut result = ptr::null_mut();
                // SAFETY: a handle scope is open.
                unsafe { sys::napi_create_int32(env, value, &raw mut result) };
                result
            };
            let payload = payload.map_or_else(
                || undefined(env),
                |payload| {
                    let connection = self.connection.borrow();
                    payload_to_js(self.sources(&connection), &connection, self.form.get(), payload)
                },
            );
            let detail = text::to_js(env, detail.as_bytes(), detail.is_ascii());
            let arguments = [integer(what as i32), integer(number.cast_signed()), payload, detail];
            self.environment.call(callbacks.control.get(), &arguments);
        });
    }
}
