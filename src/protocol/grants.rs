//! How many messages that need a handler may be in transit: each side grants the other a number of messages and of
//! bytes. All other messages (answers, cancels, chunks, credit, `close`) need no grant.
//!
//! Both sides count from the beginning of the connection, so a grant is a limit, not a difference: a repeated or late one
//! changes nothing.

/// A number of messages that need a handler, and of bytes of their frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Requests of every kind, and notifications.
    pub messages: u64,
    /// Bytes of their frames.
    pub bytes: u64,
}

impl Amount {
    /// What each side may send before the first grant, and what a side keeps granted if its handlers begin at once.
    pub const WINDOW: Self = Self { messages: 4096, bytes: 16 << 20 };

    const UNLIMITED: Self = Self { messages: u64::MAX, bytes: u64::MAX };

    fn plus(self, other: Self) -> Self {
        Self { messages: self.messages.saturating_add(other.messages), bytes: self.bytes.saturating_add(other.bytes) }
    }

    fn minus(self, other: Self) -> Self {
        Self { messages: self.messages.saturating_sub(other.messages), bytes: self.bytes.saturating_sub(other.bytes) }
    }

    fn max(self, other: Self) -> Self {
        Self { messages: self.messages.max(other.messages), bytes: self.bytes.max(other.bytes) }
    }
}

/// What this side may send.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    sent: Amount,
    limit: Amount,
}

impl Allowance {
    /// The allowance of a new connection.
    pub fn new(window: Amount) -> Self {
        Self { sent: Amount::default(), limit: window }
    }

    /// Whether this side may send a message. The last one may exceed the bytes.
    pub fn is_open(&self) -> bool {
        self.sent.messages < self.limit.messages && self.sent.bytes < self.limit.bytes
    }

    /// This side has sent a message of this many bytes.
    pub fn spend(&mut self, bytes: usize) {
        self.sent = self.sent.plus(Amount { messages: 1, bytes: bytes as u64 });
    }

    /// The peer has granted this limit.
    pub fn raise(&mut self, limit: Amount) {
        self.limit = self.limit.max(limit);
    }

    /// The peer grants nothing, and accepts everything.
    pub fn lift(&mut self) {
        self.limit = Amount::UNLIMITED;
    }
}

/// What this side allows the peer.
#[derive(Debug, Clone, Copy)]
pub struct Grants {
    window: Amount,
    received: Amount,
    granted: Amount,
    /// Received messages that no handler has begun.
    waiting: Amount,
}

impl Grants {
    /// The allowance for a new connection.
    pub fn new(window: Amount) -> Self {
        Self { window, received: Amount::default(), granted: window, waiting: Amount::default() }
    }

    /// A message of this many bytes has arrived; `false`: it was not granted.
    pub fn receive(&mut self, bytes: usize) -> bool {
        let is_granted = self.received.messages < self.granted.messages && self.received.bytes < self.granted.bytes;
        self.received = self.received.plus(Amount { messages: 1, bytes: bytes as u64 });
        is_granted
    }

    /// From now on this many received messages wait for their handlers to begin.
    pub fn set_waiting(&mut self, waiting: Amount) {
        self.waiting = waiting;
    }

    /// How many messages wait for their handlers to begin.
    pub fn waiting(&self) -> Amount {
        self.waiting
    }

    /// The limit to grant the peer, if it is worth a message: half of the window is free again.
    pub fn renew(&mut self) -> Option<Amount> {
        let limit = self.received.plus(self.window).minus(self.waiting);
        let half = Amount { messages: self.window.messages.div_ceil(2), bytes: self.window.bytes.div_ceil(2) };
        let worth = self.granted.plus(half);
        if limit.messages < worth.messages && limit.bytes < worth.bytes {
            return None;
        }
        self.granted = self.granted.max(limit);
        Some(self.granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Amount = Amount { messages: 4, bytes: 100 };

    fn messages(messages: u64) -> Amount {
        Amount { messages, bytes: 0 }
    }

    #[test]
    fn a_sender_stops_at_either_limit_and_the_last_message_may_be_large() {
        let mut allowance = Allowance::new(SMALL);
        (0..4).for_each(|_| allowance.spend(1));
        assert!(!allowance.is_open());
        let mut allowance = Allowance::new(SMALL);
        allowance.spend(1000);
        assert!(!allowance.is_open());
        allowance.raise(Amount { messages: 8, bytes: 1001 });
        assert!(allowance.is_open());
        allowance.raise(SMALL);
        assert!(allowance.is_open(), "a grant that comes late takes nothing back");
    }

    #[test]
    fn a_receiver_grants_half_a_window_at_a_time_for_what_has_begun() {
        let mut grants = Grants::new(SMALL);
        assert!(grants.receive(1));
        assert_eq!(grants.renew(), None);
        assert!(grants.receive(1));
        assert_eq!(grants.renew(), Some(Amount { messages: 6, bytes: 102 }));
    }

    #[test]
    fn what_waits_is_not_granted_again() {
        let mut grants = Grants::new(SMALL);
        grants.set_waiting(messages(4));
        assert!((0..4).all(|_| grants.receive(1)));
        assert_eq!(grants.renew(), None);
        assert!(!grants.receive(1), "the fifth was not granted");
        grants.set_waiting(messages(2));
        assert_eq!(grants.renew().map(|limit| limit.messages), Some(7));
    }

    #[test]
    fn a_sender_whose_grants_are_used_up_gets_new_ones_once_half_of_the_window_has_begun() {
        for window in [1, 2, 3, 7, 4096] {
            let window = Amount { messages: window, bytes: window * 10 };
            let (mut allowance, mut grants) = (Allowance::new(window), Grants::new(window));
            let mut total = 0;
            for waiting in (0..=window.messages).chain([0]) {
                while allowance.is_open() {
                    allowance.spend(7);
                    assert!(grants.receive(7));
                    total += 1;
                }
                grants.set_waiting(Amount { messages: waiting, bytes: waiting * 7 });
                if let Some(limit) = grants.renew() {
                    allowance.raise(limit);
                }
            }
            assert!(allowance.is_open(), "nothing waits, so something is granted after {total} messages");
        }
    }
}
