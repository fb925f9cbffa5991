//! Rounds of random input, each of which can be run again by its seed.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Calls `round` with fresh random numbers until the time is over.
pub fn fuzz(name: &str, mut round: impl FnMut(&mut Rng)) {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |elapsed| elapsed.as_nanos() as u64);
    let mut seed = number_from_environment("FUZZ_SEED").unwrap_or_else(clock);
    let budget = Duration::from_millis(number_from_environment("FUZZ_MILLIS").unwrap_or(1500));
    println!("fuzzing {name} for {budget:?}, first seed {seed}");
    let start = Instant::now();
    let mut rounds = 0_u64;
    while rounds == 0 || start.elapsed() < budget {
        let report = ReportSeed { name, seed };
        let mut rng = Rng::new(seed);
        round(&mut rng);
        seed = rng.next();
        rounds += 1;
        drop(report);
    }
    println!("fuzzed {name}: {rounds} rounds");
}

pub fn number_from_environment(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")))
}

/// Tells how to run a round again when it panics.
struct ReportSeed<'a> {
    name: &'a str,
    seed: u64,
}

impl Drop for ReportSeed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("fuzzing {} failed; to run this round again: FUZZ_SEED={}", self.name, self.seed);
        }
    }
}

/// Random numbers: xorshift64*.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must not give alike numbers, and the state must not be 0.
        Self((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    /// A number up to `most`; small ones are as likely as large ones.
    pub fn size(&mut self, most: usize) -> usize {
        let bits = self.below(usize::BITS as usize - most.leading_zeros() as usize + 1);
        self.below((1_usize << bits).min(most) + 1)
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Up to `most` bytes of this alphabet, or any bytes if it is empty.
    pub fn bytes(&mut self, most: usize, alphabet: &[u8]) -> Vec<u8> {
        let count = self.size(most);
        (0..count).map(|_| if alphabet.is_empty() { self.next() as u8 } else { *self.pick(alphabet) }).collect()
    }
}
