//! Named pipes: their servers and clients.

use std::io;
use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_PIPE_BUSY, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING, PIPE_ACCESS_DUPLEX,
    SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES,
    PIPE_WAIT,
};

use super::user::OnlyThisUser;

/// Pipes have names in this folder.
pub(super) const FOLDER: &str = r"\\.\pipe\";
/// How many bytes wait in a pipe for its reader, at most.
pub(super) const BUFFER: u32 = 1 << 18;

/// How many servers a pipe may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instances {
    /// This one.
    One,
    /// This is the first one; others may follow.
    First,
    /// Any number.
    Many,
}

/// A server of a pipe, for processes of this user on this machine.
///
/// # Errors
/// `PermissionDenied`: it is to be the first one, and there is another.
pub(super) fn serve(name: &str, instances: Instances) -> io::Result<OwnedHandle> {
    let security = OnlyThisUser::new()?;
    let attributes = security.attributes();
    let first = if instances == Instances::Many { 0 } else { FILE_FLAG_FIRST_PIPE_INSTANCE };
    let most = if instances == Instances::One { 1 } else { PIPE_UNLIMITED_INSTANCES };
    // SAFETY: a zero ends the name, and the attributes are there until the call returns.
    let pipe = unsafe {
        CreateNamedPipeW(
            wide(name).as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
            most,
            BUFFER,
            BUFFER,
            0,
            &raw const attributes,
        )
    };
    owned(pipe)
}

/// A client of a pipe. Its server learns who this user is, and cannot act as this user.
///
/// # Errors
/// `NotFound`: there is no such pipe; [`is_busy`]: all its servers have clients.
pub(super) fn connect(name: &str) -> io::Result<OwnedHandle> {
    // SAFETY: a zero ends the name.
    let pipe = unsafe {
        CreateFileW(
            wide(name).as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            0,
            ptr::null(),
            OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
            ptr::null_mut(),
        )
    };
    owned(pipe)
}

/// Whether a client may try again.
pub(super) fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_PIPE_BUSY.cast_signed())
}

fn owned(handle: *mut core::ffi::c_void) -> io::Result<OwnedHandle> {
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just made it for us.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn wide(name: &str) -> Vec<u16> {
    name.encode_utf16().chain([0]).collect()
}
