//! A private pipe waits for its client, which shows a secret, on a thread of its own.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use windows_sys::Win32::System::Pipes::DisconnectNamedPipe;

use super::duplex::{Phase, Pipe};
use super::event::{deadline_of, wait_any};
use super::operation::Operation;
use crate::sync::lock;
use crate::sys::admission::is_same;

/// The thread only waits and reads a secret.
const STACK: usize = 128 * 1024;
/// How long a client may take for the secret. Another process of this user may hold the pipe for as long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bytes that the client gets first.
pub(super) type Greeting = Arc<Mutex<Vec<u8>>>;

/// Waits for the client on a thread.
///
/// # Errors
/// No thread can be started.
pub(super) fn start(pipe: Arc<Pipe>, secret: String, greeting: Greeting) -> io::Result<()> {
    thread::Builder::new().name("opening".to_owned()).stack_size(STACK).spawn(move || {
        let phase = if matches!(open(&pipe, &secret, &greeting), Ok(true)) { Phase::Open } else { Phase::Over };
        pipe.settle(phase);
    })?;
    Ok(())
}

/// Returns whether the client has come; `false`: nobody waits for it any more.
fn open(pipe: &Pipe, secret: &str, greeting: &Greeting) -> io::Result<bool> {
    let mut operation = Operation::new(pipe.handle())?;
    loop {
        if !operation.connect()? && !is_done(pipe, &mut operation, None)? {
            return Ok(false);
        }
        match shows(pipe, &mut operation, secret) {
            Ok(true) => break,
            // Another process than the child; the child comes later.
            Ok(false) => {}
            Err(_) if is_abandoned(pipe)? => return Ok(false),
            Err(_) => {}
        }
        operation.cancel();
        // SAFETY: the handle is open, and no operation is pending.
        if unsafe { DisconnectNamedPipe(pipe.handle()) } == 0 {
            return Err(io::Error::last_os_error());
        }
    }
    let greeting = lock(greeting);
    // It fits into an empty pipe.
    if !greeting.is_empty() && operation.write(&greeting)?.is_none() {
        is_done(pipe, &mut operation, Some(PATIENCE))?;
    }
    Ok(true)
}

/// Whether the client shows the secret in time. Reads no byte beyond it.
fn shows(pipe: &Pipe, operation: &mut Operation, secret: &str) -> io::Result<bool> {
    let mut shown = Vec::new();
    let deadline = deadline_of(Some(PATIENCE));
    while shown.len() < secret.len() {
        let count = match operation.read(secret.len() - shown.len())? {
            Some(count) => count,
            None => {
                // SAFETY: both belong to what is borrowed.
                let woken = unsafe { wait_any(&[operation.event(), pipe.abandoned.handle()], deadline) }?;
                if woken != Some(0) {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                operation.poll()?.ok_or(io::ErrorKind::WouldBlock)?
            }
        };
        shown.extend_from_slice(operation.bytes(count));
    }
    Ok(is_same(&shown, secret.as_bytes()))
}

/// Waits for the end of a pending operation; `false`: nobody waits for the client any more.
fn is_done(pipe: &Pipe, operation: &mut Operation, timeout: Option<Duration>) -> io::Result<bool> {
    // SAFETY: both belong to what is borrowed.
    let woken = unsafe { wait_any(&[operation.event(), pipe.abandoned.handle()], deadline_of(timeout)) }?;
    if woken != Some(0) {
        return Ok(false);
    }
    operation.poll()?;
    Ok(true)
}

fn is_abandoned(pipe: &Pipe) -> io::Result<bool> {
    // SAFETY: the event belongs to the pipe.
    Ok(unsafe { wait_any(&[pipe.abandoned.handle()], deadline_of(Some(Duration::ZERO))) }?.is_some())
}
