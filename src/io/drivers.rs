//! The state that the drivers of one thread share.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use slab::Slab;

use super::fault::Fault;
use super::loop_time::LoopTime;
use super::spin::Spin;

/// The drivers of one thread: `T` is [`super::IoDriver`].
#[derive(Debug)]
pub struct Drivers<T> {
    all: RefCell<Slab<Weak<T>>>,
    /// Drivers with output that a flush writes at the end of the tick.
    dirty: RefCell<Vec<Rc<T>>>,
    spin: Spin,
    pub(super) loop_time: LoopTime<T>,
    pub(super) fault: Fault,
}

impl<T> Drivers<T> {
    /// With `may_spin` the thread spins before it blocks, if that has been profitable. `fault` is an entry that
    /// panics, for tests: `readable:2` is the second call of `readable`.
    pub fn new(may_spin: bool, fault: Option<&str>) -> Self {
        Self {
            all: RefCell::default(),
            dirty: RefCell::default(),
            spin: Spin::new(may_spin),
            loop_time: LoopTime::default(),
            fault: Fault::parse(fault),
        }
    }

    /// How the thread spins before it blocks.
    pub fn spin(&self) -> &Spin {
        &self.spin
    }

    /// The driver with this number.
    pub fn get(&self, number: usize) -> Option<Rc<T>> {
        self.all.borrow().get(number).and_then(Weak::upgrade)
    }

    /// All drivers.
    pub fn all(&self) -> Vec<Rc<T>> {
        self.all.borrow().iter().filter_map(|(_, driver)| driver.upgrade()).collect()
    }

    /// From now on a driver leaves work that takes longer than its share of a turn of the event loop to the next turn;
    /// in it the user calls [`Drivers::go_on`].
    pub fn share_loop(&self) {
        self.loop_time.limit();
    }

    /// The thread ends: forgets output and work that waits.
    pub fn clear(&self) {
        self.dirty.borrow_mut().clear();
        self.loop_time.clear();
    }

    pub(super) fn add(&self, driver: Weak<T>) -> usize {
        self.all.borrow_mut().insert(driver)
    }

    pub(super) fn remove(&self, number: usize) {
        self.all.borrow_mut().try_remove(number);
    }

    pub(super) fn add_dirty(&self, driver: Rc<T>) {
        self.dirty.borrow_mut().push(driver);
    }

    /// Calls `write` with each driver with output.
    pub(super) fn each_dirty(&self, write: impl Fn(Rc<T>)) {
        let mut dirty = std::mem::take(&mut *self.dirty.borrow_mut());
        dirty.drain(..).for_each(write);
        // Keeps the memory of the list, unless a write has failed and its report has led to new output.
        let mut slot = self.dirty.borrow_mut();
        if slot.is_empty() {
            *slot = dirty;
        }
    }
}
