//! A failure of the library in a driver: a panic ends this one connection, and the user learns of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::IoDriver;
use crate::io::deliver::{Deliver, Report};

impl<D: Deliver> IoDriver<D> {
    /// Runs one entry into the driver. A panic in it must not unwind into the engine, and must leave no request without
    /// an outcome: it ends the connection, and the driver reports [`Report::Failed`]. `None`: it has panicked.
    pub fn guarded<T>(&self, entry: &'static str, act: impl FnOnce() -> T) -> Option<T> {
        let guarded = catch_unwind(AssertUnwindSafe(|| {
            self.drivers.fault.strike(entry);
            act()
        }));
        guarded.map_err(|panic| self.fail(describe(&*panic))).ok()
    }

    /// Closes the driver and reports the reason. Undelivered events are lost.
    fn fail(&self, reason: String) {
        let was_attached = self.is_attached.replace(false);
        self.is_delivering.set(false);
        // A step may panic again for the reason of the first panic. The steps after it still run.
        let attempt = |step: &dyn Fn()| drop(catch_unwind(AssertUnwindSafe(step)));
        attempt(&|| self.user.discard());
        if let Ok(mut events) = self.events.waiting.try_borrow_mut() {
            events.clear();
        }
        attempt(&|| self.close_channel());
        if was_attached {
            attempt(&|| self.user.report(&self.channel, Report::Failed(reason.clone())));
        }
        attempt(&|| self.user.close());
    }
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it gave no reason".to_owned())
}
