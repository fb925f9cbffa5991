//! How much of a stream may be on its way: each direction has a balance of units, which chunks use up and the reader
//! fills again.

/// The balance that each direction of a stream begins with.
pub const WINDOW: i64 = 64;

/// How many bytes of a chunk cost a unit more.
pub const UNIT: usize = 16 * 1024;

/// What a chunk costs whose encoded payload has so many bytes.
pub fn cost(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX)
}

/// The units that the writer may still use, as the reader counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance(i64);

/// A chunk came that had no balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has sent more chunks than were asked for")]
pub struct Overdrawn;

impl Balance {
    /// That of a stream which begins.
    pub const FULL: Self = Self(WINDOW);

    /// A chunk has come. The last one may cost more than there is.
    ///
    /// # Errors
    /// There was nothing left.
    pub fn spend(&mut self, cost: u32) -> Result<(), Overdrawn> {
        if self.0 <= 0 {
            return Err(Overdrawn);
        }
        self.0 -= i64::from(cost);
        Ok(())
    }

    /// So many units more.
    pub fn grant(&mut self, units: u32) {
        self.0 = self.0.saturating_add(units.into());
    }

    /// Whether a chunk may come.
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
