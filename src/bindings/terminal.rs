//! A terminal that workers share with their host.

use std::io;

use napi_derive::napi;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// How the terminal of the standard input was.
#[napi]
pub struct NativeTerminal {
    modes: Termios,
}

#[napi]
impl NativeTerminal {
    /// How it is now; `null` where the standard input is no terminal.
    #[napi(catch_unwind)]
    pub fn save() -> Option<NativeTerminal> {
        let stdin = io::stdin();
        if !isatty(&stdin) {
            return None;
        }
        tcgetattr(&stdin).ok().map(|modes| NativeTerminal { modes })
    }

    /// Makes it so again.
    #[napi(catch_unwind)]
    pub fn restore(&self) {
        // What cannot be put right is left as it is.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.modes);
    }
}
