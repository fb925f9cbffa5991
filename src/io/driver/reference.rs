//! Whether a driver keeps the event loop alive.

use std::cell::Cell;

use super::IoDriver;
use crate::boundary::RefMode;
use crate::io::deliver::Deliver;
use crate::io::watch::{Watch, Watched};
use crate::protocol::connection::Connection;

#[derive(Debug, Default)]
pub(super) struct Reference {
    mode: Cell<RefMode>,
    is_held: Cell<bool>,
}

impl<D: Deliver> IoDriver<D> {
    /// Sets when the driver keeps the event loop alive.
    pub fn set_ref_mode(&self, mode: RefMode) {
        self.reference.mode.set(mode);
        self.update();
    }

    /// Brings the engine's timer and reference up to date.
    pub fn update(&self) {
        let connection = self.channel.connection.borrow();
        let watched = self.watched.borrow();
        let Some(watch) = watched.as_ref().and_then(Watched::engine) else { return };
        let is_needed = self.needs_reference(&connection);
        if self.reference.is_held.replace(is_needed) != is_needed {
            watch.set_ref(is_needed);
        }
        self.update_timer(&connection, watch);
    }

    fn needs_reference(&self, connection: &Connection) -> bool {
        match self.reference.mode.get() {
            RefMode::Always => true,
            RefMode::Never => false,
            RefMode::InFlight => {
                connection.exchange.in_flight() > 0
                    || self.capacity.is_requested()
                    || self.turns.rest.is_some()
                    || (!connection.is_ready() && connection.is_open())
            }
        }
    }
}
