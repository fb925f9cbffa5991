//! Flow control of streams: each direction has a balance of units, which chunks consume and the reader refills.

/// The initial balance of each direction of a stream.
pub const WINDOW: i64 = 64;

/// A chunk costs one more unit for each of this many bytes.
pub const UNIT: usize = 16 * 1024;

/// The cost of a chunk whose encoded payload has this many bytes.
pub fn cost(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX)
}

/// The remaining units of the writer, as the reader counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance(i64);

/// A chunk arrived without balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has sent more chunks than were asked for")]
pub struct Overdrawn;

impl Balance {
    /// The balance of a new stream.
    pub const FULL: Self = Self(WINDOW);

    /// A chunk has arrived. The last one may cost more than the balance.
    ///
    /// # Errors
    /// There was no balance left.
    pub fn spend(&mut self, cost: u32) -> Result<(), Overdrawn> {
        if self.0 <= 0 {
            return Err(Overdrawn);
        }
        self.0 -= i64::from(cost);
        Ok(())
    }

    /// Adds this many units.
    pub fn grant(&mut self, units: u32) {
        self.0 = self.0.saturating_add(units.into());
    }

    /// Whether a chunk may arrive.
    pub fn is_open(self) -> bool {
        self.0 > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_chunks_cost_one_unit() {
        assert_eq!([0, 1, UNIT - 1, UNIT, 4 * UNIT].map(cost), [1, 1, 1, 2, 5]);
    }

    #[test]
    fn a_balance_may_be_overdrawn_once() {
        let mut balance = Balance::FULL;
        assert_eq!(balance.spend(1000), Ok(()));
        assert!(!balance.is_open());
        assert_eq!(balance.spend(1), Err(Overdrawn));
        balance.grant(936);
        assert_eq!(balance.spend(1), Err(Overdrawn), "what was overdrawn counts");
        balance.grant(1);
        assert_eq!(balance.spend(1), Ok(()));
    }
}
