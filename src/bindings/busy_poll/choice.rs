//! Whether it pays to look for news instead of sleeping. That depends on the machine, on what else it has to do, and on the
//! peer: so both are tried, one right after the other, and compared.
//!
//! A peer that sleeps makes the waits of this side longer, and the other way round. What is to be gained shows only where
//! both stay awake, so both must try at the same time, and the clock tells them when: it is divided in slots. In every
//! [`PERIOD`]th slot everybody sleeps, in the one behind it everybody polls.

use std::time::Duration;

const SLOT: Duration = Duration::from_millis(2);
/// How many slots there are from one trial to the next.
const PERIOD: u128 = 64;
/// The same, as long as there was none that told anything. It divides the other.
const FIRST_PERIOD: u128 = 8;
/// Fewer waits tell nothing. A thread that waits less often than so many times in a slot never polls.
const FEWEST: u32 = 4;
/// A longer wait counts as this: it is a pause of the traffic, or the processor was busy elsewhere.
const PAUSE: Duration = Duration::from_micros(500);
/// How much shorter waits must become by polling, and how fast those of old are forgotten.
const SHORTER: f64 = 0.95;
const FADING: f64 = 0.85;

/// The processor time that it takes to sleep and to be woken, in microseconds: 50 to 80 were measured on a virtual machine, for
/// what both processes took for a message with and without polling. It is less on bare metal.
const SLEEP: i64 = 75;
/// How much processor time may be lost until it is slept up to the next trial, in microseconds.
const LOSS: i64 = 1000;

/// How a thread waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Sleep,
    Poll,
}

#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Between trials.
    polls: bool,
    /// A trial has told something.
    is_sure: bool,
    /// The number of the slot that it is now.
    slot: u128,
    slept: Waits,
    polled: Waits,
    /// The processor time that was saved by polling without what it has cost, and what may still be lost, in microseconds.
    balance: i64,
    count: u32,
}

/// Waits of one way: those of the last slot for them, and, as one slot is short, those before it with less weight.
#[derive(Debug, Default, Clone, Copy)]
struct Waits {
    in_slot: u32,
    weight: f64,
    /// Seconds.
    total: f64,
}

/// What a slot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    TrySleep,
    TryPoll,
    Rest,
}

impl Choice {
    /// How to wait now.
    pub(super) fn way(&mut self, now: Duration) -> Way {
        let slot = now.as_nanos() / SLOT.as_nanos();
        if slot != self.slot {
            self.begin(slot);
        }
        let polls = match self.part(slot) {
            Part::TrySleep => false,
            Part::TryPoll => self.slept.in_slot >= FEWEST && self.balance >= 0,
            Part::Rest => self.polls,
        };
        if polls { Way::Poll } else { Way::Sleep }
    }

    /// A wait that began in that way has ended.
    pub(super) fn waited(&mut self, way: Way, time: Duration) {
        let waits = match (self.part(self.slot), way) {
            (Part::TrySleep, Way::Sleep) => &mut self.slept,
            (Part::TryPoll, Way::Poll) => &mut self.polled,
            _ => return,
        };
        waits.in_slot += 1;
        waits.weight += 1.0;
        waits.total += time.min(PAUSE).as_secs_f64();
    }

    /// It was looked for so long.
    pub(super) fn polled(&mut self, spent: Duration, found: bool) {
        let spent = i64::try_from(spent.as_micros()).unwrap_or(i64::MAX);
        let saved = if found { SLEEP } else { 0 };
        self.balance = (self.balance + saved).saturating_sub(spent).min(LOSS);
        self.polls &= self.balance >= 0;
        self.count = self.count.wrapping_add(1);
    }

    /// How often it was looked.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    fn begin(&mut self, slot: u128) {
        if self.part(self.slot) == Part::TryPoll {
            self.decide();
        }
        let follows = slot == self.slot + 1;
        self.slot = slot;
        match self.part(slot) {
            Part::TrySleep => self.slept.begin_slot(),
            Part::TryPoll => {
                if !follows {
                    self.slept.begin_slot();
                }
                self.polled.begin_slot();
                self.balance = LOSS;
            }
            Part::Rest => {}
        }
    }

    /// Where a trial tells nothing, all stays as it was.
    fn decide(&mut self) {
        if self.slept.in_slot >= FEWEST && self.polled.in_slot >= FEWEST {
            let is_shorter = self.polled.mean() <= self.slept.mean() * SHORTER;
            self.polls = is_shorter && self.balance >= 0;
            self.is_sure = true;
        }
    }

    fn part(&self, slot: u128) -> Part {
        match slot % if self.is_sure { PERIOD } else { FIRST_PERIOD } {
            0 => Part::TrySleep,
            1 => Part::TryPoll,
            _ => Part::Rest,
        }
    }
}

impl Waits {
    fn begin_slot(&mut self) {
        self.in_slot = 0;
        self.weight *= FADING;
        self.total *= FADING;
    }

    /// Only where there was one.
    fn mean(self) -> f64 {
        self.total / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: Duration = Duration::from_micros(1);

    /// Waits that take one time where the thread sleeps and another where it polls, from `from` on for so many slots; gives
    /// how much of them was polled.
    fn wait(choice: &mut Choice, from: u128, slots: u32, slept: Duration, polled: Duration) -> f64 {
        let mut now = SLOT * u32::try_from(from).unwrap();
        let end = now + SLOT * slots;
        let (mut polls, mut waits) = (0.0, 0.0);
        while now < end {
            let way = choice.way(now);
            let time = if way == Way::Poll { polled } else { slept };
            if way == Way::Poll {
                let found = polled <= MICRO * 100;
                choice.polled(polled.min(MICRO * 100), found);
                polls += 1.0;
            }
            waits += 1.0;
            now += time + MICRO;
            choice.waited(way, time);
        }
        polls / waits
    }

    const TRIAL: u128 = PERIOD * 1000;

    #[test]
    fn it_polls_where_that_makes_waits_shorter() {
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
        // The first trials come sooner, and each may lose something.
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
        assert!(old.is_sure && !young.is_sure);
        let next = TRIAL + 640;
        for choice in [&mut old, &mut young] {
            assert_eq!(choice.way(SLOT * u32::try_from(next).unwrap()), Way::Sleep);
            for _ in 0..FEWEST {
                choice.waited(Way::Sleep, MICRO * 100);
            }
            assert_eq!(choice.way(SLOT * u32::try_from(next + 1).unwrap()), Way::Poll);
        }
    }

    #[test]
    fn it_stops_at_once_when_what_it_waits_for_takes_longer_than_before() {
        let mut choice = Choice::default();
        wait(&mut choice, TRIAL, 10, MICRO * 100, MICRO * 10);
        assert_eq!(choice.way(SLOT * u32::try_from(TRIAL + 10).unwrap()), Way::Poll);
        for _ in 0..=LOSS / 100 {
            choice.polled(MICRO * 100, false);
        }
        assert_eq!(choice.way(SLOT * u32::try_from(TRIAL + 10).unwrap()), Way::Sleep);
    }

    #[test]
    fn a_clock_that_is_set_back_breaks_nothing() {
        let mut choice = Choice::default();
        wait(&mut choice, TRIAL, 10, MICRO * 100, MICRO * 10);
        wait(&mut choice, PERIOD, 10, MICRO * 100, MICRO * 10);
        assert!(wait(&mut choice, PERIOD + 10, 50, MICRO * 100, MICRO * 10) > 0.999);
    }
}
