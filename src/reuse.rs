//! Memory that is kept for re-use: all connections and threads of the process share one budget.
//!
//! A part of the library that has emptied memory takes bytes from the budget before it keeps that memory, and releases
//! the memory if the budget is spent. Memory in use costs nothing of the budget.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes that the process keeps for re-use.
pub const MOST: usize = 64 << 20;

static PROCESS: Budget = Budget::new(MOST);

/// How many bytes may be kept, and how many are.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    kept: AtomicUsize,
}

impl Budget {
    /// A budget of `most` bytes.
    pub const fn new(most: usize) -> Self {
        Self { most, kept: AtomicUsize::new(0) }
    }

    /// The budget of the process.
    pub fn of_process() -> &'static Self {
        &PROCESS
    }

    /// How many bytes are kept.
    pub fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// Takes up to `bytes`, but none if fewer than `least` are left; returns how many.
    fn take(&self, bytes: usize, least: usize) -> usize {
        let mut taken = 0;
        let _ = self.kept.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |kept| {
            taken = bytes.min(self.most.saturating_sub(kept));
            (taken >= least && taken > 0).then(|| kept + taken)
        });
        if taken < least { 0 } else { taken }
    }

    fn give_back(&self, bytes: usize) {
        self.kept.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A share of a budget, which ends with this value.
#[derive(Debug)]
pub struct Kept {
    budget: &'static Budget,
    bytes: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self::of(&PROCESS)
    }
}

impl Kept {
    /// No share of this budget yet.
    pub fn of(budget: &'static Budget) -> Self {
        Self { budget, bytes: 0 }
    }

    /// The bytes of the share.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes the share to exactly this many bytes; `false`: the budget has fewer left, and the share is unchanged.
    pub fn set(&mut self, bytes: usize) -> bool {
        if bytes <= self.bytes {
            self.shrink(bytes);
            return true;
        }
        let more = bytes - self.bytes;
        let taken = self.budget.take(more, more);
        self.bytes += taken;
        taken == more
    }

    /// Raises the share to this many bytes, or to as many as the budget has left; returns the bytes of the share.
    pub fn raise(&mut self, bytes: usize) -> usize {
        self.bytes += self.budget.take(bytes.saturating_sub(self.bytes), 0);
        self.bytes
    }

    /// Lowers the share to this many bytes.
    pub fn shrink(&mut self, bytes: usize) {
        if bytes < self.bytes {
            self.budget.give_back(self.bytes - bytes);
            self.bytes = bytes;
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn shares_never_exceed_the_budget() {
        static BUDGET: Budget = Budget::new(100);
        let (mut one, mut two) = (Kept::of(&BUDGET), Kept::of(&BUDGET));
        assert!(one.set(60) && !two.set(41));
        assert_eq!((two.bytes(), BUDGET.kept()), (0, 60));
        assert_eq!(two.raise(41), 40);
        assert!(!one.set(61) && one.set(10) && one.set(60));
        assert_eq!(BUDGET.kept(), 100);
        drop(one);
        assert_eq!(BUDGET.kept(), 40);
        assert_eq!(two.raise(1000), 100);
        two.shrink(200);
        assert_eq!(BUDGET.kept(), 100);
        drop(two);
        assert_eq!(BUDGET.kept(), 0);
    }

    #[test]
    fn nor_do_those_of_many_threads() {
        static BUDGET: Budget = Budget::new(1000);
        thread::scope(|scope| {
            for number in 1..=4_usize {
                scope.spawn(move || {
                    let mut kept = Kept::of(&BUDGET);
                    for round in 0..10_000 {
                        let bytes = (round * number * 37) % 700;
                        if !kept.set(bytes) {
                            kept.raise(bytes);
                        }
                        assert!(BUDGET.kept() <= 1000);
                    }
                });
            }
        });
        assert_eq!(BUDGET.kept(), 0);
    }
}
