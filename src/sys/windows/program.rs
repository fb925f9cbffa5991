//! The running program, whose functions are looked up at run time.

use libloading::os::windows::Library;

/// The running program.
pub fn program() -> Option<Library> {
    Library::this().ok()
}
