//! Errors of the core as JavaScript errors with their stable code.

use crate::error::Error;

/// What a method of the addon throws: the status is the error's `code`.
pub(super) type Failure = napi::Error<String>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.code().to_owned(), error.to_string())
    }
}

/// An operation of the system that failed.
pub(super) fn system(operation: &str, error: &std::io::Error) -> Failure {
    Failure::new("ERR_SYSTEM".to_owned(), format!("{operation}: {error}"))
}

/// A failed call of Node-API itself.
pub(super) fn node(error: napi::Error) -> Failure {
    Failure::new("ERR_SYSTEM".to_owned(), format!("{}: {}", error.status.as_ref(), error.reason))
}
