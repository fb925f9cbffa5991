//! Numbers that a seed determines. It is printed, which shows where a test fails, and `ISOLATE_SEED` gives it again.

use std::time::{SystemTime, UNIX_EPOCH};

/// A generator of xorshift.
pub struct Random(u64);

impl Random {
    /// Begins with a new seed, or with that of `ISOLATE_SEED`.
    pub fn new() -> Self {
        let given = std::env::var("ISOLATE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64));
        println!("ISOLATE_SEED={seed}");
        Self(seed | 1)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// How often a test repeats something: so often, or as `ISOLATE_ROUNDS` says.
    pub fn rounds(&self, usual: usize) -> usize {
        std::env::var("ISOLATE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
    }
}
