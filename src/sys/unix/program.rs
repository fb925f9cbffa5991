//! The running program, whose functions are looked up at run time.

use libloading::os::unix::Library;

/// The running program.
pub fn program() -> Option<Library> {
    Some(Library::this())
}
