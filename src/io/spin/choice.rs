//! Whether spinning pays off. That depends on the machine, its load, and the peer: so the thread tries both modes, one
//! right after the other, and compares them.
//!
//! A peer that sleeps prolongs the waits of this side, and vice versa. A gain shows only if both sides spin, so both
//! must try at one time, which the wall clock determines: it is divided into slots. In every [`PERIOD`]th slot both
//! sides sleep, in the next one both spin.

use std::time::Duration;

const SLOT: Duration = Duration::from_millis(2);
/// How many slots lie between two trials.
const PERIOD: u128 = 64;
/// How many while no trial has had a result. It divides `PERIOD`.
const FIRST_PERIOD: u128 = 8;
/// Fewer waits have no result. A thread that waits less often per slot never spins.
const FEWEST: u32 = 4;
/// A longer wait counts as this: the traffic paused, or the processor was busy elsewhere.
const PAUSE: Duration = Duration::from_micros(500);
/// How much shorter waits must become by spinning, and how fast old ones lose weight.
const SHORTER: f64 = 0.95;
const DECAY: f64 = 0.85;

/// The processor time of a sleep and a wake-up, in microseconds: 50 to 80 on a virtual machine, measured as the
/// difference of both processes for a message with and without spinning. It is less on bare metal.
const SLEEP: i64 = 75;
/// How much processor time a thread may lose before it sleeps until the next trial, in microseconds.
const LOSS: i64 = 1000;

/// How a thread waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitMode {
    Sleep,
    Spin,
}

#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Between trials.
    spins: bool,
    /// A trial has had a result.
    has_data: bool,
    /// The number of the current slot.
    slot: u128,
    slept: Waits,
    spun: Waits,
    /// The processor time that spinning has saved minus its cost, and the remaining allowance, in microseconds.
    balance: i64,
    count: u32,
}

/// The waits of one mode: those of its last slot, and, because one slot is short, earlier ones with less weight.
#[derive(Debug, Default, Clone, Copy)]
struct Waits {
    in_slot: u32,
    weight: f64,
    /// In seconds.
    total: f64,
}

/// The purpose of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    TrySleep,
    TrySpin,
    Rest,
}

impl Choice {
    /// How to wait now.
    pub(super) fn mode(&mut self, now: Duration) -> WaitMode {
        let slot = now.as_nanos() / SLOT.as_nanos();
        if slot != self.slot {
            self.begin(slot);
        }
        let spins = match self.part(slot) {
            Slot::TrySleep => false,
            Slot::TrySpin => self.slept.in_slot >= FEWEST && self.balance >= 0,
            Slot::Rest => self.spins,
        };
        if spins { WaitMode::Spin } else { WaitMode::Sleep }
    }

    /// A wait in this mode has ended.
    pub(super) fn waited(&mut self, mode: WaitMode, time: Duration) {
        let waits = match (self.part(self.slot), mode) {
            (Slot::TrySleep, WaitMode::Sleep) => &mut self.slept,
            (Slot::TrySpin, WaitMode::Spin) => &mut self.spun,
            _ => return,
        };
        waits.in_slot += 1;
        waits.weight += 1.0;
        waits.total += time.min(PAUSE).as_secs_f64();
    }

    /// The thread has spun for this long.
    pub(super) fn spun(&mut self, spent: Duration, found: bool) {
        let spent = i64::try_from(spent.as_micros()).unwrap_or(i64::MAX);
        let saved = if found { SLEEP } else { 0 };
        self.balance = (self.balance + saved).saturating_sub(spent).min(LOSS);
        self.spins &= self.balance >= 0;
        self.count = self.count.wrapping_add(1);
    }

    /// How often the thread has spun.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    fn begin(&mut self, slot: u128) {
        if self.part(self.slot) == Slot::TrySpin {
            self.decide();
        }
        let follows = slot == self.slot + 1;
        self.slot = slot;
        match self.part(slot) {
            Slot::TrySleep => self.slept.begin_slot(),
            Slot::TrySpin => {
                if !follows {
                    self.slept.begin_slot();
                }
                self.spun.begin_slot();
                self.balance = LOSS;
            }
            Slot::Rest => {}
        }
    }

    /// A trial without a result changes nothing.
    fn decide(&mut self) {
        if self.slept.in_slot >= FEWEST && self.spun.in_slot >= FEWEST {
            let is_shorter = self.spun.mean() <= self.slept.mean() * SHORTER;
            self.spins = is_shorter && self.balance >= 0;
            self.has_data = true;
        }
    }

    fn part(&self, slot: u128) -> Slot {
        match slot % if self.has_data { PERIOD } else { FIRST_PERIOD } {
            0 => Slot::TrySleep,
            1 => Slot::TrySpin,
            _ => Slot::Rest,
        }
    }
}

impl Waits {
    fn begin_slot(&mut self) {
        self.in_slot = 0;
        self.weight *= DECAY;
        self.total *= DECAY;
    }

    /// Only if there was one.
    fn mean(self) -> f64 {
        self.total / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: Duration = Duration::from_micros(1);

    /// Simulates waits that take one time while the thread sleeps and another while it spins, from `from` on for this
    /// many slots; returns the share of spinning.
    fn wait(choice: &mut Choice, from: u128, slots: u32, slept: Duration, spun: Duration) -> f64 {
        let mut now = SLOT * u32::try_from(from).unwrap();
        let end = now + SLOT * slots;
        let (mut spins, mut waits) = (0.0, 0.0);
        while now < end {
            let mode = choice.mode(now);
            let time = if mode == WaitMode::Spin { spun } else { slept };
            if mode == WaitMode::Spin {
                let found = spun <= MICRO * 100;
                choice.spun(spun.min(MICRO * 100), found);
                spins += 1.0;
            }
            waits += 1.0;
            now += time + MICRO;
            choice.waited(mode, time);
        }
        spins / waits
    }

    const TRIAL: u128 = PERIOD * 1000;

    #[test]
    fn the_thread_spins_where_that_makes_waits_shorter() {
        let mut choice = Choice::default();
        wait(&mut choice, TRIAL, 3, MICRO * 100, MICRO * 10);
        assert!(wait(&mut choice, TRIAL + 3, 60, MICRO * 100, MICRO * 10) > 0.999);
    }

    #[test]
    fn it_sleeps_where_polling_makes_waits_no_shorter() {
        let mut choice = Choice::default();
        wait(&mut choice, TRIAL, 3, MICRO * 20, MICRO * 20);
        assert_eq!(wait(&mut choice, TRIAL + 3, 60, MICRO * 20, MICRO * 20), 0.0);
    }

    #[test]
    fn it_sleeps_where_waits_are_shorter_but_polling_costs_more_than_a_sleep() {
        let mut choice = Choice::default();
        let share = wait(&mut choice, TRIAL, 640, MICRO * 200, MICRO * 95);
        // The first trials come sooner, and each may lose some time.
        assert!(share < 0.2, "{share}");
    }

    #[test]
    fn a_thread_that_seldom_waits_never_polls() {
        let mut choice = Choice::default();
        assert_eq!(wait(&mut choice, TRIAL, 640, MICRO * 900, MICRO * 10), 0.0);
    }

    #[test]
    fn what_takes_long_costs_one_slot_of_each_period_at_most() {
        let mut choice = Choice::default();
        wait(&mut choice, TRIAL, 64, MICRO * 300, MICRO * 400);
        let share = wait(&mut choice, TRIAL + 64, 640, MICRO * 300, MICRO * 400);
        assert!(share > 0.0 && share < 2.0 / 64.0, "{share}");
    }

    #[test]
    fn two_threads_that_started_at_different_times_try_in_the_same_slot() {
        let (mut old, mut young) = (Choice::default(), Choice::default());
        wait(&mut old, TRIAL, 640, MICRO * 100, MICRO * 10);
        assert!(old.has_data && !young.has_data);
        let next = TRIAL + 640;
        for choice in [&mut old, &mut young] {
            assert_eq!(choice.mode(SLOT * u32::try_from(next).unwrap()), WaitMode::Sleep);
            for _ in 0..FEWEST {
                choice.waited(WaitMode::Sleep, MICRO * 100);
            }
            assert_eq!(choice.mode(SLOT * u32::try_from(next + 1).unwrap()), WaitMode::Spin);
        }
    }

    #[test]
    fn it_stops_at_once_when_what_it_waits_for_takes_longer_than_before() {
        let mut choice = Choice::default();
        wait(&mut choice, TRIAL, 10, MICRO * 100, MICRO * 10);
        assert_eq!(choice.mode(SLOT * u32::try_from(TRIAL + 10).unwrap()), WaitMode::Spin);
        for _ in 0..=LOSS / 100 {
            choice.spun(MICRO * 100, false);
        }
        assert_eq!(choice.mode(SLOT * u32::try_from(TRIAL + 10).unwrap()), WaitMode::Sleep);
    }

    #[test]
    fn a_clock_that_is_set_back_breaks_nothing() {
        let mut choice = Choice::default();
        wait(&mut choice, TRIAL, 10, MICRO * 100, MICRO * 10);
        wait(&mut choice, PERIOD, 10, MICRO * 100, MICRO * 10);
        assert!(wait(&mut choice, PERIOD + 10, 50, MICRO * 100, MICRO * 10) > 0.999);
    }
}
