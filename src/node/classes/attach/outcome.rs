//! How an attempt to attach ended, for the facade.

use std::io::ErrorKind;

use napi::bindgen_prelude::{Either, Env};

use crate::error::code;
use crate::node::values::failure::NativeFailure;
use crate::sys::attach_socket::Refusal;

/// Turns a refusal and an error of the system into the failure for the facade.
pub(super) fn refused<T>(outcome: std::io::Result<Result<T, Refusal>>) -> Result<T, NativeFailure> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(refusal)) => {
            let code = match refusal {
                Refusal::Occupied => code::WORKER_OCCUPIED,
                Refusal::Ending => code::NO_SUCH_WORKER,
                Refusal::Silent => code::START_TIMEOUT,
                _ => code::ATTACH_REFUSED,
            };
            Err(NativeFailure::new(code, refusal.to_string()))
        }
        Err(error) => {
            let code = match error.kind() {
                ErrorKind::NotFound
                | ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::BrokenPipe => code::NO_SUCH_WORKER,
                ErrorKind::PermissionDenied => code::ATTACH_REFUSED,
                _ => code::SYSTEM,
            };
            Err(NativeFailure::new(code, error.to_string()))
        }
    }
}

/// Makes the value with which the promise resolves.
pub(super) fn resolution<T>(
    outcome: Result<T, NativeFailure>,
) -> impl FnOnce(Env) -> napi::Result<Either<T, NativeFailure>> {
    move |_| Ok(outcome.map_or_else(Either::B, Either::A))
}
