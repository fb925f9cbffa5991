//! The console of the standard input, which workers share with their host.

use windows_sys::Win32::System::Console::{
    CONSOLE_MODE, GetConsoleMode, GetStdHandle, STD_INPUT_HANDLE, SetConsoleMode,
};

/// The modes of the console at one moment.
#[derive(Debug)]
pub struct Modes(CONSOLE_MODE);

impl Modes {
    /// Its current modes; `None` if the standard input is not a console.
    pub fn save() -> Option<Self> {
        let mut modes = 0;
        // SAFETY: the number is there to be written; a handle that is no console is refused.
        let known = unsafe { GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), &raw mut modes) };
        (known != 0).then_some(Self(modes))
    }

    /// Restores these modes. A console that refuses keeps its own.
    pub fn restore(&self) {
        // SAFETY: no memory is used; a handle that is no console is refused.
        unsafe { SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), self.0) };
    }
}
