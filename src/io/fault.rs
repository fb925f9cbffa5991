//! Faults for tests: the user names an entry of the drivers, and which call of it panics, as `readable:2`.

use std::cell::Cell;

/// The entry that panics, and after how many calls.
#[derive(Debug)]
pub(super) struct Fault {
    entry: Option<String>,
    left: Cell<u32>,
}

impl Fault {
    /// No fault, unless the text names one.
    pub(super) fn parse(text: Option<&str>) -> Self {
        let parsed = text.and_then(|text| text.split_once(':'));
        let count = parsed.and_then(|(_, count)| count.parse().ok()).unwrap_or(0);
        Self { entry: parsed.map(|(entry, _)| entry.to_owned()), left: Cell::new(count) }
    }

    /// Panics if it is this entry's turn.
    pub(super) fn strike(&self, entry: &'static str) {
        let Some(named) = &self.entry else { return };
        if named != entry || self.left.get() == 0 {
            return;
        }
        self.left.set(self.left.get() - 1);
        assert!(self.left.get() != 0, "a test asked for a fault in the entry `{entry}`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entry_panics_without_a_valid_fault() {
        for text in [None, Some(""), Some("readable"), Some("readable:0"), Some("readable:x")] {
            Fault::parse(text).strike("readable");
        }
    }

    #[test]
    fn the_call_that_is_named_panics_once() {
        let fault = Fault::parse(Some("timer:2"));
        fault.strike("readable");
        fault.strike("timer");
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fault.strike("timer"))).is_err());
        fault.strike("timer");
    }
}
