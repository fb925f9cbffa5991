//! Isolates on threads of their own.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Builder;
use std::time::Instant;

use crate::engine::{Carrier, Setup, Shared};
use crate::limits::Limits;
use crate::mail::{Inbox, Outbox};
use crate::meter::Meter;
use crate::run::run;
use crate::watch::Watch;

/// Beside the stack of JavaScript: for the engine's native functions, and ours.
pub const NATIVE_STACK: usize = 256 << 10;

struct Thread {
    meter: Rc<Meter>,
    inbox: Arc<Inbox>,
}

impl Carrier for Thread {
    fn poll(&self) -> bool {
        self.meter.must_end()
    }

    fn sleep(&self, until: Option<Instant>, seen: usize) {
        self.inbox.sleep(until, seen, || self.meter.is_killed());
    }

    fn park(&self, until: Option<Instant>, is_woken: &dyn Fn() -> bool) {
        self.meter.pause();
        let until = [until, self.meter.wall_deadline()].into_iter().flatten().min();
        self.inbox.sleep(until, usize::MAX, || is_woken() || self.meter.is_killed());
        self.meter.resume();
    }
}

/// Starts an isolate on a new thread, which ends with it. `alive` is dropped when the isolate has released all that it held.
///
/// # Errors
///
/// The error of the system, which has no further thread.
pub fn start(
    setup: Setup,
    limits: Limits,
    inbox: Arc<Inbox>,
    outbox: Arc<Outbox>,
    is_killed: Arc<AtomicBool>,
    watch: Arc<Watch>,
    alive: impl Send + 'static,
) -> io::Result<()> {
    let thread = Builder::new().name("isolate".into()).stack_size(limits.stack + NATIVE_STACK);
    thread.spawn(move || {
        let usage = Rc::default();
        let meter = Rc::new(Meter::new(limits, Rc::clone(&usage), is_killed, Arc::clone(&watch)));
        let carrier = Rc::new(Thread { meter: Rc::clone(&meter), inbox: Arc::clone(&inbox) });
        run(&setup, &Shared::new(&setup, meter, inbox, outbox, carrier), usage);
        watch.end();
        drop(alive);
    })?;
    Ok(())
}
