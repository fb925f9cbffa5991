//! The terminal of the standard input, which the facade saves and restores.

use napi_derive::napi;

use crate::sys::tty::Modes;

/// The saved modes of the terminal of the standard input.
#[napi]
pub struct NativeTerminal {
    modes: Modes,
}

#[napi]
impl NativeTerminal {
    /// Saves its modes; `null` if the standard input is not a terminal.
    #[napi(catch_unwind)]
    pub fn save() -> Option<NativeTerminal> {
        Modes::save().map(|modes| NativeTerminal { modes })
    }

    /// Restores the saved modes.
    #[napi(catch_unwind)]
    pub fn restore(&self) {
        self.modes.restore();
    }
}
