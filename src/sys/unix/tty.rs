//! The terminal of the standard input, which workers share with their host.

use std::io;

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// The modes of the terminal at one moment.
#[derive(Debug)]
pub struct Modes(Termios);

impl Modes {
    /// Its current modes; `None` if the standard input is not a terminal.
    pub fn save() -> Option<Self> {
        let stdin = io::stdin();
        if !isatty(&stdin) {
            return None;
        }
        tcgetattr(&stdin).ok().map(Self)
    }

    /// Restores these modes. A terminal that refuses keeps its own.
    pub fn restore(&self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
