//! The life of an isolate, on whatever carries it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Instant;

use crate::engine::{Engine, Setup, Shared};
use crate::mail::{Command, Ending, Event};
use crate::memory::Usage;

/// Runs an isolate to its end, which is its last event.
pub fn run(setup: &Setup, shared: &Rc<Shared>, usage: Rc<Usage>) {
    let mut engine = None;
    let ending = caught(|| live(setup, shared, usage, &mut engine)).unwrap_or_else(Ending::Panicked);
    shared.inbox.close();
    if matches!(ending, Ending::Limit(_)) {
        // The release of much memory takes a while, and the host need not wait for it.
        shared.outbox.push(Event::Ended(ending));
        shared.carrier.give_turn();
        let _ = caught(|| drop(engine));
    } else {
        let released = caught(|| drop(engine));
        shared.outbox.push(Event::Ended(released.map_or_else(Ending::Panicked, |()| ending)));
    }
}

/// The text of a panic, if it comes to one.
fn caught<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
    })
}

fn live(setup: &Setup, shared: &Rc<Shared>, usage: Rc<Usage>, place: &mut Option<Engine>) -> Ending {
    shared.meter.begin_turn();
    match Engine::start(setup, Rc::clone(shared), usage) {
        Ok(engine) => turns(place.insert(engine), shared).err().unwrap_or(Ending::Exit(0)),
        Err(ending) => ending,
    }
}

/// Handles commands and timers until the isolate ends.
fn turns(engine: &Engine, shared: &Shared) -> Result<(), Ending> {
    loop {
        engine.settle()?;
        let seen = shared.inbox.waiting();
        match shared.inbox.take(|_| true) {
            Some(Command::Message(message)) => engine.deliver(&message)?,
            Some(Command::Close) => return Ok(()),
            // Nobody waits for it.
            Some(Command::Source(_)) => {}
            None => {
                if let Some(code) = engine.exit_code() {
                    return Err(Ending::Exit(code));
                }
                shared.meter.pause();
                let until = [engine.next_timer(), shared.meter.wall_deadline()].into_iter().flatten().min();
                shared.carrier.sleep(until, seen);
                if shared.meter.must_end() {
                    // `settle` tells why.
                    continue;
                }
            }
        }
        if engine.next_timer().is_some_and(|due| due <= Instant::now()) {
            // What the message has begun comes before timers.
            engine.settle()?;
            engine.fire()?;
        }
    }
}
